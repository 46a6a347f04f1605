"""The record that an NHS number leads to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mainstem.web.history import unavailable
from mainstem.web.record import Record
from processors.identity.persons import numbered_person

if TYPE_CHECKING:
    from mainstem.history import Reader
    from mainstem.web.sources import Records


def by_number(number: str, records: Records, log: Reader) -> Sequence[Record]:
    """By what the live cache has under it; else by who is called so in the claims, which is more: the cache knows the numbers that
    patient records give, and HL7 v2 gives a number without a record. Empty: nobody with anything to show is.

    The person whom the number names comes without reading the claims. Raises StoreUnavailableError.
    """
    if found := records.by_number(number):
        return found
    if named := records.by_person(numbered_person(log.key, number)):
        return [named]
    with unavailable(log.seconds):
        return [record for person in log.called(number) if (record := records.by_person(person))]

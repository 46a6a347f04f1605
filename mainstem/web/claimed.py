"""Whom claims lead to: HL7 v2 gives an NHS number without a patient record, and says who somebody is before anything else is known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mainstem.web.record import Record
from mainstem.web.sources import Records


class Claimed(NamedTuple):
    """Persons whom claims name, those first who were named first."""

    records: tuple[Record, ...]
    """Of those of whom the live cache holds one."""
    bare: tuple[str, ...]
    """Ids of the others: known, and there is nothing to show of them. Never the same as nobody."""


NOBODY = Claimed((), ())


def claimed(persons: Iterable[str], records: Records) -> Claimed:
    """`persons`: ids, as the claims have them now. Raises StoreUnavailableError."""
    held = {person: records.by_person(person) for person in persons}
    return Claimed(tuple(record for record in held.values() if record), tuple(person for person, record in held.items() if record is None))

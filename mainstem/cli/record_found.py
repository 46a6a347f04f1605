"""The record that an NHS number leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mainstem.operations import View
from mainstem.web.claimed import Claimed, claimed
from mainstem.web.history import unavailable
from mainstem.web.record import nothing
from processors.identity.persons import numbered_person

if TYPE_CHECKING:
    from mainstem.history import Reader
    from mainstem.web.sources import Audit, Records

_NOBODY = ("No record with this NHS number is held. This does not mean that the person has no records: an organisation may not send to "
           "Mainstem, or may hold another number.")
_BARE = ("Organisations have said whose NHS number this is, and Mainstem holds no entries about them. This does not mean that the person "
         "has no records: what was sent may be on its way, and an organisation may not send to Mainstem. "
         "`mainstem identity show` with the number tells what was said.")

_SEVERAL = ("{} persons are said to have this NHS number, and of none of them does a patient record give it verified: none is chosen for "
            "you. `mainstem identity show` with the number tells who they are.")


def by_number(number: str, records: Records, log: Reader) -> Claimed:
    """By what the live cache has under it; else by who is called so in the claims, which is more: the cache knows the numbers that
    patient records give.

    The person whom the number names comes without reading the claims. Raises StoreUnavailableError.
    """
    if found := records.by_number(number):
        return Claimed(tuple(found), ())
    if (named := claimed([numbered_person(log.key, number)], records)).records:
        return named
    with unavailable(log.seconds):
        return claimed(log.called(number), records)


def nothing_to_show(number: str, found: Claimed, audit: Audit, actor: str) -> str:
    """Why there is no record to show, once it is in the audit who was asked for; empty where there is one.

    Raises AuditUnavailableError."""
    known = [*found.records, *map(nothing, found.bare)]
    if not known:
        audit.nobody(actor, number)
        return _NOBODY
    if found.records and (len(known) == 1 or number in found.records[0].nhs_numbers):
        return ""
    audit.viewed(actor, View.LISTED, known)
    return _SEVERAL.format(len(known)) if found.records else _BARE

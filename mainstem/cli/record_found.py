"""The record that an NHS number leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mainstem.web.claimed import Claimed, claimed
from mainstem.web.history import unavailable
from mainstem.web.seen import nothing
from processors.identity.persons import numbered_person

if TYPE_CHECKING:
    from mainstem.history import Reader
    from mainstem.web.sources import Audit, Records

_NOBODY = ("No record with this NHS number is held. This does not mean that the person has no records: an organisation may not send to "
           "Mainstem, or may hold another number.")
_BARE = ("Organisations have said whose NHS number this is, and Mainstem holds no entries about them. This does not mean that the person "
         "has no records: what was sent may be on its way, and an organisation may not send to Mainstem. "
         "`mainstem identity show` with the number tells what was said.")


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


def nothing_to_show(found: Claimed, audit: Audit, actor: str) -> str:
    """Why there is no record to show, once it is in the audit that somebody is known; empty where there is one.

    Raises AuditUnavailableError."""
    if found.records:
        return ""
    if not found.bare:
        return _NOBODY
    audit.viewed(actor, "listed", [nothing(person) for person in found.bare])
    return _BARE

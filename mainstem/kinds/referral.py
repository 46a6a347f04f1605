"""A referral or request for a service."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.concepts import meaning
from mainstem.kinds.dates import days
from mainstem.kinds.facts import Derived, Member, Rule, Terms, by_recency
from mainstem.kinds.identifiers import alone, day, identifier
from mainstem.kinds.same import DATE, PARTS, PERSON, PROSE
from mainstem.kinds.standing import begun_again, both, furthest
from mainstem.kinds.statuses import word
from mainstem.kinds.titles import named

FURTHEST = Rule(
    "referral.furthest", "of several copies of one referral one that is completed counts, else the one recorded last: the copy of who made "
    "it stays open", "docs/reconcile.md, Other kinds")
MOST_URGENT = Rule("referral.most-urgent", "of several priorities the most urgent is shown: a late copy does not undo that it was upgraded",
                   "docs/reconcile.md, Other kinds")
_RANKS = {"completed": 0} | dict.fromkeys(("revoked", "rejected", "cancelled", "active", "accepted", "on-hold", "suspended"), 1)
_REFUSED, _STANDS = frozenset({"revoked", "rejected", "cancelled"}), frozenset({"active", "accepted", "on-hold", "suspended", "completed"})
_URGENCY = {"stat": 0, "emergency": 0, "asap": 1, "two-week-wait": 2, "2ww": 2, "urgent": 3, "routine": 5}
"""FHIR's, and the NHS e-Referral Service's; what is not known stands just above routine."""


class ReferralContent(Content, frozen=True):
    referral_id: Text = UNSET
    service: Concept = UNSET
    reason: Concept = UNSET
    status: Text = UNSET
    priority: Text = UNSET
    referred: Text = UNSET
    referrer: Text = UNSET
    recipient: Text = UNSET
    related: tuple[str, ...] | UnsetType | None = UNSET
    """Ids of the documents and findings that go with it (`DocumentReference/1`), sorted."""
    note: Text = UNSET


class Referral(Kind):
    name = "referral"
    heading = "Referrals and appointments"
    Content = ReferralContent
    rules = (FURTHEST, MOST_URGENT)
    gap = 366
    """Referral numbers are one organisation's and come round again; a referral's copies are dated by its stages."""
    compared = MappingProxyType({"referred": DATE, "referrer": PERSON, "recipient": PERSON, "related": PARTS, "note": PROSE})

    def title(self, content: dict) -> str:
        return named(content.get("service"), "Referral")

    def key(self, content: dict[str, Any], terms: Terms) -> str | None:
        """The referral number (of the NHS e-Referral Service: UBRN), with the service where it is a short one; else service, reason and
        day."""
        service, on = meaning(content.get("service"), terms), day(content.get("referred"))
        if number := identifier(content.get("referral_id")):
            return f"referral {number}" if alone(number) else f"referral {number} {service or ''}"
        return f"{on} {service} {meaning(content.get('reason'), terms) or ''}" if service and on else None

    def span(self, content: dict[str, Any], terms: Terms) -> tuple[str, str] | None:
        return days(content.get("referred"))

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        """Refused by one and standing for another is a conflict: nobody may be expecting the patient. What one source ended and took up
        again is open."""
        found = furthest(members, _RANKS, ("status",), FURTHEST, begun_again(members, {*_REFUSED, "completed"}))
        if len(members) == 1:
            return found
        said = [word(member.content, "priority") for member in members]
        index = min((index for index in by_recency(members) if said[index]),
                    key=lambda index: _URGENCY.get(said[index] or "", _URGENCY["routine"] - 1), default=None)
        if index is not None and found.decided.get("priority") != (index,):
            found.content["priority"], found.decided["priority"] = members[index].content["priority"], (index,)
            found.rules["priority"] = MOST_URGENT.id
        return replace(found, conflict=both(members, _REFUSED, _STANDS))

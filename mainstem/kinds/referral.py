"""A referral or request for a service."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from msgspec import UNSET, UnsetType

from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.concepts import meaning
from mainstem.kinds.dates import days
from mainstem.kinds.facts import Terms
from mainstem.kinds.identifiers import alone, day, identifier
from mainstem.kinds.same import DATE, PARTS, PERSON, PROSE
from mainstem.kinds.titles import named


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

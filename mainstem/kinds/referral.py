"""A referral or request for a service."""

from __future__ import annotations

from types import MappingProxyType

from msgspec import UNSET, UnsetType

from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.same import DATE, PARTS, PERSON, PROSE
from mainstem.kinds.titles import named


class ReferralContent(Content):
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
    compared = MappingProxyType({"referred": DATE, "referrer": PERSON, "recipient": PERSON, "related": PARTS, "note": PROSE})

    def title(self, content: dict) -> str:
        return named(content.get("service"), "Referral")

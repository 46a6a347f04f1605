"""A letter, report or summary."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from mainstem.kinds import sites
from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.dates import days
from mainstem.kinds.facts import Derived, Member, Rule, Terms
from mainstem.kinds.identifiers import alone, day, digest, identifier
from mainstem.kinds.same import DATE, PERSON, PROSE
from mainstem.kinds.standing import UNSTATED, furthest, over_elsewhere
from mainstem.kinds.titles import named

STANDING = Rule("document.standing", "of several copies of one document one that is amended or final counts before a draft, and any before "
                "one that was superseded: a late copy does not take it back", "docs/reconcile.md, Other kinds")
_RANKS = {"amended": 0, "corrected": 0, "appended": 0, "final": 1, "current": 1, UNSTATED: 2, "preliminary": 3,
          "draft": 3}
_OVER = frozenset({"superseded", "withdrawn", "cancelled", "deprecated"})
"""FHIR's and IHE XDS's."""


class DocumentContent(Content, frozen=True):
    document_id: Text = UNSET
    type: Concept = UNSET
    title: Text = UNSET
    status: Text = UNSET
    created: Text = UNSET
    author: Text = UNSET
    mime_type: Text = UNSET
    location: Text = UNSET
    size: int | UnsetType | None = UNSET
    text: Text = UNSET


class Document(Kind):
    name = "document"
    heading = "Documents"
    Content = DocumentContent
    rules = (STANDING,)
    gap = 31
    """Numbers are one organisation's and come round again; copies are dated when they were filed."""
    compared = MappingProxyType({"title": PROSE, "created": DATE, "author": PERSON, "text": PROSE})

    def title(self, content: dict) -> str:
        return content.get("title") or named(content.get("type"), "Document")

    def key(self, content: dict[str, Any], terms: Terms) -> str | None:
        """The document's identifier, with its title where that is a short one; else the place it is kept at and its day. Where its text is
        at hand, that and its title count too, so that no section or wording hides another; then the day alone may stand for the
        identifier."""
        number, on = identifier(content.get("document_id")), day(content.get("created"))
        text = digest(content.get("text"))
        if text is not None:
            what = number or on
            return f"text {text} {digest(content.get('title')) or ''} {what}" if what else None
        if number is not None:
            return f"document {number}" if alone(number) else f"document {number} {digest(content.get('title')) or ''}"
        kept = (content.get("location") or "").strip()
        return f"{on} at {kept}" if kept and on else None

    def span(self, content: dict[str, Any], terms: Terms) -> tuple[str, str] | None:
        return days(content.get("created"))

    def parted(self, members: Sequence[Member], terms: Terms) -> Sequence[Sequence[Member]]:
        """What one source patient's own records name by two titles under one number, or at one place, are two documents (it may be
        the number of a stay), where every record has its own."""
        return sites.parted(members, _titled)

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        """Superseded for one and standing for another is a conflict."""
        found = furthest(members, _RANKS, ("status",), STANDING)
        return found if len(members) == 1 else replace(found, conflict=over_elsewhere(members, _OVER))


def _titled(content: dict[str, Any]) -> frozenset[str]:
    said = digest(content.get("title"))
    return frozenset({said}) if said else frozenset()

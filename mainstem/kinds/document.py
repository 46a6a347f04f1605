"""A letter, report or summary."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from msgspec import UNSET, UnsetType

from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.dates import days
from mainstem.kinds.facts import Terms
from mainstem.kinds.identifiers import alone, day, digest, identifier
from mainstem.kinds.same import DATE, PERSON, PROSE
from mainstem.kinds.titles import named


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

"""A letter, report or summary."""

from __future__ import annotations

from types import MappingProxyType

from msgspec import UNSET, UnsetType

from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.same import DATE, PERSON, PROSE
from mainstem.kinds.titles import named


class DocumentContent(Content):
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
    compared = MappingProxyType({"created": DATE, "author": PERSON, "text": PROSE})

    def title(self, content: dict) -> str:
        return content.get("title") or named(content.get("type"), "Document")

"""An alert or flag."""

from __future__ import annotations

from types import MappingProxyType

from msgspec import UNSET

from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.same import DATE, PROSE
from mainstem.kinds.titles import named


class FlagContent(Content):
    code: Concept = UNSET
    category: Text = UNSET
    status: Text = UNSET
    start: Text = UNSET
    end: Text = UNSET
    note: Text = UNSET


class Flag(Kind):
    name = "flag"
    heading = "Alerts"
    Content = FlagContent
    compared = MappingProxyType({"start": DATE, "end": DATE, "note": PROSE})

    def title(self, content: dict) -> str:
        return named(content.get("code"), "Alert")

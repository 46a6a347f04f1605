"""A care plan and its goals."""

from __future__ import annotations

from types import MappingProxyType

from msgspec import UNSET, UnsetType

from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.same import DATE, PARTS, PERSON, PROSE
from mainstem.kinds.titles import named


class CarePlanContent(Content):
    plan_id: Text = UNSET
    category: Concept = UNSET
    title: Text = UNSET
    status: Text = UNSET
    start: Text = UNSET
    end: Text = UNSET
    goals: tuple[str, ...] | UnsetType | None = UNSET
    activities: tuple[str, ...] | UnsetType | None = UNSET
    author: Text = UNSET
    note: Text = UNSET


class CarePlan(Kind):
    name = "careplan"
    heading = "Care and support plans"
    Content = CarePlanContent
    compared = MappingProxyType({"start": DATE, "end": DATE, "goals": PARTS, "activities": PARTS, "author": PERSON, "note": PROSE})

    def title(self, content: dict) -> str:
        return content.get("title") or named(content.get("category"), "Care plan")

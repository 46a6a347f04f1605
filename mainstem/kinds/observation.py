"""A vital sign, measurement or finding."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from msgspec import UNSET, UnsetType

from mainstem.kinds.base import Amount, Coded, Concept, Content, Kind, Quantity, Text
from mainstem.kinds.same import DATE, PERSON, PROSE, amount, by, coded, line, unordered
from mainstem.kinds.titles import named


class Component(Content):
    code: Coded
    value: Quantity | None = None
    value_text: str | None = None


class ObservationContent(Content):
    code: Concept = UNSET
    category: Text = UNSET
    status: Text = UNSET
    value: Amount = UNSET
    value_text: Text = UNSET
    value_code: Concept = UNSET
    interpretation: Text = UNSET
    normal: Text = UNSET
    """Reference range as text."""
    components: tuple[Component, ...] | UnsetType | None = UNSET
    taken: Text = UNSET
    performer: Text = UNSET
    method: Text = UNSET
    note: Text = UNSET


def _component(component: dict[str, Any]) -> Any:
    value = component.get("value")
    return coded(component["code"]), amount(value) if value else None, line(component.get("value_text") or "")


COMPONENTS = by(unordered(_component))


class Observation(Kind):
    name = "observation"
    heading = "Observations"
    Content = ObservationContent
    compared = MappingProxyType({"components": COMPONENTS, "taken": DATE, "performer": PERSON, "note": PROSE})

    def title(self, content: dict) -> str:
        value = content.get("value") or {}
        shown = " ".join(x for x in (value.get("value"), value.get("unit")) if x)
        return " ".join(x for x in (named(content.get("code"), "Observation"), shown or content.get("value_text")) if x)

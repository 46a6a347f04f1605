"""A vital sign, measurement or finding."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from mainstem.kinds.base import Amount, Coded, Concept, Content, Kind, Quantity, Text
from mainstem.kinds.concepts import CODED_FIRST, meaning, show_coded
from mainstem.kinds.facts import Derived, Member, Terms, by_recency, latest_first
from mainstem.kinds.identifiers import day, digest, minute
from mainstem.kinds.same import DATE, PERSON, PROSE, WORDS, amount, coded, concept_like, line, listed, same_concept
from mainstem.kinds.standing import over_elsewhere
from mainstem.kinds.titles import named


class Component(Content, frozen=True):
    code: Coded
    value: Quantity | None = None
    value_text: str | None = None


class ObservationContent(Content, frozen=True):
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


def _like(component: dict[str, Any]) -> Any:
    return concept_like(component["code"]), _component(component)


def _same_component(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return same_concept(one["code"], other["code"]) and _component(one)[1:] == _component(other)[1:]


COMPONENTS = listed(_like, _same_component)


class Observation(Kind):
    name = "observation"
    heading = "Observations"
    Content = ObservationContent
    rules = (CODED_FIRST,)
    compared = MappingProxyType({"category": WORDS, "interpretation": WORDS, "components": COMPONENTS, "taken": DATE, "performer": PERSON,
                                 "note": PROSE})

    def title(self, content: dict) -> str:
        value = content.get("value") or {}
        shown = " ".join(x for x in (value.get("value"), value.get("unit")) if x)
        return " ".join(x for x in (named(content.get("code"), "Observation"), shown or content.get("value_text")) if x)

    def key(self, content: dict[str, Any], terms: Terms) -> str | None:
        """What, when (to the minute, else the day) and the value, however it is spelt: three readings of one minute are three."""
        what, taken = meaning(content.get("code"), terms), content.get("taken")
        at = minute(taken) or day(taken)
        found = _found(content, terms) if what and at else ""
        return f"{at} {what} {found}" if found else None

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        """Cancelled by one source and upheld by another is a conflict."""
        found = latest_first(members)
        if len(members) > 1:
            show_coded(found, members, by_recency(members), "code", terms)
            found = replace(found, conflict=over_elsewhere(members, {"cancelled"}))
        return found


def _found(content: dict[str, Any], terms: Terms) -> str:
    """Empty where nothing was found, or none of it in a field that tells."""
    value, components = content.get("value"), content.get("components")
    said = [str(amount(value)) if isinstance(value, dict) and value.get("value") else "",
            digest(content.get("value_text")) or "", meaning(content.get("value_code"), terms) or ""]
    said += sorted(str(_component(each)) for each in components or ())
    return " ".join(part for part in said if part)

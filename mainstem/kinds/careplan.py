"""A care plan and its goals."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.concepts import meaning, plain
from mainstem.kinds.dates import days
from mainstem.kinds.facts import Derived, Member, Rule, Terms
from mainstem.kinds.identifiers import day, digest, identifier
from mainstem.kinds.same import DATE, PARTS, PERSON, PROSE
from mainstem.kinds.standing import begun_again, furthest, over_elsewhere
from mainstem.kinds.titles import named

ENDING_TOGETHER = Rule(
    "careplan.ending-together", "status and end are of one record: a plan that goes on is not shown with the end that another gives it",
    "docs/reconcile.md, Other kinds")


class CarePlanContent(Content, frozen=True):
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
    rules = (ENDING_TOGETHER,)
    gap = 366
    compared = MappingProxyType({"start": DATE, "end": DATE, "goals": PARTS, "activities": PARTS, "author": PERSON, "note": PROSE})

    def title(self, content: dict) -> str:
        return content.get("title") or named(content.get("category"), "Care plan")

    def key(self, content: dict[str, Any], terms: Terms) -> str | None:
        """The plan's number, else its title (or category) and first day; and its goals and activities, so that none hides another:
        each goal of a plan may be an item of its own. Where it has neither, title and note say what it is."""
        number = identifier(content.get("plan_id"))
        title, began = plain(content.get("title") or "") or meaning(content.get("category"), terms), day(content.get("start"))
        what = f"plan {number}" if number else f"{began} {title}" if title and began else None
        if what is None:
            return None
        inside = [line for name in ("goals", "activities") for line in sorted(content.get(name) or ())]
        inside = inside or [said for name in ("title", "note") if isinstance(said := content.get(name), str)]
        return f"{what} {digest(chr(10).join(inside)) or ''}"

    def span(self, content: dict[str, Any], terms: Terms) -> tuple[str, str] | None:
        return days(content.get("start"))

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        """Over for one and not for another is a conflict; what one source ended and began again goes on."""
        found = furthest(members, {}, ("status", "end"), ENDING_TOGETHER, begun_again(members))
        return found if len(members) == 1 else replace(found, conflict=over_elsewhere(members))

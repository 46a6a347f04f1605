"""An allergy or intolerance, or a statement that none is known."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from msgspec import UNSET, UnsetType

from mainstem.kinds.base import Coded, Concept, Content, Kind, Text
from mainstem.kinds.facts import Derived, Member, Rule, Terms, by_recency, latest_first
from mainstem.kinds.same import DATE, PROSE, by, coded, line, unordered
from mainstem.kinds.titles import named

ACTIVE_COUNTS = Rule(
    "allergy.active-counts", "one source that holds it active is enough: no newer word of another may hide an allergy",
    "design.md, Safety of absence")
WORST_COUNTS = Rule(
    "allergy.worst-counts", "of several criticalities the worst is shown, of verifications the most certain of those who hold it active",
    "design.md, Safety of absence")
REACTIONS_UNITED = Rule("allergy.reactions-united", "every reaction that any source saw is shown", "design.md, Safety of absence")

_CRITICALITY = ("high", "unable-to-assess", "low")
_VERIFICATION = ("confirmed", "unconfirmed", "refuted")
"""Worst first. What is not listed goes by recency."""


class Reaction(Content):
    manifestation: Coded | None = None
    severity: str | None = None


class AllergyContent(Content):
    agent: Concept = UNSET
    """As coded: a substance, a product, a finding (`Allergy to penicillin`), or `No known allergies`."""
    category: Text = UNSET
    clinical_status: Text = UNSET
    """`active`, `inactive`, `resolved`."""
    verification: Text = UNSET
    """`confirmed`, `unconfirmed`, `refuted`."""
    criticality: Text = UNSET
    reactions: tuple[Reaction, ...] | UnsetType | None = UNSET
    onset: Text = UNSET
    recorded: Text = UNSET
    last_occurrence: Text = UNSET
    note: Text = UNSET


def _reaction(reaction: dict[str, Any]) -> Any:
    return coded(reaction.get("manifestation") or {}), line(reaction.get("severity") or "")


REACTIONS = by(unordered(_reaction))


class Allergy(Kind):
    name = "allergy"
    heading = "Allergies and adverse reactions"
    Content = AllergyContent
    rules = (ACTIVE_COUNTS, WORST_COUNTS, REACTIONS_UNITED)
    compared = MappingProxyType({"onset": DATE, "recorded": DATE, "last_occurrence": DATE, "note": PROSE, "reactions": REACTIONS})

    def title(self, content: dict) -> str:
        return named(content.get("agent"), "Allergy")

    def key(self, content: dict[str, Any], terms: Terms) -> str | None:
        """The causative agent; an agent that the terminology cannot tell stays a fact of its own, and is shown."""
        agent = content.get("agent")
        return terms.agent(agent) if isinstance(agent, dict) else None

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        """Fields of the member recorded last, but for those that would hide a risk. Sources that disagree on whether it is active, or
        whether it is one, make a conflict."""
        found = latest_first(members)
        if len(members) == 1:
            return found
        order = by_recency(members)
        active = [index for index in order if _is_active(members[index])]
        stated = next((index for index in active if "clinical_status" in members[index].content), None)
        _choose(found, members, "clinical_status", stated, ACTIVE_COUNTS)
        _choose(found, members, "criticality", _worst(members, order, "criticality", _CRITICALITY), WORST_COUNTS)
        _choose(found, members, "verification", _worst(members, active or order, "verification", _VERIFICATION), WORST_COUNTS)
        if active:
            _leave_out(found, "clinical_status", "active")
            _leave_out(found, "verification", *_VERIFICATION[:2])
        _unite_reactions(found, members, order)
        return found._replace(conflict=0 < len(active) < len(members))


def _is_active(member: Member) -> bool:
    """No status counts as active: a list that carries none holds what is current."""
    return member.content.get("clinical_status", "active") == "active" and member.content.get("verification") != "refuted"


def _worst(members: Sequence[Member], order: Sequence[int], field: str, scale: Sequence[str]) -> int | None:
    for value in scale:
        for index in order:
            if members[index].content.get(field) == value:
                return index
    return None


def _choose(found: Derived, members: Sequence[Member], field: str, index: int | None, rule: Rule) -> None:
    if index is not None:
        found.content[field] = members[index].content[field]
        found.decided[field] = (index,)
        found.rules[field] = rule.id


def _leave_out(found: Derived, field: str, *but: str) -> None:
    """Of an allergy that is held active by one that says nothing in this field, whatever another says that would hide it."""
    if field in found.content and found.content[field] not in but:
        del found.content[field], found.decided[field]
        found.rules.pop(field, None)


def _unite_reactions(found: Derived, members: Sequence[Member], order: Sequence[int]) -> None:
    speaking = [index for index in order if members[index].content.get("reactions")]
    if len(speaking) > 1:
        united: list[Any] = []
        for index in speaking:
            united += [reaction for reaction in members[index].content["reactions"] if reaction not in united]
        found.content["reactions"] = united
        found.decided["reactions"] = tuple(sorted(speaking))
        found.rules["reactions"] = REACTIONS_UNITED.id

"""Relations between the facts of one record: an allergy within the class of another, a medicine taken that an allergy is to.

No single fact can tell this: it is read off the current entries of one record, by the terminology in force. Pure; nothing of it is
stored, and it is never news. Relations group nothing and settle nothing: both sides stand as they are. What cannot be told by code or
name has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from mainstem.kinds import allergy, courses
from mainstem.kinds.facts import Rule, Terms

WITHIN = Rule(
    "allergy.within-class", "the agent of one allergy is of the class that another is to: who reacts to one may react to the other",
    "design.md, Reconciliation, per kind")
TAKEN = Rule(
    "medicine.taken-despite-allergy", "a medicine that is taken is, holds or is of the class of what a standing allergy is to; both may be "
    "right, and a prescriber has to look", "NICE CG183, Drug allergy: the status is checked before a drug is prescribed or given")
RULES = (WITHIN, TAKEN)
KINDS = frozenset({"allergy", "medicine"})


class Stated(Protocol):
    """A current entry, its content decoded."""

    @property
    def fact(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def content(self) -> dict[str, Any]: ...


class Relation(NamedTuple):
    """`fact` is one of what `other` is of."""

    rule: Rule
    fact: str
    other: str
    code: str
    """What both are: the agent of `other`, as the terminology has it today."""


def relations(entries: Sequence[Stated], terms: Terms) -> tuple[Relation, ...]:
    """Of the current entries of one person, in any order; sorted. Costs what there are of allergies and medicines, not their pairs."""
    agents: dict[str, list[Stated]] = {}
    for entry in entries:
        if entry.kind == "allergy" and (agent := _agent(entry, terms)) is not None:
            agents.setdefault(agent, []).append(entry)
    found = {one for agent, those in agents.items() for one in _within(agent, those, agents, terms)}
    for entry in entries if agents else ():
        if entry.kind == "medicine" and courses.is_taken(entry.content.get("status")):
            found |= {Relation(TAKEN, entry.fact, other.fact, code) for code in _holds(entry, terms)
                      for other in agents.get(code, ()) if allergy.stands(other.content)}
    return tuple(sorted(found))


def _within(agent: str, those: Sequence[Stated], agents: dict[str, list[Stated]], terms: Terms) -> Iterator[Relation]:
    for code in _upwards([agent], terms) - {agent}:
        for other in agents.get(code, ()):
            yield from (Relation(WITHIN, one.fact, other.fact, code) for one in those)


def _agent(entry: Stated, terms: Terms) -> str | None:
    said = entry.content.get("agent")
    if not isinstance(said, dict) or terms.none_known(said) is not None or allergy.is_degraded(entry.content):
        return None
    return terms.agent(said)


def _holds(entry: Stated, terms: Terms) -> set[str]:
    """What a medicine is, what it holds, and the classes of that."""
    product = entry.content.get("product")
    return _upwards(terms.agents(product), terms) if isinstance(product, dict) else set()


def _upwards(codes: Sequence[str], terms: Terms) -> set[str]:
    found: set[str] = set()
    todo = list(codes)
    while todo:
        if (at := todo.pop()) not in found:
            found.add(at)
            todo += terms.parents(at)
    return found

"""Relations between the facts of one record: an allergy within the class of another, a medicine taken that an allergy is to, and one that
is a product of what another is.

No single fact can tell this: it is read off the current entries of one record, by the terminology in force. Pure; nothing of it is
stored, and it is never news. Relations group nothing and settle nothing: both sides stand as they are. What cannot be told by code or
name has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mainstem.admissions import Stated
from mainstem.kinds import allergy, courses
from mainstem.kinds.facts import Rule, Terms

WITHIN = Rule(
    "allergy.within-class", "the agent of one allergy is of the class that another is to: who reacts to one may react to the other",
    "design.md, Reconciliation, per kind")
TAKEN = Rule(
    "medicine.taken-despite-allergy", "a medicine that is taken is, holds or is of the class of what a standing allergy is to; both may be "
    "right, and a prescriber has to look", "NICE CG183, Drug allergy: the status is checked before a drug is prescribed or given")
PRODUCT = Rule(
    "medicine.product-of", "two medicines that are taken are coded at two levels of one line of products (pack, brand, VMP, VTM): they may "
    "be one and the same, two courses, or one too many", "dm+d: AMPP, AMP, VMP and VTM, each a product of the next")
RULES = (WITHIN, TAKEN, PRODUCT)
KINDS = frozenset({"allergy", "medicine"})


class Relation(NamedTuple):
    """`fact` is one of what `other` is of."""

    rule: Rule
    fact: str
    other: str
    code: str
    """What both are: the agent or product of `other`, as the terminology has it today."""
    release: str
    """The terminology that tells it, `name@digest`."""


def relations(entries: Sequence[Stated], terms: Terms) -> tuple[Relation, ...]:
    """Of the current entries of one person, in any order; sorted. Costs what there are of allergies and medicines, not their pairs.

    Of medicines only those that are taken: every course there has been with every other would be told by the thousand, and help nobody.
    """
    agents: dict[str, list[Stated]] = {}
    for entry in entries:
        if entry.kind == "allergy" and (agent := _agent(entry, terms)) is not None:
            agents.setdefault(agent, []).append(entry)
    found = {one for agent, those in agents.items() for one in _within(agent, those, agents, terms)}
    taken = [entry for entry in entries if entry.kind == "medicine" and courses.is_taken(entry.content.get("status"))]
    found.update(_products(taken, terms))
    for entry in taken if agents else ():
        found |= {Relation(TAKEN, entry.fact, other.fact, code, terms.release) for code in _holds(entry, terms)
                  for other in agents.get(code, ()) if allergy.stands(other.content)}
    return tuple(sorted(found))


def _within(agent: str, those: Sequence[Stated], agents: dict[str, list[Stated]], terms: Terms) -> Iterator[Relation]:
    for code in _upwards([agent], terms) - {agent}:
        for other in agents.get(code, ()):
            yield from (Relation(WITHIN, one.fact, other.fact, code, terms.release) for one in those)


def _products(taken: Sequence[Stated], terms: Terms) -> Iterator[Relation]:
    """Each with all that it is a product of: a brand with the VMP, and with the VTM."""
    lines = [(entry.fact, terms.lineage(product)) for entry in taken if isinstance(product := entry.content.get("product"), dict)]
    at: dict[str, list[str]] = {}
    for fact, line in lines:
        for own in line[:1]:
            at.setdefault(own, []).append(fact)
    for fact, line in lines:
        for code in line[1:]:
            yield from (Relation(PRODUCT, fact, other, code, terms.release) for other in at.get(code, ()))


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

"""Relations between the facts of one record: an allergy within the class of another or to what it holds, a medicine taken that an allergy
is to, or of one class with that or related to it, or that a problem or an alert warns of, and one that is a product of what another is.

No single fact can tell this: it is read off the current entries of one record, by the terminology in force. Pure; nothing of it is
stored, and it is never news. Relations group nothing and settle nothing: both sides stand as they are. What cannot be told by code or
name has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from mainstem import reactions
from mainstem.across import CLASSES, beta_lactams, upwards
from mainstem.admissions import Stated
from mainstem.kinds import agents, allergy, courses
from mainstem.kinds.facts import Rule, Terms
from mainstem.kinds.taking import in_hand

WITHIN = Rule(
    "allergy.within-class", "the agent of one allergy is, or holds one, of the class that another is to: who reacts to one may react to "
    "the other", "design.md, Reconciliation, per kind")
HOLDS = Rule(
    "allergy.holds-agent", "one allergy is to what has several ingredients, one of which is the agent of another: it may be to that one, "
    "or to any other", "docs/reconcile.md, Allergies")
TAKEN = Rule(
    "medicine.taken-despite-allergy", "a medicine that is taken is, holds or is of the class of what a standing allergy is to, or of an "
    "ingredient of that; both may be right, and a prescriber has to look",
    "NICE CG183, Drug allergy: the status is checked before a drug is prescribed or given")
ACROSS = Rule(
    "medicine.taken-despite-allergy-in-class", "a medicine that is taken is another one of a class within which people react across than "
    "the one a standing allergy is to: flucloxacillin, and an allergy to amoxicillin",
    "BNF, Penicillins, ACE inhibitors, sulfonamides; NICE CG183, Drug allergy: non-selective NSAIDs")
NEAR = Rule(
    "medicine.taken-despite-allergy-to-related", "a medicine that is taken is another beta-lactam (penicillin, cephalosporin, carbapenem) "
    "than the one a standing allergy is to (two penicillins are of one class): few who react to one react to the other, some badly",
    "BNF, Penicillins, Cephalosporins; MHRA, Amoxicillin, summary of product characteristics, 4.3")
WARNED = Rule(
    "medicine.taken-despite-warning", "a medicine that is taken is, holds or is of the class of what a problem or an alert says an allergy "
    "or reaction to, or of one class with that or related to it, and no standing allergy of the record says so",
    "NICE CG183, Drug allergy: the status is checked before a drug is prescribed or given")
UNLISTED = Rule(
    "allergy.told-elsewhere", "a problem or an alert tells of an allergy or reaction that no standing allergy of the record does: whoever "
    "reads the allergies alone does not see it", "design.md, Safety of absence")
PRODUCT = Rule(
    "medicine.product-of", "two medicines that are taken are coded at two levels of one line of products (pack, brand, VMP, VTM): they may "
    "be one and the same, two courses, or one too many", "dm+d: AMPP, AMP, VMP and VTM, each a product of the next")
RULES: tuple[Rule, ...] = (WITHIN, HOLDS, TAKEN, ACROSS, NEAR, WARNED, UNLISTED, PRODUCT)
KINDS = frozenset({"allergy", "medicine"}) | reactions.KINDS


class Relation(NamedTuple):
    """`fact` is one of what `other` is of."""

    rule: Rule
    fact: str
    other: str
    code: str
    """What both are, as the terminology has it today: the agent or product of `other`, an ingredient of it, or their class; of what is
    only related to `other`, what that is."""
    release: str
    """The terminology that tells it, `name@digest`."""
    fact_by_name: bool = False
    """Whether it knows none of the codes of `fact`, and found it by its words."""
    other_by_name: bool = False


class _Side(NamedTuple):
    """An allergy or medicine as the terminology has it."""

    fact: str
    agents: frozenset[str]
    own: str | None
    """The agent that it is itself, where it has one."""
    above: frozenset[str]
    """Its agents and all that these are of."""
    by_name: bool


def relations(entries: Sequence[Stated], terms: Terms, on: str = "") -> tuple[Relation, ...]:
    """Of the current entries of one person, in any order; sorted. Costs what there are of allergies and medicines, not their pairs.

    Of medicines only those that are taken, on that day (`2026-11-25`; empty: by their status alone): every course there has been
    with every other would be told by the thousand, and help nobody.
    """
    allergies = _allergies(entries, terms)
    courses_taken = taken(entries, on)
    standing = [side for side, stands in allergies if stands]
    warnings = _warnings(entries, standing, terms)
    medicines = [side for entry in courses_taken
                 if (allergies or warnings) and (side := _side(entry, _product(entry), terms)) is not None]
    found = [*_between([side for side, _ in allergies], terms), *_taken(medicines, standing, (TAKEN, ACROSS, NEAR), terms),
             *_taken(medicines, warnings, (WARNED, WARNED, WARNED), terms), *_products(courses_taken, terms)]
    return tuple(sorted(found))


def taken(entries: Iterable[Stated], on: str = "") -> list[Stated]:
    """The medicines that are taken, on that day."""
    return [entry for entry in entries if entry.kind == "medicine" and (
        courses.is_taken(entry.content.get("status")) or (on and in_hand(entry.content, on)))]


def unlisted(entries: Sequence[Stated], terms: Terms) -> tuple[str, ...]:
    """The problems and alerts that tell of what no standing allergy does, sorted."""
    standing = [side for side, stands in _allergies(entries, terms) if stands]
    return tuple(sorted(side.fact for side in _warnings(entries, standing, terms)))


def _allergies(entries: Sequence[Stated], terms: Terms) -> list[tuple[_Side, bool]]:
    """Each that can be told, and whether it stands."""
    return [(side, allergy.stands(entry.content)) for entry in entries
            if entry.kind == "allergy" and (side := _side(entry, agents.asked(entry.content, terms), terms)) is not None]


def _warnings(entries: Sequence[Stated], standing: Sequence[_Side], terms: Terms) -> list[_Side]:
    told = frozenset(agent for side in standing for agent in side.agents)
    return [side for entry in entries if (concepts := reactions.causes(entry, terms))
            and (side := _side(entry, concepts, terms)) is not None and not side.agents <= told]


def _between(allergies: Sequence[_Side], terms: Terms) -> Iterator[Relation]:
    at = _by_code((side.own, side) for side in allergies)
    for side in allergies:
        held = side.agents - {side.own} if side.own else frozenset[str]()
        yield from (_told(HOLDS, side, other, code, terms) for code in held for other in at.get(code, ()))
        # Of what is told to hold an agent, it is not told besides that it is of that one's class.
        yield from (_told(WITHIN, side, other, code, terms) for code in side.above - side.agents for other in at.get(code, ()))


def _taken(medicines: Sequence[_Side], standing: Sequence[_Side], rules: tuple[Rule, Rule, Rule],
           terms: Terms) -> Iterator[Relation]:
    """`rules`: of what it is to, of its class, and of what is related to that. Each pair once: by what the allergy is to itself before its
    ingredients, by either before their class, by that before what is related."""
    itself = _by_code((side.own, side) for side in standing)
    holding = _by_code((code, side) for side in standing for code in sorted(side.agents))
    classes = _by_code((code, side) for side in standing for code in sorted(side.above & CLASSES))
    kin = beta_lactams(terms) if medicines and standing else frozenset[str]()
    related = [(min(codes & side.agents or codes), side) for side in standing if (codes := side.above & kin)]
    for side in medicines:
        told: set[str] = set()
        for rule, at in ((rules[0], itself), (rules[0], holding), (rules[1], classes)):
            for code in sorted(side.above):
                new = [other for other in at.get(code, ()) if other.fact not in told]
                told.update(other.fact for other in new)
                yield from (_told(rule, side, other, code, terms) for other in new)
        if side.above & kin:
            yield from (_told(rules[2], side, other, code, terms) for code, other in related if other.fact not in told)


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


def _product(entry: Stated) -> tuple[dict[str, Any], ...]:
    product = entry.content.get("product")
    return (product,) if isinstance(product, dict) else ()


def _side(entry: Stated, concepts: Sequence[dict[str, Any]], terms: Terms) -> _Side | None:
    """None where the terminology cannot tell any agent."""
    agents = frozenset(agent for concept in concepts for agent in terms.agents(concept))
    if not agents:
        return None
    own = terms.agent(concepts[0]) if len(concepts) == 1 else None
    return _Side(entry.fact, agents, own, upwards(agents, terms), all(map(terms.by_name, concepts)))


def _told(rule: Rule, side: _Side, other: _Side, code: str, terms: Terms) -> Relation:
    return Relation(rule, side.fact, other.fact, code, terms.release, side.by_name, other.by_name)


def _by_code(sides: Iterable[tuple[str | None, _Side]]) -> dict[str, list[_Side]]:
    found: dict[str, list[_Side]] = {}
    for code, side in sides:
        if code is not None:
            found.setdefault(code, []).append(side)
    return found

"""An allergy or intolerance, or a statement that none is known.

Key: the causative agent, whatever it is coded as (finding, substance, product, or its name in words). What the terminology cannot tell
stays a fact of its own. Statements that no allergy, or no drug allergy, is known are one fact, which says no more than all of them do.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from mainstem.kinds import agents
from mainstem.kinds.base import SNOMED, Coded, Concept, Content, Kind, Text
from mainstem.kinds.facts import Derived, Member, Rule, Terms, by_recency, first_of, first_to_value, latest_first
from mainstem.kinds.names import doubted
from mainstem.kinds.same import DATE, PROSE, WORDS, concept_like, line, listed, same_concept
from mainstem.kinds.statuses import DENIED, word
from mainstem.kinds.titles import named

ACTIVE_COUNTS = Rule(
    "allergy.active-counts", "one source that holds it active is enough, and its words name it: no newer word of another may hide an "
    "allergy", "design.md, Safety of absence")
WORST_COUNTS = Rule(
    "allergy.worst-counts", "of several criticalities the worst is shown, of verifications the most certain of those who hold it active",
    "design.md, Safety of absence")
REACTIONS_UNITED = Rule("allergy.reactions-united", "every reaction that any source saw is shown", "design.md, Safety of absence")
NARROWEST_NONE_KNOWN = Rule(
    "allergy.narrowest-none-known", "of several statements that none is known, the one that claims least is shown: the others claim it too",
    "design.md, Safety of absence")
CLASSES = Rule(
    "allergy.classes", "the classes and parents of the agent are relations, shown and never merged: who reacts to one may react to another",
    "design.md, How convergence is had")
CANNOT_TELL = Rule(
    "allergy.cannot-tell", "the terminology in force does not know the agent by its code or its words, or these name several: it is shown "
    "as it stands, and may be what another entry is", "design.md, Reconciliation, per kind")

BESIDE_ACTIVE = Rule("allergy.none-known-beside-active", "an active allergy is never hidden by a statement that none is known",
                     "design.md, Safety of absence")
TRANSFER_DEGRADED = Rule(
    "allergy.transfer-degraded", "prescribing has to stop until a person has read the original text of an allergy that lost its meaning",
    "NHS England, GP2GP: degraded allergies")

NONE_KNOWN = "716186003"
NO_DRUG_KNOWN = "409137002"
_CLAIMS = {NO_DRUG_KNOWN: 0, NONE_KNOWN: 1}
"""SNOMED CT: no known drug allergy claims less than no known allergy, which says it too."""
_OVER = frozenset({"inactive", "resolved"})
_CRITICALITY = ("high", "unable-to-assess", "low")
_VERIFICATION = ("confirmed", "unconfirmed", "refuted", "entered-in-error")
"""Worst first. A word that is not listed stands after the worst: it may mean it."""


class Reaction(Content, frozen=True):
    manifestation: Coded | None = None
    severity: str | None = None


class AllergyContent(Content, frozen=True):
    agent: Concept = UNSET
    """As coded: a substance, a product, a finding (`Allergy to penicillin`), or `No known allergies`."""
    category: Text = UNSET
    clinical_status: Text = UNSET
    """`active`, `inactive`, `resolved`; a word that is none of them counts as active (`stands`)."""
    verification: Text = UNSET
    """`confirmed`, `unconfirmed`, `refuted`."""
    criticality: Text = UNSET
    reactions: tuple[Reaction, ...] | UnsetType | None = UNSET
    onset: Text = UNSET
    recorded: Text = UNSET
    last_occurrence: Text = UNSET
    note: Text = UNSET


def _reaction(reaction: dict[str, Any]) -> Any:
    return concept_like(reaction.get("manifestation") or {}), line(reaction.get("severity") or "")


def _same_reaction(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return (same_concept(one.get("manifestation") or {}, other.get("manifestation") or {})
            and line(one.get("severity") or "") == line(other.get("severity") or ""))


REACTIONS = listed(_reaction, _same_reaction)


class Allergy(Kind):
    """A fact's content has `classes` besides: concepts of the classes and parents that the terminology says its agent is one of."""

    name = "allergy"
    risk = True
    heading = "Allergies and adverse reactions"
    Content = AllergyContent
    rules = (ACTIVE_COUNTS, WORST_COUNTS, REACTIONS_UNITED, NARROWEST_NONE_KNOWN, CLASSES, CANNOT_TELL, BESIDE_ACTIVE,
             TRANSFER_DEGRADED)
    cannot_tell = CANNOT_TELL
    compared = MappingProxyType({"category": WORDS, "onset": DATE, "recorded": DATE, "last_occurrence": DATE, "note": PROSE,
                                 "reactions": REACTIONS})

    def title(self, content: dict) -> str:
        return named(content.get("agent"), "Allergy")

    def key(self, content: dict[str, Any], terms: Terms) -> str | None:
        """The causative agent; one that the terminology cannot tell stays a fact of its own, and is shown."""
        if found := agents.cause(content, terms):
            return found
        none = agents.none_known(content, terms)
        return None if none is None else "none-known" if none in _CLAIMS else f"none-known/{none}"

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        """Fields of the member recorded last, but for those that would hide a risk. Sources that disagree on whether it is active, or
        whether it is one, make a conflict."""
        found = latest_first(members)
        if len(members) > 1:
            found = _united(found, members, terms)
        if agents.is_degraded(found.content):
            found = replace(found, rules=found.rules | {"agent": TRANSFER_DEGRADED.id})
        return _classed(found, members, terms)

    def matters(self, members: Sequence[Member], terms: Terms) -> set[int]:
        """The first of the active and of the others, to state a status, to give each degree, to tell each reaction."""
        order = by_recency(members)
        said = [member.content for member in members]
        active = [index for index in order if stands(said[index])]
        held = set(active)
        reacting = [index for index in order if said[index].get("reactions")]
        return (first_to_value(members, order) | set(reacting[:2]) | first_of(order, lambda index: index in held)
                | first_of(active, lambda index: (told := word(said[index], "clinical_status")) and told == "active")
                | first_of(order, lambda index: word(said[index], "criticality"))
                | first_of(order, lambda index: word(said[index], "verification"))
                | first_of(active, lambda index: word(said[index], "verification"))
                | first_of(order, lambda index: _claim(members[index], terms))
                | first_of(active, lambda index: _naming(members[index], terms) if "agent" in said[index] else None)
                | _first_reactions(members, reacting))


def stands(content: dict[str, Any]) -> bool:
    """Whether who says this holds the allergy active: whatever its status is but inactive or resolved, since a word that no rule knows
    (`recurrence`, or one of a local list) must not end it. No status counts as active: a list that carries none holds what is current."""
    return word(content, "clinical_status") not in _OVER and word(content, "verification") not in DENIED


def categories(content: dict[str, Any]) -> frozenset[str]:
    """FHIR R4, allergy-intolerance-category, of which it may name several; empty where it does not say."""
    said = content.get("category")
    return frozenset(kind for part in said.split(",") if (kind := part.strip().casefold())) if isinstance(said, str) else frozenset()


def _united(found: Derived, members: Sequence[Member], terms: Terms) -> Derived:
    order = by_recency(members)
    active = [index for index in order if stands(members[index].content)]
    _choose(found, members, "clinical_status", _worst(members, active, "clinical_status", ("active",)), ACTIVE_COUNTS)
    _choose(found, members, "criticality", _worst(members, order, "criticality", _CRITICALITY), WORST_COUNTS)
    _choose(found, members, "verification", _worst(members, active or order, "verification", _VERIFICATION), WORST_COUNTS)
    if active:
        _leave_out(found, "clinical_status", _OVER, ACTIVE_COUNTS)
        _leave_out(found, "verification", DENIED, WORST_COUNTS)
    _unite_reactions(found, members, order)
    narrowest, upheld = _narrowest(members, order, terms), _upheld(members, active, terms)
    if narrowest is not None:
        _choose(found, members, "agent", narrowest, NARROWEST_NONE_KNOWN)
    elif found.decided.get("agent") != (upheld,):
        _choose(found, members, "agent", upheld, ACTIVE_COUNTS)
    return replace(found, conflict=0 < len(active) < len(members))


def _classed(found: Derived, members: Sequence[Member], terms: Terms) -> Derived:
    deciding = found.decided.get("agent")
    if deciding is None:
        return found
    said = members[deciding[0]].content
    code = agents.cause(said, terms)
    parents = terms.parents(code) if code is not None else ()
    if not parents:
        return found
    classes = [_concept(parent, terms.name(parent)) for parent in parents]
    return replace(found, content=found.content | {"classes": classes}, decided=found.decided | {"classes": deciding},
                          rules=found.rules | {"classes": CLASSES.id})


def _concept(code: str, name: str | None) -> dict[str, Any]:
    coding = {"system": SNOMED, "code": code}
    return {"codes": [coding]} if name is None else {"codes": [coding | {"display": name}], "text": name}


def _upheld(members: Sequence[Member], active: Sequence[int], terms: Terms) -> int | None:
    """Whose words name it: of those that hold it active the first who names it best. `Penicillin - not allergic`, of who refutes it, over
    an allergy that stands would hide it; `Amoxicillin`, beside the code of one to penicillin, would make little of it."""
    naming = [index for index in active if "agent" in members[index].content]
    return min(naming, key=lambda index: _naming(members[index], terms), default=None)


def _naming(member: Member, terms: Terms) -> int:
    """0: whole, without doubt, and that it was anaphylaxis. 1: without that. 2: words for one of what its code says. 3: in doubt."""
    agent = member.content["agent"]
    if not isinstance(agent, dict) or any(map(doubted, agents.own_words(agent))):
        return 3
    if agents.narrowed(agent, terms):
        return 2
    return 0 if "anaphyla" in named(agent, "").casefold() else 1


def _narrowest(members: Sequence[Member], order: Sequence[int], terms: Terms) -> int | None:
    """None where it is no statement that none is known."""
    scope = {index: _claim(members[index], terms) for index in order}
    told = [index for index in order if scope[index] is not None]
    return min(told, key=lambda index: scope[index] or 0) if told else None


def _claim(member: Member, terms: Terms) -> int | None:
    return _CLAIMS.get(agents.none_known(member.content, terms) or "")


def _first_reactions(members: Sequence[Member], order: Sequence[int]) -> set[int]:
    """For each reaction the first who tells it."""
    found: dict[str, int] = {}
    for index in order:
        for reaction in members[index].content["reactions"]:
            found.setdefault(repr(reaction), index)
    return set(found.values())


def _worst(members: Sequence[Member], order: Sequence[int], field: str, scale: Sequence[str]) -> int | None:
    """The first in `order` that says the worst; None where none says anything."""
    said = [(told, index) for index in order if (told := word(members[index].content, field))]
    return min(said, key=lambda each: scale.index(each[0]) if each[0] in scale else 0.5)[1] if said else None


def _choose(found: Derived, members: Sequence[Member], field: str, index: int | None, rule: Rule) -> None:
    if index is not None:
        found.content[field] = members[index].content[field]
        found.decided[field] = (index,)
        found.rules[field] = rule.id


def _leave_out(found: Derived, field: str, hiding: frozenset[str], rule: Rule) -> None:
    """Of an allergy that is held active by one that says nothing in this field, whatever another says that would hide it."""
    if word(found.content, field) in hiding:
        del found.content[field], found.decided[field]
        found.rules[field] = rule.id


def _unite_reactions(found: Derived, members: Sequence[Member], order: Sequence[int]) -> None:
    speaking = [index for index in order if members[index].content.get("reactions")]
    if len(speaking) > 1:
        united: list[Any] = []
        for index in speaking:
            united += [reaction for reaction in members[index].content["reactions"] if reaction not in united]
        found.content["reactions"] = united
        found.decided["reactions"] = tuple(sorted(speaking))
        found.rules["reactions"] = REACTIONS_UNITED.id

"""The answers of a release, worked out once when it is loaded: per code its current code, agent, moiety, none-known scope, usual route; and
what moieties of several ingredients hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from mainstem.kinds.names import forms, key
from mainstem.terminology.statements import Concept, Level, Link, Name, Relation, Statements

NONE_KNOWN_ROOT = 716186003
"""No known allergy (situation). UK Core and GP Connect: it and its children say that none is known."""
TOO_GENERAL = frozenset({105590001, 410942007, 373873005, 762766007, 255620007, 441900009})
"""Substance, drug or medicament, product, edible substance, food, chemical: `allergy to a drug` names no agent, and two of them need not be
one."""
_PRODUCTS = frozenset({Level.PRODUCT, Level.VTM, Level.VMP, Level.AMP, Level.VMPP, Level.AMPP})
_AGENTS = _PRODUCTS | {Level.SUBSTANCE}


class Answers(NamedTuple):
    """Of one code; 0 where the release cannot tell."""

    current: int
    agent: int
    moiety: int
    none_known: int
    route: int
    """Of a product, where it has one; of a moiety, where all of its products that tell one have the same."""


class Deriver:
    """Follows a release's relations. A chain that forks or goes round has no answer."""

    def __init__(self, statements: Statements) -> None:
        self.concepts = united(statements.concepts)
        self.links: dict[Link, dict[int, set[int]]] = {link: {} for link in Link}
        for relation in statements.relations:
            self.links[relation.link].setdefault(relation.code, set()).add(relation.target)
        self._none_known = self._below({NONE_KNOWN_ROOT})
        self._sensitive = self._below(statements.sensitive)
        self._causes = frozenset().union(*self.links[Link.AGENT].values())
        """Also organisms and things that some finding names as its cause, house dust mite."""
        self._routes = self._routes_of_moieties()

    def answers(self, code: int) -> Answers:
        now = self._current(code)
        return Answers(now, self._agent_of(now), self._moiety(now), now if now in self._none_known else 0, self._route_of(now))

    def codes(self) -> list[int]:
        """Every code that is listed or has been replaced, sorted."""
        return sorted(self.concepts.keys() | self.links[Link.REPLACED_BY].keys())

    def sensitive(self) -> list[int]:
        """Codes on a list of what is sensitive, and all below them and all that such a code has replaced; sorted.

        What is below is on no list where it came after the list was made; to say too much of this does less harm than to say too little."""
        return [code for code in self.codes() if code in self._sensitive or self._current(code) in self._sensitive]

    def held(self) -> list[tuple[int, int]]:
        """VTM, and the agent of an ingredient of it, each once, sorted; its own agent is left out.

        dm+d lists ingredients of products alone. What is recorded by its moiety may be any of that one's products, also one no longer made:
        where they differ, it is told to hold all that any of them holds. No agent, and so no key, is worked out from this."""
        found: set[tuple[int, int]] = set()
        for product, ingredients in self.links[Link.INGREDIENT].items():
            moiety = self._moiety(self._current(product))
            if self._level(moiety) is Level.VTM:
                none = {0, self._agent_of(moiety)}
                found.update((moiety, agent) for agent in {self._agent_of(self._current(one)) for one in ingredients} - none)
        return sorted(found)

    def names(self, others: Iterable[Name]) -> list[tuple[int, int]]:
        """Key of each way in which a concept may be written (`mainstem.kinds.names`), and its code; sorted, each once. Of what is left of a
        name without supplier, strength and form the key's complement (`~`): diclofenac is the moiety, not the gel of one of its salts.

        Strength and form are left out of products' names alone: elsewhere a number or a drop belongs to the name. A name that a product
        shares with what it is a product of means the latter, and one that a valid concept bears never one that is no longer valid."""
        moieties: dict[int, list[int]] = {}
        for moiety, substances in self.links[Link.SUBSTANCE_OF].items():
            for substance in substances:
                moieties.setdefault(substance, []).append(moiety)
        for salt, bases in self.links[Link.BASE].items():
            moieties.setdefault(salt, []).extend(base for base in bases if self._level(base) is Level.VTM)
        found: set[tuple[int, bool, int]] = set()
        for code, text in [*((concept.code, concept.term) for concept in self.concepts.values()), *others]:
            ways = list(forms(text))
            found.update((key(way), at > 0, code) for at, way in enumerate(ways if self._level(code) in _PRODUCTS else ways[:1]))
            found.update((key(ways[0]), False, moiety) for moiety in moieties.get(code, ()) if ways)
        keyed: list[tuple[int, int]] = []
        for name, group in groupby(sorted(found), itemgetter(0)):
            bearers = [(left, code) for _, left, code in group]
            whole = {code for left, code in bearers if not left}
            keyed += [(name, code) for code in self._meant(whole)]
            if len(whole) < len(bearers):
                keyed += [(~name, code) for code in self._meant({code for _, code in bearers}) - whole]
        return sorted(keyed)

    def _meant(self, bearers: set[int]) -> set[int]:
        """Of those that bear one name."""
        if len(bearers) < 2:
            return bearers
        found = {code for code in bearers if (concept := self.concepts.get(code)) and concept.active} or bearers
        return {code for code in found if found.isdisjoint(self._above(code))} or found

    def _above(self, code: int) -> set[int]:
        """All that it is a product of."""
        found, at = {code}, code
        while (at := self._current(self._sole(Link.ACTUAL_OF, at) or self._sole(Link.MOIETY, at))) and at not in found:
            found.add(at)
        return found - {code}

    def _routes_of_moieties(self) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {}
        for product, routes in self.links[Link.ROUTE].items():
            moiety = self._moiety(self._current(product))
            if moiety:
                found.setdefault(moiety, set()).update(self._current(route) for route in routes)
        return found

    def _route_of(self, code: int) -> int:
        seen: set[int] = set()
        at = code
        while at and at not in seen:
            seen.add(at)
            routes = self.links[Link.ROUTE].get(at, set()) or self._routes.get(at, set())
            if routes:
                return self._current(next(iter(routes))) if len(routes) == 1 else 0
            at = self._sole(Link.ACTUAL_OF, at)
        return 0

    def _level(self, code: int) -> Level:
        concept = self.concepts.get(code)
        return concept.level if concept else Level.OTHER

    def _sole(self, link: Link, code: int) -> int:
        targets = self.links[link].get(code, ())
        return next(iter(targets)) if len(targets) == 1 else 0

    def _current(self, code: int) -> int:
        """An active concept is its own current; an unclear history leaves a code what it is."""
        seen = {code}
        at = code
        while True:
            concept = self.concepts.get(at)
            if concept is not None and concept.active:
                return at
            at = self._sole(Link.REPLACED_BY, at)
            if not at or at in seen:
                return code
            seen.add(at)

    def _agent_of(self, code: int) -> int:
        stated = self.links[Link.AGENT].get(code)
        if stated:
            found = {self._agent(target) for target in stated}
        else:
            found = {self._agent(code)} if code in self._causes or self._level(code) in _AGENTS else set()
        agent = found.pop() if len(found) == 1 else 0
        return 0 if agent in TOO_GENERAL else agent

    def _agent(self, code: int) -> int:
        """The substance where there is one, else the VTM, else the VMP: finding, salt, brand and moiety meet there."""
        path: list[int] = []
        at = self._current(code)
        while at not in path:
            path.append(at)
            further = self._nearer(at)
            if not further:
                return at
            at = self._current(further)
        return min(path[path.index(at):])

    def _nearer(self, code: int) -> int:
        """One step from a product, moiety or salt towards the agent; 0 at the agent."""
        if self._level(code) in _PRODUCTS:
            moiety = self._moiety(code)
            if moiety not in (0, code):
                return moiety
            further = self._sole(Link.SUBSTANCE_OF, code) or self._ingredient(code)
            if further:
                return further
        # A substance stated to be another as an agent: dietary peanut is peanut.
        return self._base(code) or self._sole(Link.AGENT, code)

    def _base(self, code: int) -> int:
        """SNOMED CT says which substance it modifies, dm+d which VTM it is a form of: the substance first."""
        bases = self.links[Link.BASE].get(code, set())
        substances = {base for base in bases if self._level(base) is Level.SUBSTANCE} or bases
        return next(iter(substances)) if len(substances) == 1 else 0

    def _ingredient(self, code: int) -> int:
        """The sole ingredient: SNOMED CT names both a salt (precise) and its base, which are one."""
        found: set[int] = set()
        for ingredient in self.links[Link.INGREDIENT].get(code, ()):
            at, seen = ingredient, {ingredient}
            while (base := self._base(at)) and self._level(base) is Level.SUBSTANCE and base not in seen:
                seen.add(base)
                at = base
            found.add(at)
        return found.pop() if len(found) == 1 else 0

    def _moiety(self, code: int) -> int:
        """VTM of a product; its VMP where that has none."""
        seen: set[int] = set()
        at = code
        while at not in seen:
            seen.add(at)
            level = self._level(at)
            if level is Level.VTM:
                return at
            if level is Level.VMP:
                moieties = self.links[Link.MOIETY].get(at, ())
                return at if not moieties else self._current(self._sole(Link.MOIETY, at)) if len(moieties) == 1 else 0
            direct = self._sole(Link.MOIETY, at)
            if direct:
                return self._current(direct)
            at = self._current(self._sole(Link.ACTUAL_OF, at))
            if not at:
                return 0
        return 0

    def _below(self, roots: Collection[int]) -> frozenset[int]:
        """They and all that is one of them, at any distance."""
        children: dict[int, list[int]] = {}
        for code, parents in self.links[Link.IS_A].items():
            for parent in parents:
                children.setdefault(parent, []).append(code)
        found, todo = set(), list(roots)
        while todo:
            at = todo.pop()
            if at not in found:
                found.add(at)
                todo += children.get(at, ())
        return frozenset(found)


def united(concepts: Iterable[Concept]) -> dict[int, Concept]:
    """One concept a code: dm+d and SNOMED CT list the same ids. The more telling level counts, active before inactive."""
    found: dict[int, Concept] = {}
    for concept in concepts:
        other = found.get(concept.code)
        found[concept.code] = concept if other is None else max(concept, other, key=lambda c: (c.level, c.active, c.term))
    return found


def relations_by_code(links: dict[Link, dict[int, set[int]]]) -> list[Relation]:
    """Each relation once, sorted."""
    return sorted(Relation(code, link, target) for link, of in links.items() for code, targets in of.items() for target in targets)

"""Pairwise precision and recall of facts over assertions, per kind, and every pair that is wrong under the name of its class.

A pair is two records (or items of records) of one person and kind. Of those that the rules put into one fact, how many tell one true
fact (precision); of those that tell one true fact, how many did the rules put together (recall). Pairs of items of one record that
tell one true fact (sections of a letter) are left out: an item is a fact of its own by design. A pair that cannot be told because a
code is outside the loaded terminology is reported apart and counts in neither; one without a code counts as a miss.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

from mainstem.kinds.facts import Member, Place, Terms
from mainstem.model import Known
from mainstem.truth import why
from mainstem.truth.told import Person
from processors.reconcile import resolve
from processors.reconcile.fold import fold_by


@dataclass(slots=True)
class Tally:
    """Pairs that share a reason, and one of them as an example: ids and keys only."""

    pairs: int = 0
    example: str = ""

    def add(self, example: str) -> None:
        self.pairs += 1
        self.example = self.example or example


@dataclass(slots=True)
class Score:
    """Of one kind; pairs but for `members`."""

    members: int = 0
    true: int = 0
    """Tell one true fact, and could be told to."""
    together: int = 0
    """Were put into one fact."""
    right: int = 0
    """Both."""
    missed: dict[str, Tally] = field(default_factory=dict)
    outside: dict[str, Tally] = field(default_factory=dict)
    """Missed because a code is outside the loaded terminology."""
    false: dict[str, Tally] = field(default_factory=dict)

    @property
    def precision(self) -> float | None:
        """None where nothing was put together."""
        return self.right / self.together if self.together else None

    @property
    def recall(self) -> float | None:
        """None where nothing was to be put together."""
        return self.right / self.true if self.true else None

    @property
    def recall_of_all(self) -> float | None:
        """With those outside the terminology counted as missed."""
        true = self.true + sum(tally.pairs for tally in self.outside.values())
        return self.right / true if true else None


def score(told: Iterable[Person], terms: Terms) -> dict[str, Score]:
    """Kind -> score."""
    found: dict[str, Score] = {}
    for person in told:
        _score(person, terms, found)
    return dict(sorted(found.items()))


def _score(person: Person, terms: Terms, found: dict[str, Score]) -> None:
    entry_of, kind_of = _entries(person, terms)
    true: dict[tuple[str, str], list[Place]] = {}
    together: dict[str, list[Place]] = {}
    for place, entry in sorted(entry_of.items()):
        fact = person.facts.get(place)
        if fact is not None:
            true.setdefault((kind_of[place], fact), []).append(place)
            together.setdefault(entry, []).append(place)
            found.setdefault(kind_of[place], Score()).members += 1
    said: dict[Place, Member] = {}
    for (kind, _), places in true.items():
        for one, other in _pairs(places):
            of = found[kind]
            if entry_of[one] == entry_of[other]:
                of.true += 1
                of.right += 1
                continue
            said = said or _members(person)
            reason, outside, example = why.apart(said[one], said[other], terms)
            of.true += not outside
            (of.outside if outside else of.missed).setdefault(reason, Tally()).add(f"{person.id}: {example}")
    for places in together.values():
        for one, other in combinations(places, 2):
            of, facts = found[kind_of[one]], (person.facts[one], person.facts[other])
            if facts[0] != facts[1]:
                said = said or _members(person)
                reason, example = why.joined(said[one], said[other], person.meanings[facts[0]], person.meanings[facts[1]], terms)
                of.false.setdefault(reason, Tally()).add(f"{person.id}: {example}")
            of.together += facts[0] != facts[1] or one[:2] != other[:2]


def _pairs(places: list[Place]) -> Iterator[tuple[Place, Place]]:
    """Those of different records."""
    return ((one, other) for one, other in combinations(places, 2) if one[:2] != other[:2])


def _entries(person: Person, terms: Terms) -> tuple[dict[Place, str], dict[Place, str]]:
    """By the fold: which fact each record or item went into, and of what kind that is."""
    entry_of: dict[Place, str] = {}
    kind_of: dict[Place, str] = {}
    for entry in fold_by(person.known, lambda _: person.id, terms)[person.id].entries:
        items = Counter((behind.source, behind.patient, behind.record) for behind in entry.provenance if "/" in behind.part)
        for behind in entry.provenance:
            if "/" in behind.part or not items[behind.source, behind.patient, behind.record]:
                place = Place(f"{behind.source}|{behind.patient}", behind.record, behind.part if "/" in behind.part else "")
                entry_of[place], kind_of[place] = entry.fact, entry.kind
    return entry_of, kind_of


def _members(person: Person) -> dict[Place, Member]:
    """What each record says, to explain a wrong pair by."""
    parts: dict[tuple[str, str], list[Known]] = {}
    for known in person.known:
        parts.setdefault((known.assertion.subject, known.assertion.record), []).append(known)
    said = (resolve.members(sorted(winners, key=lambda known: known.assertion.part)) for winners in parts.values())
    return {member.place: member for members in said for member in members}

"""What a set of claims says, worked out from scratch: the view that `assign` rests on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from mainstem import versions
from mainstem.model import Claim
from processors.identity.activated import ACTIVATED
from processors.identity.answers import ABOUT_NUMBERS, Answer, answer, asked
from processors.identity.evidence import NOTHING, Evidence, evidence

SHARED_BY = 40
"""A candidate key that more source patients than this have says nothing about any of them."""
MERGED_BY = 20
"""More source patients than this merged into one: that is no person but a place to put what nobody wanted ("test", "unknown"). It joins
none of them."""


class Claimed:
    """A `View` of all claims."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        greatest, self._answers = _greatest(claims)
        self.evidence = {subject: evidence(said) for subject, said in greatest.items()}
        self._deciding: defaultdict[str, set[str]] = defaultdict(set)
        self._merging: defaultdict[str, set[str]] = defaultdict(set)
        self._carriers: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._successors: defaultdict[str, set[str]] = defaultdict(set)
        self._predecessors: defaultdict[str, set[str]] = defaultdict(set)
        self._sharing: defaultdict[str, set[str]] = defaultdict(set)
        for subject, said in self.evidence.items():
            for other in said.decided_about:
                self._deciding[other].add(subject)
            for other in said.merges:
                self._merging[other].add(subject)
            for number in said.numbers:
                self._carriers[number][subject.partition("|")[0]].add(subject)
            for old, new in said.superseded:
                self._successors[old].add(new)
                self._predecessors[new].add(old)
            for key in said.candidate_keys:
                self._sharing[key].add(subject)

    def said(self, subject: str) -> Evidence:
        return self.evidence.get(subject, NOTHING)

    def deciding(self, subject: str) -> Iterable[str]:
        return self._deciding.get(subject, ())

    def merging(self, subject: str) -> list[str]:
        return sorted(self._merging.get(subject, ()))[:MERGED_BY + 1]

    def carriers(self, number: str) -> Iterable[str]:
        return set().union(*self._carriers[number].values()) if number in self._carriers else ()

    def carrying(self, number: str, source: str) -> Iterable[str]:
        return self._carriers[number][source] if number in self._carriers and source in self._carriers[number] else ()

    def crowd(self, number: str) -> Mapping[str, int]:
        return {source: len(carrying) for source, carrying in self._carriers[number].items()} if number in self._carriers else {}

    def successors(self, number: str) -> frozenset[str]:
        return frozenset(self._successors.get(number, ()))

    def predecessors(self, number: str) -> frozenset[str]:
        return frozenset(self._predecessors.get(number, ()))

    def sharing(self, key: str) -> list[str]:
        found = self._sharing.get(key, ())
        return sorted(found) if len(found) <= SHARED_BY else []

    def full(self, key: str) -> bool:
        return len(self._sharing.get(key, ())) > SHARED_BY

    def answers(self, type_: str, number: str) -> Mapping[str, Answer]:
        return self._answers.get((type_, number), {})


def _greatest(claims: Iterable[Claim]) -> tuple[dict[str, list[Claim]], dict[tuple[str, str], dict[str, Answer]]]:
    """Those of each source patient, and by type what is answered of each number."""
    greatest: dict[tuple[str, str, str], Claim] = {}
    for claim in claims:
        if claim.type == ACTIVATED:
            continue
        held = greatest.get(name := (claim.subject, claim.type, claim.ref))
        if held is None or versions.of_claim(claim) > versions.of_claim(held):
            greatest[name] = claim
    by_subject: defaultdict[str, list[Claim]] = defaultdict(list)
    answers: defaultdict[tuple[str, str], dict[str, Answer]] = defaultdict(dict)
    for claim in greatest.values():
        if claim.type not in ABOUT_NUMBERS:
            by_subject[claim.subject].append(claim)
        elif number := asked(claim):
            answers[claim.type, number][claim.subject] = answer(claim)
    return by_subject, answers

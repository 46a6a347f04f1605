"""What speaks for two source patients being one person, and what against: by the rules that the linker goes by. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from processors.identity import demographics, persons
from processors.identity.alike import alike
from processors.identity.apart import newest
from processors.identity.demographics import contradiction
from processors.identity.evidence import Evidence
from processors.identity.numbers import Numbers, View
from processors.identity.persons import Where
from processors.identity.scoring.score import Scorer

FOR, AGAINST, NEITHER = "for", "against", "neither"

_CONTRADICTIONS = {
    demographics.BIRTH_AND_FAMILY: "Birth date and family name both differ",
    demographics.BIRTH_AND_GENDER: "Birth date and gender both differ",
    demographics.BIRTH_AND_GIVEN: "Birth date and given names both differ: a newborn filed under its mother's number looks so",
    demographics.TWINS: "Birth date and family name agree, and given names differ, all or all but the first: twins look so",
    demographics.BIRTH_DATE: "Birth dates too far apart for one to be the other mistyped",
    demographics.WHOLE_NAME: "Family and given names both differ",
}


class Ground(msgspec.Struct, frozen=True):
    rule: str
    speaks: str
    """`for` one person, `against`, or `neither`: it was looked at and decides nothing."""
    text: str


class Grounds:
    """Answers about pairs. A ground `for` is a tie: the linker joins nobody but along such ties, and holds them apart only by what is
    `against` one of them or another whom they would be joined with."""

    def __init__(self, view: View, scorer: Scorer, where: Where) -> None:
        self._view, self._numbers, self._alike, self._where = view, Numbers(view), alike(view, scorer), where

    def of(self, one: str, other: str) -> list[Ground]:
        """Human decisions first, then as strong as the rules are."""
        ours, theirs = self._view.said(one), self._view.said(other)
        pair = one, ours, other, theirs
        found = [*self._decided(*pair), *self._merged(*pair), *self._numbered(*pair)]
        if self._alike is not None and other in self._alike.near(one):
            found.append(Ground(persons.SCORED, FOR, "So alike that the model release in force links them"))
        if ours.demographics and theirs.demographics and (rule := contradiction(ours.demographics, theirs.demographics)):
            found.append(Ground(rule, AGAINST, _CONTRADICTIONS.get(rule, rule)))
        return found

    def _decided(self, one: str, ours: Evidence, other: str, theirs: Evidence) -> Iterator[Ground]:
        decided = newest(one, ours, other, theirs)
        if decided is None or not decided.stands:
            return
        says = "two persons" if decided.apart else "one person"
        if decided.apart == (self._where(one) == self._where(other)):
            yield Ground(persons.CONFLICTING_DECISIONS, NEITHER, f"A human decided that they are {says}, and other decisions leave no room")
        else:
            yield Ground(persons.DECIDED, AGAINST if decided.apart else FOR, f"A human decided that they are {says}")

    def _merged(self, one: str, ours: Evidence, other: str, theirs: Evidence) -> Iterator[Ground]:
        joining = [*self._numbers.merges(one, ours), *self._numbers.merges(other, theirs)]
        if any(set(pair) == {one, other} for pair in joining):
            yield Ground(persons.MERGED_IN_SOURCE, FOR, "Their source merged one into the other")
        elif other in ours.merges or one in theirs.merges:
            yield Ground(persons.OVERRUN, NEITHER, "Their source merged one into the other, and too many others too: it joins none of them")

    def _numbered(self, one: str, ours: Evidence, other: str, theirs: Evidence) -> Iterator[Ground]:
        a, b = self._numbers.usable(one, ours), self._numbers.usable(other, theirs)
        if a == b and len(a) == 1:
            yield Ground(persons.VERIFIED_NUMBER, FOR, "Both carry one verified NHS number")
        elif a and b:
            apart = not set(a) & set(b)
            yield Ground(persons.CONFLICTING_NUMBERS, AGAINST if apart else NEITHER,
                         "They carry different verified NHS numbers" if apart else "One carries two verified NHS numbers: neither links it")
        both = set(ours.numbers) & set(theirs.numbers)
        for number in sorted(both):
            told = self._numbers.of(number)
            if told.crowded:
                if told.surviving not in a or told.surviving not in b:
                    yield Ground(persons.SHARED_NUMBER, NEITHER,
                                 "Both carry an NHS number that too many of one source carry: it links none of those; if of two, nobody")
            elif told.surviving is None:
                yield Ground(persons.VOID_NUMBER, NEITHER, "Both carry an NHS number that was made void, or became two: it links nobody")
        if {number for number, _ in ours.carried} & {number for number, _ in theirs.carried} - both:
            yield Ground(persons.UNVERIFIED_NUMBER, NEITHER, "Both carry one NHS number, and it is not verified of both: it links nobody")

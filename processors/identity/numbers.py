"""NHS numbers as evidence: which are one after a change by PDS, which are placeholders, and which link nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from processors.identity.claimed import MERGED_BY
from processors.identity.evidence import Evidence

CROWD = 5
"""More source patients of one source than this carrying one number as verified: a placeholder. Registered five times happens in real
feeds (several local numbers for one patient in one trust); six people with one number is no person."""


class View(Protocol):
    """What all claims say, from one side or the other. Kept in state by the linker, made from scratch by `assign`."""

    def said(self, subject: str) -> Evidence: ...

    def deciding(self, subject: str) -> Iterable[str]:
        """Who names this source patient in a decision."""
        ...

    def merging(self, subject: str) -> list[str]:
        """Who says that it was merged with it, into it or out of it, sorted; one more than may be, at most."""
        ...

    def carriers(self, number: str) -> Iterable[str]:
        """Who carries the number as verified."""
        ...

    def crowd(self, number: str) -> Mapping[str, int]:
        """Source -> how many of its source patients carry the number as verified."""
        ...

    def successors(self, number: str) -> frozenset[str]:
        """What numbers took its place, by all who say so; empty text: it is void."""
        ...

    def predecessors(self, number: str) -> frozenset[str]: ...

    def sharing(self, key: str) -> list[str]:
        """Who has this candidate key, sorted; empty where too many have it to say anything."""
        ...

    def full(self, key: str) -> bool:
        """Whether too many have it."""
        ...


class Number(NamedTuple):
    """A number with those that it took the place of."""

    surviving: str | None
    """None: void, or said to have become two different numbers, and so nobody's until PDS has been asked."""
    names: tuple[str, ...]
    """The surviving number and all that became it, sorted."""
    crowded: tuple[str, ...]
    """Sources in which too many carry it."""
    usable: str | None
    """The surviving number, where it is not crowded."""


class Numbers:
    """Answers about numbers, and about who is merged into whom, remembered: make a new one when claims have changed."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._found: dict[str, Number] = {}
        self._carriers: dict[tuple[str, ...], list[str]] = {}
        self._merging: dict[str, list[str]] = {}

    def of(self, number: str) -> Number:
        found = self._found.get(number)
        if found is None:
            surviving = self._surviving(number)
            names = self._names(surviving if surviving is not None else number)
            crowded = self._crowded(names)
            found = self._found[number] = Number(surviving, names, crowded, None if crowded else surviving)
        return found

    def usable(self, said: Evidence) -> tuple[str, ...]:
        """The numbers by which a source patient could be linked, sorted; more than one contradict each other."""
        if len(said.numbers) == 1:
            only = self.of(said.numbers[0]).usable
            return () if only is None else (only,)
        return tuple(sorted({found for number in said.numbers if (found := self.of(number).usable) is not None}))

    def carriers(self, number: str) -> list[str]:
        names = self.of(number).names
        found = self._carriers.get(names)
        if found is None:
            found = self._carriers[names] = sorted(set().union(*map(self._view.carriers, names)))
        return found

    def merges(self, subject: str, said: Evidence) -> list[tuple[str, str]]:
        """The merges that it tells of and that join anybody: who, into whom."""
        found = [(subject, into) for into in said.merged_into if not self.overrun(into)]
        if said.replaces and not self.overrun(subject):
            found += [(other, subject) for other in said.replaces if not self.overrun(other)]
        return found

    def merged_with(self, subject: str, said: Evidence) -> list[str]:
        """Whom merges join it with, whoever of the two tells of it."""
        found = [into if other == subject else other for other, into in self.merges(subject, said)]
        if (telling := self._merged(subject)) and not self.overrun(subject):
            found += [other for other in telling if subject in (theirs := self._view.said(other)).merged_into
                      or (subject in theirs.replaces and not self.overrun(other))]
        return found

    def overrun(self, subject: str) -> bool:
        """Whether too many were merged into it, or it into too many by their word: it joins none of them."""
        found = self._merged(subject)
        if replaces := self._view.said(subject).replaces:
            return len({*found, *replaces}) > MERGED_BY
        return len(found) > MERGED_BY

    def _merged(self, subject: str) -> list[str]:
        found = self._merging.get(subject)
        if found is None:
            found = self._merging[subject] = self._view.merging(subject)
        return found

    def _surviving(self, number: str) -> str | None:
        """Follows the chain. Round a circle the least survives: any one would do, if it is the same whoever asks first."""
        passed: list[str] = []
        while True:
            after = self._view.successors(number)
            if not after:
                return number
            if len(after) > 1 or "" in after:
                return None
            if number in passed:
                return min(passed[passed.index(number):])
            passed.append(number)
            (number,) = after

    def _names(self, surviving: str) -> tuple[str, ...]:
        if not self._view.predecessors(surviving):
            return (surviving,)
        seen, todo = {surviving}, [surviving]
        while todo:
            for old in self._view.predecessors(todo.pop()):
                if old not in seen and len(self._view.successors(old)) == 1:  # else it is neither this one nor the other
                    seen.add(old)
                    todo.append(old)
        return tuple(sorted(seen))

    def _crowded(self, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(names) == 1:
            crowd = self._view.crowd(names[0])
        else:
            crowd = Counter(subject.partition("|")[0] for subject in {each for name in names for each in self._view.carriers(name)})
        return tuple(sorted(source for source, count in crowd.items() if count > CROWD))

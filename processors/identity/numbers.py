"""NHS numbers as evidence: which are one after a change by PDS, which are placeholders, and which link nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from mainstem.nhs_number import VERIFIED, verified
from processors.identity.answers import OPTED_OUT, RESTRICTED, Answer, Answered, together
from processors.identity.claimed import MERGED_BY
from processors.identity.evidence import Evidence

CROWD = 5
"""More source patients of one source than this carrying one number as verified, those apart that the source merged into others: there it
is a placeholder. Registered five times happens in real feeds (several local numbers for one patient in one trust); six people with one
number is no person."""
CROWDS = 1
"""A number that is a placeholder in more sources than this is one everywhere: what the product they use fills in, and not one's fault."""


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

    def carrying(self, number: str, source: str) -> Iterable[str]:
        """Who of one source does."""
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

    def answers(self, type_: str, number: str) -> Mapping[str, Answer]:
        """Those of one type of `answers.ABOUT_NUMBERS` that count of it, by who gives them: source, `|` and number."""
        ...


class Number(NamedTuple):
    """A number with those that it took the place of."""

    surviving: str | None
    """None: void, or said to have become two different numbers, and so nobody's until PDS has been asked."""
    names: tuple[str, ...]
    """The last number of its chain, whether it survives or not, and all that became it; sorted."""
    crowded: tuple[str, ...]
    """Sources in which too many carry it."""

    def usable(self, source: str) -> str | None:
        """The surviving number, where it may link the source's patients."""
        return None if self.crowded and (source in self.crowded or len(self.crowded) > CROWDS) else self.surviving


class Numbers:
    """Answers about numbers, and about who is merged into whom, remembered: make a new one when claims have changed."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._found: dict[str, Number] = {}
        self._linked: dict[Number, list[str]] = {}
        self._merging: dict[str, list[str]] = {}

    def of(self, number: str) -> Number:
        found = self._found.get(number)
        if found is None:
            surviving, last = self._end(number)
            names = self._names(last)
            found = self._found[number] = Number(surviving, names, self._crowded(names))
        return found

    def usable(self, subject: str, said: Evidence) -> tuple[str, ...]:
        """The numbers by which a source patient could be linked, sorted; more than one contradict each other."""
        if not said.numbers:
            return ()
        source = subject.partition("|")[0]
        if len(said.numbers) == 1:
            only = self.of(said.numbers[0]).usable(source)
            return () if only is None else (only,)
        return tuple(sorted({found for number in said.numbers if (found := self.of(number).usable(source)) is not None}))

    def called(self, number: str) -> set[str]:
        """It, and those that are one with it."""
        return {number, *self.of(number).names}

    def answered(self, said: Evidence) -> Answered:
        """What holds for whoever carries these numbers, with whatever status: what was answered of them, or of those one with them."""
        found = Answered()
        for number in {number for number, _ in said.carried}:
            if verified(number, VERIFIED):
                found = self.answered_of(number).beside(found)
        return found

    def answered_of(self, number: str) -> Answered:
        """Of it and of those that are one with it."""
        names, answers = self.called(number), self._view.answers
        return together([answers(OPTED_OUT, name) for name in names], [answers(RESTRICTED, name) for name in names])

    def linked(self, number: Number) -> list[str]:
        """Who carries it of those sources whose patients it may link, sorted."""
        found = self._linked.get(number)
        if found is None:
            found = self._linked[number] = sorted({
                each for name in number.names for source in self._view.crowd(name) if number.usable(source) is not None
                for each in self._view.carrying(name, source)})
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

    def _gone(self, subject: str) -> bool:
        """Whether its source merged it into another."""
        return any(who == subject for who, _ in self.merges(subject, self._view.said(subject))) or (not self.overrun(subject) and any(
            subject in self._view.said(other).replaces and not self.overrun(other) for other in self._merged(subject)))

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

    def _end(self, number: str) -> tuple[str | None, str]:
        """Follows the chain: which survives, and which is the last. Round a circle it is the least: any one would do, if it is the same
        whoever asks first."""
        passed: list[str] = []
        while True:
            after = self._view.successors(number)
            if not after:
                return number, number
            if len(after) > 1 or "" in after:
                return None, number
            if number in passed:
                least = min(passed[passed.index(number):])
                return least, least
            passed.append(number)
            (number,) = after

    def _names(self, last: str) -> tuple[str, ...]:
        if not self._view.predecessors(last):
            return (last,)
        seen, todo = {last}, [last]
        while todo:
            for old in self._view.predecessors(todo.pop()):
                if old not in seen and len(self._view.successors(old)) == 1:  # else it is neither this one nor the other
                    seen.add(old)
                    todo.append(old)
        return tuple(sorted(seen))

    def _crowded(self, names: tuple[str, ...]) -> tuple[str, ...]:
        carried: Counter[str] = Counter()
        for name in names:
            carried.update(self._view.crowd(name))
        return tuple(sorted(source for source, count in carried.items() if count > CROWD and self._crowd(source, names, count)))

    def _crowd(self, source: str, names: tuple[str, ...], count: int) -> bool:
        """Whom one patient may have replaced, and that patient, are as many as are looked at: more are a crowd, whatever was merged."""
        return count > MERGED_BY + 1 or sum(
            not self._gone(each) for each in {each for name in names for each in self._view.carrying(name, source)}) > CROWD

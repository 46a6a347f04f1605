"""From the evidence about source patients that may belong together to persons, and to what a human has to look at.

Layers, each as `apart.settle` does it: what humans joined; merges of a source; verified numbers; likeness, where that is turned on.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from processors.identity import persons
from processors.identity.alike import Alike
from processors.identity.apart import Blocks, Pair, decided, ordered, settle
from processors.identity.demographics import Demographics, contradiction
from processors.identity.evidence import PAIR, Evidence
from processors.identity.numbers import Numbers, View
from processors.identity.persons import Placed


class Finding(NamedTuple):
    """Something only a human can settle."""

    reason: str
    subjects: tuple[str, ...]
    about: str
    """What it is one finding of, whoever else comes to it."""


class Placement(NamedTuple):
    persons: dict[str, Placed]
    findings: list[Finding]


def neighbourhood(subject: str, view: View, numbers: Numbers, alike: Alike | None) -> list[str]:
    """Everyone whose person may depend on what this source patient's claims say, sorted."""
    seen, todo = {subject}, [subject]
    while todo:
        one = todo.pop()
        said = view.said(one)
        near = {*said.pointed_at, *view.pointing(one)}
        for number in numbers.usable(said):
            near.update(numbers.carriers(number))
        if alike is not None:
            near |= alike.near(one)
        todo += near - seen
        seen |= near
    return sorted(seen)


def place(members: Mapping[str, Evidence], numbers: Numbers, key: bytes, alike: Alike | None) -> Placement:
    """The persons of the source patients of one neighbourhood."""
    if len(members) == 1:
        ((subject, said),) = members.items()
        return _alone(subject, said, numbers, key)
    number = _one_number(members.values(), numbers)
    if number is not None:
        placed = Placed(persons.numbered_person(key, number), persons.VERIFIED_NUMBER)
        return Placement(dict.fromkeys(sorted(members), placed), [])
    return _Placing(members, numbers, key, alike).placement()


def _one_number(members: Iterable[Evidence], numbers: Numbers) -> str | None:
    """The number that all carry, each that one alone, where nothing speaks against it: what the layers come to then needs none of them."""
    found: set[tuple[str, ...]] = set()
    values: set[Demographics] = set()
    for said in members:
        found.add(numbers.usable(said))
        if said.pointed_at or len(found) > 1:
            return None
        if said.demographics is not None:
            values.add(said.demographics)
    (usable,) = found
    if len(usable) != 1 or any(contradiction(one, other) for one, other in combinations(values, 2)):
        return None
    return usable[0]


def _alone(subject: str, said: Evidence, numbers: Numbers, key: bytes) -> Placement:
    usable = numbers.usable(said)
    if len(usable) == 1:
        return Placement({subject: Placed(persons.numbered_person(key, usable[0]), persons.VERIFIED_NUMBER)}, [])
    findings = [Finding(persons.CONFLICTING_NUMBERS, (subject,), subject)] if usable else []
    return Placement({subject: Placed(persons.own_person(key, subject), _why_alone(said, numbers, usable))}, findings)


def _why_alone(said: Evidence, numbers: Numbers, usable: Sequence[str]) -> str:
    if len(usable) > 1:
        return persons.CONFLICTING_NUMBERS
    if said.numbers and not usable:
        crowded = any(numbers.of(number).crowded for number in said.numbers)
        return persons.SHARED_NUMBER if crowded else persons.VOID_NUMBER
    return persons.OWN_PERSON


class _Placing:
    def __init__(self, members: Mapping[str, Evidence], numbers: Numbers, key: bytes, alike: Alike | None) -> None:
        self._members, self._numbers, self._key, self._alike = members, numbers, key, alike
        self._usable = {subject: numbers.usable(said) for subject, said in members.items()}
        self._groups: defaultdict[str, list[str]] = defaultdict(list)
        """Number -> who may be linked by it: it is the only one they carry."""
        for subject in sorted(members):
            if len(usable := self._usable[subject]) == 1:
                self._groups[usable[0]].append(subject)
        self._merges = sorted({(subject, into) for subject, said in members.items() for into in said.merged_into if into in members})
        self._blocks = Blocks(sorted(members))
        self._decided = decided(members, self._blocks)
        self._joined_by_human = {each for pair in self._decided.together for each in pair}
        self._contradicting: set[Pair] = set()

    def placement(self) -> Placement:
        settle(self._blocks, self._merges, self._apart(self._numbers_apart))
        merged = self._blocks.copy()
        settle(self._blocks, list(self._groups.values()), self._apart(self._numbers_apart, self._demographics_apart(merged)))
        if self._alike is not None:
            self._unscored = self._blocks.copy()
            links = sorted({ordered(one, other) for one in self._members for other in self._alike.near(one)})
            settle(self._blocks, links, self._apart(self._numbers_apart, self._not_alike(self._alike)))
        return Placement(self._persons(), [*self._unsettled_merges(merged), *self._unsettled_numbers(), *self._on_their_own()])

    def _apart(self, *rules: Callable[[list[str]], Iterable[Pair]]) -> Callable[[list[str]], Iterator[Pair]]:
        def pairs(blocks: list[str]) -> Iterator[Pair]:
            within = set(blocks)
            for one, other in self._decided.apart:
                ours, theirs = self._blocks.of(one), self._blocks.of(other)
                if ours in within and theirs in within:
                    yield ours, theirs
            for rule in rules:
                yield from rule(blocks)

        return pairs

    def _numbers_apart(self, blocks: list[str]) -> Iterator[Pair]:
        """Blocks that carry verified numbers and have none in common, or one of whose members contradicts itself."""
        carried: defaultdict[str, set[str]] = defaultdict(set)
        torn: set[str] = set()
        for subject, usable in self._usable.items():
            block = self._blocks.of(subject)
            carried[block].update(usable)
            if len(usable) > 1 and subject not in self._joined_by_human:
                torn.add(block)
        numbered = [block for block in blocks if carried[block]]
        if len({frozenset(carried[block]) for block in numbered}) > 1 or torn:
            for one, other in combinations(numbered, 2):
                if carried[one].isdisjoint(carried[other]) or one in torn or other in torn:
                    yield one, other

    def _demographics_apart(self, merged: Blocks) -> Callable[[list[str]], Iterator[Pair]]:
        def pairs(blocks: list[str]) -> Iterator[Pair]:
            within = set(blocks)
            for carriers in self._groups.values():
                by_value: defaultdict[Demographics, set[str]] = defaultdict(set)
                for subject in carriers:
                    who = self._members[subject].demographics
                    if who is not None and merged.of(subject) in within:
                        by_value[who].add(subject)
                for one, other in combinations(by_value, 2):
                    if contradiction(one, other):
                        for a in by_value[one]:
                            for b in by_value[other]:
                                if merged.of(a) != merged.of(b):
                                    self._contradicting.add(ordered(a, b))
                                    yield merged.of(a), merged.of(b)

        return pairs

    def _not_alike(self, alike: Alike) -> Callable[[list[str]], Iterator[Pair]]:
        def pairs(blocks: list[str]) -> Iterator[Pair]:
            members = self._blocks.all()
            for one, other in combinations(blocks, 2):
                if not all(alike.passes(a, b) for a in members[one] for b in members[other]):
                    yield one, other

        return pairs

    def _persons(self) -> dict[str, Placed]:
        found: dict[str, Placed] = {}
        keepers = {number: self._keeper(carriers) for number, carriers in self._groups.items()}
        for block, members in self._blocks.all().items():
            kept = [number for number, keeper in keepers.items() if keeper == block]
            person = persons.numbered_person(self._key, min(kept)) if kept else persons.own_person(self._key, block)
            for subject in members:
                found[subject] = Placed(person, self._reason(subject, len(members) > 1, bool(kept), subject in self._joined_by_human))
        return found

    def _keeper(self, carriers: list[str]) -> str | None:
        """Whose person is named by the number: a matter of moving few, not of who is right. Nobody's where no side is the larger.

        Persons that carry other numbers besides come second: only a human can have made them.
        """
        sides = Counter(self._blocks.of(subject) for subject in carriers)
        plain = {block: count for block, count in sides.items() if self._plain(block)} or sides
        most = max(plain.values())
        keepers = [block for block, count in plain.items() if count == most]
        return keepers[0] if len(keepers) == 1 else None

    def _plain(self, block: str) -> bool:
        return sum(any(self._blocks.of(subject) == block for subject in carriers) for carriers in self._groups.values()) == 1

    def _reason(self, subject: str, joined: bool, named: bool, by_human: bool) -> str:
        usable = self._usable[subject]
        if len(usable) == 1 and named:
            return persons.VERIFIED_NUMBER
        if by_human:
            return persons.DECIDED
        if joined and self._scored(subject):
            return persons.SCORED
        if joined:
            return persons.VERIFIED_NUMBER if len(usable) == 1 else persons.MERGED_IN_SOURCE
        if any(subject in pair for pair in self._contradicting):
            return persons.CONTRADICTED
        if len(usable) == 1 or any(subject in pair for pair in self._decided.apart):
            return persons.KEPT_APART
        if len(usable) > 1 or any(subject in pair for pair in self._merges):
            return persons.CONFLICTING_NUMBERS
        return _why_alone(self._members[subject], self._numbers, usable)

    def _scored(self, subject: str) -> bool:
        """Whether likeness brought it to its person, and it brought no number."""
        if self._alike is None:
            return False
        ours, before = self._blocks.of(subject), self._unscored.of(subject)
        return any(self._blocks.of(each) == ours and self._unscored.of(each) != before for each in self._members) \
            and not any(self._usable[each] for each in self._members if self._unscored.of(each) == before)

    def _unsettled_merges(self, merged: Blocks) -> Iterator[Finding]:
        for pair in sorted(self._decided.set_aside):
            yield Finding(persons.CONFLICTING_DECISIONS, pair, PAIR.join(pair))
        seen: set[Pair] = set()
        for one, other in self._merges:
            pair = ordered(one, other)
            if merged.of(one) != merged.of(other) and self._blocks.of(one) != self._blocks.of(other) and not self._settled(one, other) \
                    and pair not in seen:
                seen.add(pair)
                both = self._usable[one] and self._usable[other]
                yield Finding(persons.CONFLICTING_NUMBERS if both else persons.KEPT_APART, pair, PAIR.join(pair))

    def _unsettled_numbers(self) -> Iterator[Finding]:
        """A number some of whose carriers are apart without a human having said so."""
        for number, carriers in self._groups.items():
            sides: defaultdict[str, list[str]] = defaultdict(list)
            for subject in carriers:
                sides[self._blocks.of(subject)].append(subject)
            open_ = {side for one, other in combinations(sorted(sides), 2) if not self._settled(one, other) for side in (one, other)}
            if open_:
                subjects = tuple(sorted(subject for side in open_ for subject in sides[side]))
                contradicted = any(set(pair) <= set(subjects) for pair in self._contradicting)
                yield Finding(persons.CONTRADICTED if contradicted else persons.KEPT_APART, subjects, f"n|{number}")

    def _on_their_own(self) -> Iterator[Finding]:
        for subject, usable in self._usable.items():
            if len(usable) > 1:
                yield Finding(persons.CONFLICTING_NUMBERS, (subject,), subject)

    def _settled(self, one: str, other: str) -> bool:
        """Whether a human said that the persons of the two are not one."""
        ours = {self._blocks.of(one), self._blocks.of(other)}
        return any({self._blocks.of(a), self._blocks.of(b)} == ours for a, b in self._decided.apart)


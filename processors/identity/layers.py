"""The persons of one neighbourhood where evidence contradicts, layer by layer, and what that leaves to humans.

Each layer is one `apart.settle`: what humans joined; merges of a source; verified numbers; likeness, where that is turned on. The cost
grows with the neighbourhood, not with its pairs: a hospital that merges a thousand patients into one must not hold up everyone else.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import combinations
from typing import NamedTuple

from processors.identity import persons
from processors.identity.alike import Alike
from processors.identity.apart import Blocks, Foes, Pair, by_whole, decided, ordered, settle, whole_of
from processors.identity.demographics import Demographics, contradiction
from processors.identity.evidence import PAIR, Evidence
from processors.identity.numbers import Numbers
from processors.identity.persons import Placed

LOOKALIKES = 100
"""More blocks than this that likeness strings together are a crowd of lookalikes, not a person in pieces: it links none of them."""


class Finding(NamedTuple):
    """Something only a human can settle."""

    reason: str
    subjects: tuple[str, ...]
    about: str
    """What it is one finding of, whoever else comes to it."""


class Placement(NamedTuple):
    persons: dict[str, Placed]
    findings: list[Finding]


class Layers:
    """`placement` once."""

    def __init__(self, members: Mapping[str, Evidence], numbers: Numbers, key: bytes, alike: Alike | None) -> None:
        self._members, self._numbers, self._key, self._alike = members, numbers, key, alike
        self._usable = {subject: numbers.usable(subject, said) for subject, said in members.items()}
        self._groups: defaultdict[str, list[str]] = defaultdict(list)
        """Number -> who may be linked by it: it is the only one they carry."""
        for subject in sorted(members):
            if len(usable := self._usable[subject]) == 1:
                self._groups[usable[0]].append(subject)
        self._merges = sorted({pair for subject, said in members.items() if said.merges
                               for pair in numbers.merges(subject, said) if members.keys() >= set(pair)})
        self._blocks = Blocks(sorted(members))
        self._decided = decided(members, self._blocks)
        self._by_human = self._blocks.copy()
        self._joined_by_human = _in(self._decided.together)
        self._merged = self._unscored = self._blocks
        self._contradicting: defaultdict[str, set[str]] = defaultdict(set)

    def placement(self) -> Placement:
        rules = (self._decided_apart, self._numbers_apart, self._corrections_apart)
        settle(self._blocks, self._merges, rules)
        self._merged = self._blocks.copy()
        settle(self._blocks, list(self._groups.values()), (*rules, self._demographics_apart), by_number=True)
        self._unscored = self._blocks.copy()
        if self._alike is not None:
            settle(self._blocks, self._likenesses(self._alike), (*rules, self._not_alike))
        settled = {ordered(self._blocks.of(one), self._blocks.of(other)) for one, other in self._decided.apart}
        return Placement(self._persons(), [*self._unsettled_merges(settled), *self._unsettled_numbers(settled), *self._on_their_own()])

    def _decided_apart(self, joined: Mapping[str, str], foes: Foes) -> None:
        for pair in self._decided.apart:
            one, other = map(self._blocks.of, pair)
            if one in joined and joined[one] == joined.get(other):
                foes.apart(one, other)

    def _numbers_apart(self, joined: Mapping[str, str], foes: Foes) -> None:
        """Blocks that carry verified numbers and have none in common, or one of whose members contradicts itself."""
        carried: defaultdict[str, set[str]] = defaultdict(set)
        torn: set[str] = set()
        for subject, usable in self._usable.items():
            block = self._blocks.of(subject)
            if usable and block in joined:
                carried[block].update(usable)
                if len(usable) > 1 and subject not in self._joined_by_human:
                    torn.add(block)
        for whole, blocks in by_whole(joined, carried).items():
            bearers: defaultdict[str, set[str]] = defaultdict(set)
            for block in blocks:
                for number in () if block in torn else carried[block]:
                    bearers[number].add(block)
            foes.strangers(whole, {
                block: frozenset({block}.union(*(() if block in torn else map(bearers.__getitem__, carried[block])))) for block in blocks})

    def _corrections_apart(self, joined: Mapping[str, str], foes: Foes) -> None:
        """A right id must not have been anybody's (HL7 UK A.3, A47): where it is somebody else's, the correction named a wrong one."""
        for one, other in self._corrections():
            ours, theirs = self._blocks.of(one), self._blocks.of(other)
            if ours != theirs and self._contradict(one, other):
                self._contradicting[one].add(other)
                self._contradicting[other].add(one)
                if ours in joined and joined[ours] == joined.get(theirs):
                    foes.apart(ours, theirs)

    def _corrections(self) -> Iterator[Pair]:
        return ((one, other) for one, other in self._merges if other in self._members[one].corrected_to)

    def _contradict(self, one: str, other: str) -> bool:
        ours, theirs = self._members[one].demographics, self._members[other].demographics
        return ours is not None and theirs is not None and contradiction(ours, theirs) is not None

    def _demographics_apart(self, joined: Mapping[str, str], foes: Foes) -> None:
        for carriers in self._groups.values():
            by_value: defaultdict[Demographics, set[str]] = defaultdict(set)
            for subject in carriers:
                who = self._members[subject].demographics
                if who is not None and self._merged.of(subject) in joined:
                    by_value[who].add(subject)
            for one, other in combinations(by_value, 2):
                if contradiction(one, other):
                    for a in by_value[one]:
                        for b in by_value[other]:
                            if (ours := self._merged.of(a)) != (theirs := self._merged.of(b)):
                                self._contradicting[a].add(b)
                                self._contradicting[b].add(a)
                                foes.apart(ours, theirs)

    def _likenesses(self, alike: Alike) -> list[Pair]:
        """Who passes with whom, but for crowds of lookalikes."""
        links = sorted({ordered(one, other) for one in self._members for other in alike.near(one)})
        wished = whole_of(self._blocks, links)
        blocks = Counter(wished.of(block) for block in self._blocks.all())
        return [link for link in links if blocks[wished.of(link[0])] <= LOOKALIKES]

    def _not_alike(self, joined: Mapping[str, str], foes: Foes) -> None:
        alike, members = self._alike, self._blocks.all()
        if alike is None:
            return
        for blocks in by_whole(joined, joined).values():
            for one, other in combinations(blocks, 2):
                if not all(alike.passes(a, b) for a in members[one] for b in members[other]):
                    foes.apart(one, other)

    def _persons(self) -> dict[str, Placed]:
        kept: defaultdict[str, list[str]] = defaultdict(list)
        numbered = Counter(block for carriers in self._groups.values() for block in set(map(self._blocks.of, carriers)))
        for number, carriers in self._groups.items():
            if (keeper := self._keeper(carriers, numbered)) is not None:
                kept[keeper].append(number)
        reason, found = self._reasons(), dict[str, Placed]()
        for block, members in self._blocks.all().items():
            numbers = kept.get(block)
            person = persons.numbered_person(self._key, min(numbers)) if numbers else persons.own_person(self._key, block)
            for subject in members:
                found[subject] = Placed(person, reason(subject, len(members) > 1, bool(numbers)))
        return found

    def _keeper(self, carriers: list[str], numbered: Counter[str]) -> str | None:
        """Whose person is named by the number: a matter of moving few, not of who is right. Nobody's where no side is the larger.

        Persons that carry other numbers besides come second: only a human can have made them. `numbered`: how many numbers each carries."""
        sides = Counter(map(self._blocks.of, carriers))
        plain = {block: count for block, count in sides.items() if numbered[block] == 1} or sides
        most = max(plain.values())
        keepers = [block for block, count in plain.items() if count == most]
        return keepers[0] if len(keepers) == 1 else None

    def _reasons(self) -> Callable[[str, bool, bool], str]:
        """Of a source patient; whether others are with it; whether a number names its person."""
        contradicting, merging, apart = self._contradicting.keys(), _in(self._merges), _in(self._decided.apart)
        scored = self._scored()

        def reason(subject: str, joined: bool, named: bool) -> str:
            usable = self._usable[subject]
            if len(usable) == 1 and named:
                return persons.VERIFIED_NUMBER
            if subject in self._joined_by_human:
                return persons.DECIDED
            if joined and self._unscored.of(subject) in scored:
                return persons.SCORED
            if joined:
                return persons.VERIFIED_NUMBER if len(usable) == 1 else persons.MERGED_IN_SOURCE
            if subject in contradicting:
                return persons.CONTRADICTED
            if len(usable) == 1 or subject in apart:
                return persons.KEPT_APART
            if len(usable) > 1 or subject in merging:
                return persons.CONFLICTING_NUMBERS
            return why_alone(self._members[subject], self._numbers, usable)

        return reason

    def _scored(self) -> set[str]:
        """Of the blocks before the last layer, those that likeness brought to others, and that brought no number."""
        if self._alike is None:
            return set()
        before = self._unscored.all()
        parts = Counter(map(self._blocks.of, before))
        return {block for block, members in before.items()
                if parts[self._blocks.of(block)] > 1 and not any(self._usable[each] for each in members)}

    def _unsettled_merges(self, settled: Set[Pair]) -> Iterator[Finding]:
        """`settled`: blocks of which a human said that they are not one person."""
        for pair in sorted(self._decided.set_aside):
            yield Finding(persons.CONFLICTING_DECISIONS, pair, PAIR.join(pair))
        seen: set[Pair] = set()
        for one, other in self._merges:
            pair, blocks = ordered(one, other), ordered(self._blocks.of(one), self._blocks.of(other))
            if pair in seen or blocks in settled or self._by_human.of(one) == self._by_human.of(other):
                continue
            if self._contradict(one, other) and (blocks[0] == blocks[1] or other in self._contradicting.get(one, ())):
                seen.add(pair)
                yield Finding(persons.CONTRADICTED, pair, PAIR.join(pair))
            elif self._merged.of(one) != self._merged.of(other) and blocks[0] != blocks[1]:
                seen.add(pair)
                both = self._usable[one] and self._usable[other]
                yield Finding(persons.CONFLICTING_NUMBERS if both else persons.KEPT_APART, pair, PAIR.join(pair))

    def _unsettled_numbers(self, settled: Set[Pair]) -> Iterator[Finding]:
        """A number some of whose carriers are apart without a human having said so."""
        for number, carriers in self._groups.items():
            sides: defaultdict[str, list[str]] = defaultdict(list)
            for subject in carriers:
                sides[self._blocks.of(subject)].append(subject)
            open_ = {side for pair in combinations(sorted(sides), 2) if pair not in settled for side in pair}
            if open_:
                subjects = {subject for side in open_ for subject in sides[side]}
                contradicted = any(not subjects.isdisjoint(self._contradicting[each]) for each in subjects & self._contradicting.keys())
                yield Finding(persons.CONTRADICTED if contradicted else persons.KEPT_APART, tuple(sorted(subjects)), f"n|{number}")

    def _on_their_own(self) -> Iterator[Finding]:
        for subject, usable in self._usable.items():
            yield from on_its_own(subject, usable, self._numbers)


def _in(pairs: Iterable[Pair]) -> frozenset[str]:
    return frozenset(each for pair in pairs for each in pair)


def on_its_own(subject: str, usable: Sequence[str], numbers: Numbers) -> Iterator[Finding]:
    """What is to be looked at of one source patient, whoever else there is. `usable`: the numbers by which it could be linked."""
    if len(usable) > 1:
        yield Finding(persons.CONFLICTING_NUMBERS, (subject,), subject)
    if numbers.overrun(subject):
        yield Finding(persons.OVERRUN, (subject,), subject)


def why_alone(said: Evidence, numbers: Numbers, usable: Sequence[str]) -> str:
    """Of one that nothing links. `usable`: the numbers by which it could be."""
    if len(usable) > 1:
        return persons.CONFLICTING_NUMBERS
    if said.numbers and not usable:
        crowded = any(numbers.of(number).crowded for number in said.numbers)
        return persons.SHARED_NUMBER if crowded else persons.VOID_NUMBER
    return persons.OVERRUN if any(map(numbers.overrun, said.merged_into)) else persons.OWN_PERSON

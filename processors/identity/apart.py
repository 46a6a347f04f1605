"""What links against what holds apart, decided without regard to order.

A link holds where its two ends are held apart from exactly the same others. That relation is transitive, so that no link has to be
preferred to another, and nobody is put on a side by chance: who could belong to either of two that are apart belongs to neither. Nor, where
only a number links them, to another of whom that is true: one may be the one's, and the other the other's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

from processors.identity.evidence import Decision, Evidence

Pair = tuple[str, str]


class Blocks:
    """Disjoint sets of source patients; each is named by its least member."""

    def __init__(self, members: Iterable[str]) -> None:
        self._above = {member: member for member in members}

    def of(self, member: str) -> str:
        above = self._above
        while (found := above[member]) != member:
            above[member] = above[found]
            member = found
        return member

    def join(self, one: str, other: str) -> None:
        ours, theirs = self.of(one), self.of(other)
        if ours != theirs:
            self._above[max(ours, theirs)] = min(ours, theirs)

    def all(self) -> dict[str, list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for member in self._above:
            found[self.of(member)].append(member)
        return {block: sorted(members) for block, members in found.items()}

    def copy(self) -> Blocks:
        found = Blocks(())
        found._above = dict(self._above)
        return found


class Decided(NamedTuple):
    """Human decisions in force among some source patients."""

    together: frozenset[Pair] = frozenset()
    apart: frozenset[Pair] = frozenset()
    set_aside: frozenset[Pair] = frozenset()
    """Against newer ones."""


def decided(members: Mapping[str, Evidence], blocks: Blocks) -> Decided:
    """Joins in `blocks` what humans joined. Newest first: a decision that newer ones make impossible is set aside, not half obeyed."""
    greatest: dict[Pair, Decision] = {}
    for subject, said in members.items():
        for decision in said.decisions:
            if decision.other in members:
                pair = ordered(subject, decision.other)
                if pair not in greatest or _rank(decision) > _rank(greatest[pair]):
                    greatest[pair] = decision
    together, apart, aside = set[Pair](), set[Pair](), set[Pair]()
    standing = [(pair, decision) for pair, decision in greatest.items() if decision.stands]
    for pair, decision in sorted(standing, key=lambda each: (_rank(each[1]), each[0]), reverse=True):
        ours, theirs = (blocks.of(each) for each in pair)
        if decision.apart:
            (aside if ours == theirs else apart).add(pair)
        elif any({blocks.of(a), blocks.of(b)} == {ours, theirs} for a, b in apart):
            aside.add(pair)
        else:
            together.add(pair)
            blocks.join(*pair)
    return Decided(frozenset(together), frozenset(apart), frozenset(aside))


def newest(one: str, ours: Evidence, other: str, theirs: Evidence) -> Decision | None:
    """The decision about a pair that counts."""
    found = [*(each for each in ours.decisions if each.other == other), *(each for each in theirs.decisions if each.other == one)]
    return max(found, key=_rank, default=None)


def ordered(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)


class Foes:
    """Which blocks must not be together. Blocks that carry numbers are apart from most others that do: of them only friends are kept, so
    that the cost is that of what they have in common, not of all pairs."""

    def __init__(self) -> None:
        self._pairs: defaultdict[str, set[str]] = defaultdict(set)
        self._friends: dict[str, frozenset[str]] = {}
        self._strangers: dict[str, frozenset[str]] = {}

    def apart(self, one: str, other: str) -> None:
        self._pairs[one].add(other)
        self._pairs[other].add(one)

    def strangers(self, whole: str, friends: Mapping[str, frozenset[str]]) -> None:
        """Each of these blocks is apart from all others of them but its friends; it is one itself. Once for each whole."""
        self._friends.update(friends)
        self._strangers[whole] = frozenset(friends)

    def mark(self, block: str, whole: str) -> Hashable:
        """Equal for blocks of one whole that are apart from exactly the same others."""
        among = self._strangers.get(whole, _NONE)
        pairs, friends = frozenset(self._pairs.get(block, ())), self._friends.get(block)
        spared = among - pairs if friends is None else friends - pairs
        beyond = pairs - among
        if 2 * len(spared) > len(among) or not among:
            return beyond | (among - spared)
        return spared, beyond

    def between(self, block: str) -> bool:
        """Whether it could belong to either of two that are apart. Of a block in a whole of which all are told as strangers."""
        could_be = self._friends[block].difference(self._pairs.get(block, ()))
        return any(not could_be.isdisjoint(self._pairs.get(each, ())) or not could_be <= self._friends[each] for each in could_be)


def whole_of(blocks: Blocks, groups: Iterable[Sequence[str]]) -> Blocks:
    """The blocks as they would be if nothing were held apart."""
    wished = blocks.copy()
    for group in groups:
        for member in group[1:]:
            wished.join(group[0], member)
    return wished


Rule = Callable[[Mapping[str, str], Foes], None]
"""What holds blocks apart. Given: block -> the whole that the groups would make of it and others, of each that they would join."""


def by_whole(joined: Mapping[str, str], blocks: Iterable[str]) -> dict[str, list[str]]:
    """Those blocks, by the whole that they would be part of. `joined`: as a rule is given it."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for block in blocks:
        found[joined[block]].append(block)
    return found


def settle(blocks: Blocks, groups: Sequence[Sequence[str]], rules: Iterable[Rule], *, by_number: bool = False) -> None:
    """Joins in `blocks` the members of each group, as far as the links hold. `by_number`: a group is who carries one, and all do."""
    wished = whole_of(blocks, groups)
    wholes: defaultdict[str, set[str]] = defaultdict(set)
    for group in groups:
        for member in group:
            wholes[wished.of(member)].add(blocks.of(member))
    foes = Foes()
    joined = {block: whole for whole in sorted(wholes) if len(wholes[whole]) > 1 for block in sorted(wholes[whole])}
    for rule in rules:
        rule(joined, foes)
    marks: dict[str, Hashable] = {}
    holding: list[list[str]] = []
    for group in groups:
        sides: defaultdict[Hashable, dict[str, None]] = defaultdict(dict)
        for member in group:
            block = blocks.of(member)
            if block not in marks:
                marks[block] = foes.mark(block, wished.of(member))
            sides[marks[block]][block] = None
        holding += [side for side in map(list, sides.values()) if len(side) > 1 and not (by_number and foes.between(side[0]))]
    for side in holding:
        for block in side[1:]:
            blocks.join(side[0], block)


def _rank(decision: Decision) -> tuple[int, str, bool, bool, str]:
    return decision.incarnation, decision.position, decision.stands, decision.apart, decision.digest


_NONE: frozenset[str] = frozenset()

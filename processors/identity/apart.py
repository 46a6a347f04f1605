"""What links against what holds apart, decided without regard to order.

A link holds where its two ends are held apart from exactly the same others. That relation is transitive, so that no link has to be
preferred to another, and nobody is put on a side by chance: who could belong to either of two that are apart belongs to neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
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


def settle(blocks: Blocks, groups: Sequence[Sequence[str]], apart: Callable[[list[str]], Iterable[Pair]]) -> None:
    """Joins in `blocks` the members of each group, as far as the links hold.

    `apart`: of blocks that the groups would join, the pairs (of blocks) that must not be together.
    """
    wished = blocks.copy()
    for group in groups:
        for member in group[1:]:
            wished.join(group[0], member)
    joined: defaultdict[str, set[str]] = defaultdict(set)
    for group in groups:
        for member in group:
            joined[wished.of(member)].add(blocks.of(member))
    foes: defaultdict[str, set[str]] = defaultdict(set)
    for some in joined.values():
        if len(some) > 1:
            for one, other in apart(sorted(some)):
                foes[one].add(other)
                foes[other].add(one)
    holding = []
    for group in groups:
        sides: defaultdict[frozenset[str], list[str]] = defaultdict(list)
        for member in group:
            sides[frozenset(foes.get(blocks.of(member), ()))].append(member)
        holding += sides.values()
    for side in holding:
        for member in side[1:]:
            blocks.join(side[0], member)


def _rank(decision: Decision) -> tuple[int, str, bool, bool, str]:
    return decision.incarnation, decision.position, decision.stands, decision.apart, decision.digest

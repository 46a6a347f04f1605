"""Who is with whom, worked out once more as docs/identity.md has it: everyone at once, pair by pair, with no neighbourhoods."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem.model import Claim
from processors.identity import claimed as from_scratch
from processors.identity import numbers as of_numbers
from processors.identity.claimed import Claimed
from processors.identity.demographics import contradiction
from processors.identity.evidence import Evidence
from processors.identity.linker import assign
from processors.identity.persons import own_person
from tests.processors.identity.test_linker import CHAIN
from tests.processors.identity.test_persons import BABY, MUM, became, link, merged, number, unlink, who
from tests.strategies import KEY, claims, statuses

Block = frozenset[str]
Blocks = dict[str, Block]


def source(subject: str) -> str:
    return subject.partition("|")[0]


class Model:
    """`blocks` is the answer: each source patient's person, as the set of those who are it."""

    def __init__(self, said: Mapping[str, Evidence], crowd: int, merged_by: int) -> None:
        self.said, self.crowd, self.merged_by = said, crowd, merged_by
        everyone = {*said, *(other for each in said.values() for other in each.pointed_at)}
        self.blocks: Blocks = {each: frozenset({each}) for each in everyone}
        self.apart: set[Block] = set()
        self.by_human: set[str] = set()
        self.merges, self.corrections = self._merges()
        self.usable = self._usable()
        self._decide()
        self._settle(self.merges, self._held_apart)
        self.carriers = {each: next(iter(numbers)) for each, numbers in self.usable.items() if len(numbers) == 1}
        pairs = combinations(sorted(self.carriers), 2)
        self._settle([pair for pair in pairs if self._of_one_number(*pair)], self._held_apart_by_demographics, by_number=True)

    def _merges(self) -> tuple[list[tuple[str, str]], set[tuple[str, str]]]:
        """Who into whom, of places that not too many were merged into; and which of these are corrections."""
        told = [(one, into) for one, said in self.said.items() for into in said.merged_into]
        by_survivor = [(other, one) for one, said in self.said.items() for other in said.replaces]
        named: dict[str, set[str]] = {}
        for one, other in [*told, *by_survivor]:
            named.setdefault(other, set()).add(one)
        for other, survivor in by_survivor:
            named.setdefault(other, set()).add(survivor)
        overrun = {one for one, others in named.items() if len(others) > self.merged_by}
        joining = [pair for pair in told if pair[1] not in overrun]
        corrections = {pair for pair in joining if pair[1] in self.said[pair[0]].corrected_to}
        return [*joining, *(pair for pair in by_survivor if overrun.isdisjoint(pair))], corrections & {*joining}

    def _usable(self) -> dict[str, set[str]]:
        became_: dict[str, set[str]] = {}
        for said in self.said.values():
            for old, new in said.superseded:
                became_.setdefault(old, set()).add(new)

        def survivor(number: str) -> str | None:
            passed: list[str] = []
            while after := became_.get(number):
                if len(after) > 1 or "" in after:
                    return None
                if number in passed:
                    return min(passed[passed.index(number):])
                passed.append(number)
                (number,) = after
            return number

        gone = {who for who, _ in self.merges}
        carried: dict[tuple[str, str], list[str]] = {}
        for each, said in self.said.items():
            for carries in said.numbers:
                if (found := survivor(carries)) is not None:
                    carried.setdefault((found, source(each)), []).append(each)
        crowds = {name for name, who in carried.items()
                  if len(who) > self.crowd and (len(who) > self.merged_by + 1 or len(set(who) - gone) > self.crowd)}
        placeholders = {number for number, _ in crowds if len({of for each, of in crowds if each == number}) > 1}
        return {each: {found for number in said.numbers if (found := survivor(number)) is not None and found not in placeholders
                       and (found, source(each)) not in crowds} for each, said in self.said.items()}

    def _decide(self) -> None:
        newest: dict[Block, tuple[tuple[object, ...], bool, bool]] = {}
        for one, said in self.said.items():
            for each in said.decisions:
                rank = (each.incarnation, each.position, each.stands, each.apart, each.digest)
                pair = frozenset({one, each.other})
                if pair not in newest or rank > newest[pair][0]:
                    newest[pair] = rank, each.stands, each.apart
        for pair, (_, stands, apart) in sorted(newest.items(), key=lambda each: (each[1][0], sorted(each[0])), reverse=True):
            one, other = sorted(pair)
            if stands and apart and self.blocks[one] != self.blocks[other]:
                self.apart.add(pair)
            elif stands and not apart and not any(each <= self.blocks[one] | self.blocks[other] for each in self.apart):
                self._join(self.blocks, one, other)
                self.by_human |= pair

    def _held_apart(self, one: Block, other: Block) -> bool:
        if any(len(pair & one) == len(pair & other) == 1 for pair in self.apart):
            return True
        ours, theirs = ({number for each in block for number in self.usable.get(each, ())} for block in (one, other))
        torn = any(len(self.usable.get(each, ())) > 1 and each not in self.by_human for each in one | other)
        return bool(ours and theirs and (torn or not ours & theirs)) or any(
            self._contradict(a, b) for a, b in self.corrections if (a in one and b in other) or (a in other and b in one))

    def _of_one_number(self, a: str, b: str) -> bool:
        return a in self.carriers and self.carriers[a] == self.carriers.get(b)

    def _held_apart_by_demographics(self, one: Block, other: Block) -> bool:
        return self._held_apart(one, other) or any(self._of_one_number(a, b) and self._contradict(a, b) for a in one for b in other)

    def _contradict(self, a: str, b: str) -> bool:
        ours, theirs = (self.said[each].demographics if each in self.said else None for each in (a, b))
        return ours is not None and theirs is not None and contradiction(ours, theirs) is not None

    def _settle(self, links: Iterable[tuple[str, str]], held: Callable[[Block, Block], bool], *, by_number: bool = False) -> None:
        links, wished, now = list(links), dict(self.blocks), dict(self.blocks)
        for one, other in links:
            self._join(wished, one, other)
        blocks = set(self.blocks.values())
        near = {block: {each for each in blocks if wished[min(each)] == wished[min(block)]} for block in blocks}
        foes = {block: frozenset(each for each in near[block] if each != block and held(block, each)) for block in blocks}
        for one, other in links:
            ours, theirs = self.blocks[one], self.blocks[other]
            could_be = near[ours] - foes[ours]
            if foes[ours] == foes[theirs] and not (by_number and any(foes[each] & could_be for each in could_be)):
                self._join(now, one, other)
        self.blocks = now

    @staticmethod
    def _join(blocks: Blocks, one: str, other: str) -> None:
        whole = blocks[one] | blocks[other]
        blocks.update(dict.fromkeys(whole, whole))


SOME = ("A|1", "A|2", "A|3", "A|4", "B|1", "B|2", "C|1", "D|1")
pairs = st.tuples(st.sampled_from(SOME), st.sampled_from(SOME)).filter(lambda pair: pair[0] < pair[1])
family = st.builds(
    lambda carried, called, *more: [
        *(number(one, each) for one, each in zip(SOME, carried, strict=True) if each),
        *(who(one, **each) for one, each in zip(SOME, called, strict=True) if each), *(claim for several in more for claim in several)],
    st.tuples(*[st.sampled_from([CHAIN[0]] * 4 + [CHAIN[1], None])] * len(SOME)),
    st.tuples(*[st.sampled_from([None, None, None, MUM, BABY])] * len(SOME)),
    st.lists(st.builds(lambda pair, does: does(*pair), pairs, st.sampled_from([link, unlink, unlink])), max_size=2),
    st.lists(st.builds(merged, st.sampled_from(SOME[:4]), st.sampled_from(SOME[:4])), max_size=3),
    st.lists(st.builds(became, st.sampled_from(CHAIN[:2]), st.sampled_from([*CHAIN[:3], None]), status=statuses), max_size=1))
"""Most of them carry one number, mother and newborn among them."""


@pytest.mark.parametrize(("crowd", "merged_by"), [(1, 1), (1, 2), (2, 1), (5, 20)])
@settings(max_examples=200, deadline=None)
@given(st.one_of(family, st.lists(claims, max_size=25)))
def test_persons_are_as_the_page_says(crowd: int, merged_by: int, said: list[Claim]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(of_numbers, "CROWD", crowd)
        patch.setattr(of_numbers, "MERGED_BY", merged_by)
        patch.setattr(from_scratch, "MERGED_BY", merged_by)
        expected = Model(Claimed(said).evidence, crowd, merged_by).blocks
        placed = assign(said, KEY)
    persons: dict[str, set[str]] = {}
    for subject in expected:
        persons.setdefault(placed[subject].person if subject in placed else own_person(KEY, subject), set()).add(subject)
    assert {frozenset(each) for each in persons.values()} == set(expected.values()) and placed.keys() <= expected.keys()

"""A neighbourhood of many: what it costs, and whom likeness no longer links."""

from __future__ import annotations

import time

import pytest
from msgspec.structs import replace

from mainstem.model import Claim, Status, Task
from processors.identity import persons
from processors.identity.claimed import MERGED_BY, Claimed
from processors.identity.layers import LOOKALIKES, Layers
from processors.identity.linker import Linker, assign, review
from processors.identity.numbers import CROWD, Numbers
from processors.identity.placing import neighbourhood, place
from processors.lane.contract import Received
from processors.lane.memory import MemoryState
from schemas import topics
from seeds import nhs
from tests.processors.identity.test_persons import link, merged, number, replaces
from tests.strategies import KEY


def tree(size: int) -> list[Claim]:
    return [merged(f"A|{at}", f"A|{at // 10}") for at in range(1, size)]


def chain(size: int) -> list[Claim]:
    return [merged(f"A|{at}", f"A|{at - 1}") for at in range(1, size)]


def joined(size: int) -> list[Claim]:
    return [link(f"A|{at}", f"A|{at - 1}") for at in range(1, size)]


@pytest.mark.parametrize("shape", [tree, chain, joined])
@pytest.mark.parametrize("numbered", [True, False])
def test_cost_grows_with_the_neighbourhood_and_not_with_its_pairs(shape, numbered: bool) -> None:
    """A hospital that merges a thousand patients into one by mistake must not hold up everyone else."""
    costs = []
    for size in (250, 1000):
        claimed = [*shape(size), *(number(f"A|{at}", nhs.number(at)) for at in range(size if numbered else 0))]
        view = Claimed(claimed)
        spent = []
        for _ in range(3):
            begun = time.process_time()
            numbers = Numbers(view)
            members = {one: view.said(one) for one in neighbourhood("A|1", view, numbers, None)}
            found = place(members, numbers, KEY, None)
            spent.append(time.process_time() - begun)
        assert len(found.persons) == size
        costs.append(min(spent))
    assert costs[1] < 11 * costs[0], "four times as many, sixteen times the pairs"


class _Everyone:
    """Everyone passes with everyone."""

    def __init__(self, subjects: list[str]) -> None:
        self._subjects = frozenset(subjects)

    def near(self, subject: str) -> frozenset[str]:
        return self._subjects - {subject}

    def passes(self, one: str, other: str) -> bool:
        return True


@pytest.mark.parametrize(("size", "together"), [(LOOKALIKES, True), (LOOKALIKES + 1, False)])
def test_a_crowd_of_lookalikes_is_nobody(size: int, together: bool) -> None:
    members = [f"A|{at}" for at in range(size)]
    view = Claimed(merged(one, "B|1") for one in members)  # of another source: says nothing
    found = Layers({one: view.said(one) for one in members}, Numbers(view), KEY, _Everyone(members)).placement()
    assert len({placed.person for placed in found.persons.values()}) == (1 if together else size)
    assert {placed.reason for placed in found.persons.values()} == {persons.SCORED if together else persons.OWN_PERSON}


def test_a_place_that_too_many_are_merged_into_is_told_once_and_only_while_it_is_one() -> None:
    """In the linker and from scratch, as merges come and are taken back around the limit."""
    into = [merged(f"A|{at}", "A|0") for at in range(1, MERGED_BY + 3)]
    back = [merged(f"A|{at}", "A|0", position="02", status=Status.RETRACTED) for at in range(1, 4)]
    claimed = [*into, *back, number("A|0", nhs.number(1)), merged("A|1", "A|0", position="03"), merged("A|2", "A|0", position="03")]
    reasons = _told(claimed)
    assert reasons[MERGED_BY - 1] == []
    assert reasons[MERGED_BY] == reasons[MERGED_BY + 1] == [persons.OVERRUN]
    assert reasons[len(into) + 1] == []
    assert reasons[-1] == [persons.OVERRUN]


def test_a_merge_told_the_other_way_too_is_no_less_one() -> None:
    """Who has replaced another, and then is said to be replaced by it, is gone: one less carries the number there, and it is no crowd."""
    carried = [number(f"A|{at}", nhs.number(1)) for at in range(CROWD + 1)]
    turned = merged("A|0", "A|9", position="02")
    reasons = _told([*carried, replaces("A|0", "A|9"), turned, replace(turned, position="03", status=Status.RETRACTED)])
    assert reasons[-3:] == [[persons.SHARED_NUMBER], [], [persons.SHARED_NUMBER]]


def _told(claimed: list[Claim]) -> list[list[str]]:
    """After each claim the reasons of the tasks that are open; persons and tasks are those from scratch."""
    state, linker = MemoryState(), Linker(KEY)
    placed: dict[str, str] = {}
    opened: dict[str, Task] = {}
    reasons = []
    for offset, claim in enumerate(claimed):
        for output in linker.process([(Received(topics.CLAIMS, 0, offset, 0, None, None), claim)], state):
            if output.topic is topics.TASKS:
                opened[output.value.id] = output.value
            else:
                placed[output.value.subject] = output.value.person
        said = claimed[:offset + 1]
        assert placed == {one: each.person for one, each in assign(said, KEY).items() if one in placed}
        tasks = [task for task in opened.values() if task.status == "open"]
        assert sorted(task.id for task in tasks) == [task.id for task in review(said, KEY)]
        reasons.append([task.reason for task in tasks])
    return reasons

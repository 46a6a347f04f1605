"""A check for opt-outs: whom it holds for, and that it tells nobody who anybody is."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from msgspec.structs import replace

from mainstem.adjudication.standing import Standing
from mainstem.model import Claim, Status
from processors.identity.linker import Linker, assign, review
from processors.lane.contract import Received
from processors.lane.memory import MemoryState
from schemas import topics
from tests.processors.identity.test_persons import became, merged, number, unlink, who
from tests.strategies import KEY, NUMBERS, THIRD, opted_out

N1, N2 = NUMBERS


def holds(*claimed: Claim) -> dict[str, bool | None]:
    return {subject: placed.opted_out for subject, placed in assign(claimed, KEY).items()}


def outputs(*claimed: Claim) -> list[Any]:
    """Of the linker, claim by claim."""
    state = MemoryState()
    return [output.value for offset, claim in enumerate(claimed)
            for output in Linker(KEY).process([(Received(topics.CLAIMS, 0, offset, 0, None, None), claim)], state)]


def test_a_number_that_nobody_carries_makes_nobody_known():
    check = opted_out(N1)
    assert outputs(check) == review([check], KEY) == []
    assert assign([check], KEY) == {}
    standing = Standing(KEY)
    standing.take([(0, 0, check)])
    assert standing.said(check.subject) is None
    assert standing.bearers(N1) == []
    assert standing.view().opted_out(N1) is None, "who looks at who is who keeps nothing of it"


def test_it_holds_when_the_person_comes_later_and_for_all_of_their_sources():
    assert holds(opted_out(N1), number("A|1", N1), number("B|2", N1), number("B|3", N2)) == {"A|1": True, "B|2": True, "B|3": None}
    assert [(each.subject, each.opted_out) for each in outputs(opted_out(N1), number("A|1", N1))] == [("A|1", True)]


def test_it_links_nobody_and_opens_no_task():
    """Neither who carries the number unverified, nor who is kept apart from another by a human, nor old numbers of one person."""
    carried = [number("A|1", N1, "02"), number("B|2", N1), number("C|3", N1), unlink("B|2", "C|3"),
               *(became(old, N2) for old in (THIRD, "9990000042", "9990000050"))]
    checks = [opted_out(each) for each in (N1, N2, THIRD, "9990000042", "9990000050")]
    assert review([*carried, *checks], KEY) == review(carried, KEY)
    persons, checked = assign(carried, KEY), assign([*carried, *checks], KEY)
    assert {subject: placed[:2] for subject, placed in checked.items()} == {subject: placed[:2] for subject, placed in persons.items()}


@pytest.mark.parametrize("carriers", [
    [number("A|1", N1, "02")],
    [number("A|1", N1), number("A|2", N1), unlink("A|1", "A|2")],
    [number("A|1", N1), who("A|1", "Smith", "Ann", "1980-01-02", "female"),
     number("A|2", N1), who("A|2", "Smith", "Ben", "2024-01-02", "male")],
    [number(f"A|{patient}", N1) for patient in range(50)],
    [number("A|1", THIRD), became(N1, THIRD)],
    [number("A|1", THIRD), number("A|2", N1), became(THIRD, N1)],
    [number("A|1", N1), became(N1, None)],
], ids=["not verified", "kept apart", "contradicting", "crowd", "asked by the old number", "carries the old number", "void"])
def test_of_whom_it_cannot_be_told_whose_choice_it_was_it_holds_for_all(carriers: list[Claim]):
    """As the linker has it, whatever comes first."""
    for order in ([*carriers, opted_out(N1)], [opted_out(N1), *carriers]):
        wanted = {each.subject: True for each in carriers if each.type == "carries-number"}
        assert {subject: held for subject, held in holds(*order).items() if subject in wanted} == wanted
        told = {each.subject: each.opted_out for each in outputs(*order) if hasattr(each, "opted_out")}
        assert {subject: held for subject, held in told.items() if subject in wanted} == wanted


def test_the_latest_check_counts_in_whatever_order_they_come():
    carrier, unset = number("A|1", N1), Status.RETRACTED
    checks = [opted_out(N1, "01", unset), opted_out(N1, "02"), opted_out(N1, "03", unset)]
    for order in permutations([carrier, *checks]):
        assert holds(*order) == {"A|1": False}
        assert outputs(*order)[-1].opted_out is False
    assert holds(carrier, *checks[:2]) == {"A|1": True}
    assert holds(carrier, opted_out(N1, "02", unset), opted_out(N1, "02")) == {"A|1": True}, "at one moment, that it stands"


def test_of_two_who_answer_one_is_enough():
    other = replace(opted_out(N1, "05", Status.RETRACTED), source="RXX/own")
    for order in permutations([number("A|1", N1), opted_out(N1, "01"), other]):
        assert holds(*order) == {"A|1": True}
        assert outputs(*order)[-1].opted_out is True


def test_only_another_answer_is_news():
    told = outputs(number("A|1", N1), opted_out(N1, "02"), opted_out(N1, "02"), opted_out(N1, "03"), opted_out(N1, "01", Status.RETRACTED))
    assert [(each.epoch, each.opted_out) for each in told] == [(0, None), (1, True)]


def test_it_goes_with_who_carries_the_number():
    world = [number("A|1", N1), opted_out(N1)]
    assert holds(*world, merged("A|2", "A|1")) == {"A|1": True, "A|2": None}, "the person has it by one of the two"
    assert holds(*world, number("A|1", N2, position="05")) == {"A|1": None}, "another number is another person's choice"


@pytest.mark.parametrize("wrong", ["999 000 0018", "9990000019", "", "RXA/epr|1"])
def test_what_names_no_number_says_nothing(wrong: str):
    assert outputs(opted_out(wrong)) == []
    assert holds(number("A|1", N1), opted_out(wrong)) == {"A|1": None}

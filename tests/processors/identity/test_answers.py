"""What national services answer of a number: whom it holds for, and that it tells nobody who anybody is."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mainstem.adjudication.standing import Standing
from mainstem.labels import answered
from mainstem.model import Assignment, Claim, Status
from processors.identity.answers import ABOUT_NUMBERS, Answered
from processors.identity.claimed import Claimed
from processors.identity.indexes import Indexes
from processors.identity.linker import Linker, assign, review
from processors.identity.numbers import Numbers
from processors.keys import pack
from processors.lane.contract import Received
from processors.lane.memory import MemoryState
from schemas import topics
from tests.processors.identity.counted import allergy
from tests.processors.identity.test_persons import became, link, merged, number, unlink, who
from tests.processors.pipeline import Pipeline
from tests.strategies import KEY, NUMBERS, THIRD, Terms, claims, opted_out, positions, restricted, statuses

N1, N2 = NUMBERS
NO = Status.RETRACTED
both = pytest.mark.parametrize("answer", [opted_out, restricted])
"""Either answer holds for the same people."""
Asked = Callable[..., Claim]


def holds(*claimed: Claim) -> dict[str, Answered]:
    return {subject: Answered(placed.opted_out, placed.restricted) for subject, placed in assign(claimed, KEY).items()}


def outputs(*claimed: Claim) -> list[Any]:
    """Of the linker, claim by claim."""
    state = MemoryState()
    return [output.value for offset, claim in enumerate(claimed)
            for output in Linker(KEY).process([(Received(topics.CLAIMS, 0, offset, 0, None, None), claim)], state)]


def told(*claimed: Claim) -> dict[str, Answered]:
    """What the linker said last of each source patient, claim by claim."""
    return {each.subject: Answered(each.opted_out, each.restricted) for each in outputs(*claimed) if isinstance(each, Assignment)}


def said_of(*claimed: Claim, of: str) -> list[Answered]:
    """Of these source patients, from scratch and claim by claim, which are the same."""
    found = [holds(*claimed), told(*claimed)]
    (each,) = {tuple(one.get(subject, Answered()) for subject in of.split()) for one in found}
    return list(each)


def stands(answer: Asked) -> Answered:
    """What holds where that answer alone was given, and that it stands."""
    return Answered(opted_out=True) if answer is opted_out else Answered(restricted=True)


def lifted(answer: Asked) -> Answered:
    return Answered(opted_out=False) if answer is opted_out else Answered()


@both
def test_a_number_that_nobody_carries_makes_nobody_known(answer: Asked):
    check = answer(N1)
    assert outputs(check) == review([check], KEY) == []
    assert assign([check], KEY) == {}
    standing = Standing(KEY)
    standing.take([(0, 0, check)])
    assert standing.said(check.subject) is None
    assert standing.bearers(N1) == []
    assert Numbers(standing.view()).answered_of(N1) == Answered(), "who looks at who is who keeps nothing of it"


@both
def test_it_holds_when_the_person_comes_later_and_for_all_of_their_sources(answer: Asked):
    carriers = [number("A|1", N1), number("B|2", N1), number("B|3", N2)]
    assert holds(answer(N1), *carriers) == {"A|1": stands(answer), "B|2": stands(answer), "B|3": Answered()}
    assert told(answer(N1), carriers[0]) == {"A|1": stands(answer)}


@both
def test_it_links_nobody_and_opens_no_task(answer: Asked):
    """Neither who carries the number unverified, nor who is kept apart from another by a human, nor old numbers of one person."""
    carried = [number("A|1", N1, "02"), number("B|2", N1), number("C|3", N1), unlink("B|2", "C|3"),
               *(became(old, N2) for old in (THIRD, "9990000042", "9990000050"))]
    checks = [answer(each) for each in (N1, N2, THIRD, "9990000042", "9990000050")]
    assert review([*carried, *checks], KEY) == review(carried, KEY)
    persons, checked = assign(carried, KEY), assign([*carried, *checks], KEY)
    assert {subject: placed[:2] for subject, placed in checked.items()} == {subject: placed[:2] for subject, placed in persons.items()}


@both
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
def test_of_whom_it_cannot_be_told_whom_it_was_about_it_holds_for_all(carriers: list[Claim], answer: Asked):
    """As the linker has it, whatever comes first."""
    wanted = {each.subject: stands(answer) for each in carriers if each.type == "carries-number"}
    for order in ([*carriers, answer(N1)], [answer(N1), *carriers]):
        for found in (holds(*order), told(*order)):
            assert {subject: held for subject, held in found.items() if subject in wanted} == wanted


@both
def test_the_latest_answer_counts_in_whatever_order_they_come(answer: Asked):
    carrier = number("A|1", N1)
    checks = [answer(N1, "01", NO), answer(N1, "02"), answer(N1, "03", NO)]
    for order in permutations([carrier, *checks]):
        assert holds(*order) == told(*order) == {"A|1": lifted(answer)}
    assert holds(carrier, *checks[:2]) == {"A|1": stands(answer)}
    assert holds(carrier, answer(N1, "02", NO), answer(N1, "02")) == {"A|1": stands(answer)}, "at one moment, that it stands"


@both
def test_of_two_who_answer_one_is_enough(answer: Asked):
    other = replace(answer(N1, "05", NO), source="RXX/own")
    for order in permutations([number("A|1", N1), answer(N1, "01"), other]):
        assert holds(*order) == told(*order) == {"A|1": stands(answer)}


@both
def test_only_another_answer_is_news(answer: Asked):
    checks = [answer(N1, "02"), answer(N1, "02"), answer(N1, "03"), answer(N1, "01", NO)]
    assert [each.epoch for each in outputs(number("A|1", N1), *checks)] == [0, 1]


@both
def test_it_goes_with_who_carries_the_number(answer: Asked):
    world = [number("A|1", N1), answer(N1)]
    assert said_of(*world, number("A|1", N2, position="05"), of="A|1") == [Answered()], "another number is another person's"


@both
def test_it_holds_for_the_whole_person_also_where_who_carries_the_number_says_nothing_else(answer: Asked):
    """Also for one who says nothing of itself, and for one whose person the other's claim makes it."""
    for order in permutations([number("A|1", N1), answer(N1), merged("A|2", "A|1")]):
        assert said_of(*order, of="A|1 A|2") == [stands(answer)] * 2
    for order in permutations([number("A|2", N1, "02"), answer(N1), merged("A|2", "A|1")]):
        assert said_of(*order, of="A|1 A|2") == [stands(answer)] * 2
    world = [number("A|2", N1, "02"), merged("A|2", "A|1"), answer(N1), merged("A|2", "A|1", status=NO, position="05")]
    assert said_of(*world, of="A|1 A|2") == [Answered(), stands(answer)]
    assert said_of(*world[:3], answer(N1, "02", NO), of="A|1 A|2") == [Answered(), lifted(answer)]


@both
def test_it_holds_for_the_whole_person_as_long_as_it_stands_for_any_number_of_theirs(answer: Asked):
    """Neither a first answer about another of them lifts it nor a later one."""
    world = [number("A|1", N1), number("B|2", N2), link("A|1", "B|2"), number("C|3", THIRD, "02"), link("A|1", "C|3")]
    checks = [answer(N1), answer(N2, "01", NO)]
    for order in permutations([*world[:3], *checks]):
        assert said_of(*order, of="A|1 B|2") == [stands(answer)] * 2
    assert said_of(*world, *checks, answer(N2, "02", NO), of="A|1 B|2 C|3") == [stands(answer)] * 3
    assert said_of(*world, *checks, answer(N1, "02", NO), of="A|1 B|2 C|3") == [lifted(answer), lifted(answer), Answered()]
    assert said_of(*world, *checks, link("A|1", "B|2", status=NO, position="05"), of="A|1 B|2 C|3") == [
        stands(answer), lifted(answer), stands(answer)]


@both
@pytest.mark.parametrize("tie", [link("A|1", "B|2"), link("A|1", "B|2", status=NO)], ids=["one person", "not tied"])
def test_what_another_source_tells_of_the_person_bears_its_label_where_only_messages_told_of_the_number(answer: Asked, tie: Claim):
    """Through the stream, whichever comes first."""
    (label,) = answered(*stands(answer))
    wanted = {(label,)} if tie.status is Status.ASSERTED else {()}
    for seed in range(5):
        rng, pipeline = random.Random(seed), Pipeline(KEY, Terms())
        for value in rng.sample([allergy("A|1", "1", "peanut"), number("B|2", N1), tie, answer(N1)], 4):
            pipeline.publish(value)
            if rng.random() < 0.5:
                pipeline.run(rng)
        pipeline.run(rng)
        assert {told[-1].labels for told in pipeline.history().values() if told[-1].status == "current"} == wanted
        pipeline.publish(answer(N1, "02", NO))
        pipeline.run(rng)
        assert {told[-1].labels for told in pipeline.history().values() if told[-1].status == "current"} == {()}


def test_that_no_opt_out_stands_is_told_of_who_carries_the_number_alone():
    """Of the others nobody may have asked, and who is shown only where somebody has goes by it."""
    for order in permutations([number("A|1", N1), opted_out(N1, "01", NO), merged("A|2", "A|1"), became(THIRD, N1)]):
        assert said_of(*order, of="A|1 A|2") == [Answered(opted_out=False), Answered()]
    world = [number("A|1", THIRD), opted_out(N1, "01", NO), became(THIRD, N1)]
    assert said_of(*world, became(THIRD, N1, status=NO, position="02"), of="A|1") == [Answered()], "they are not one any more"


@both
@pytest.mark.parametrize("wrong", ["999 000 0018", "9990000019", "", "RXA/epr|1"])
def test_what_names_no_number_says_nothing(wrong: str, answer: Asked):
    assert outputs(answer(wrong)) == []
    assert holds(number("A|1", N1), answer(wrong)) == {"A|1": Answered()}


def test_neither_answer_says_anything_of_the_other():
    carrier = number("A|1", N1)
    for order in permutations([carrier, opted_out(N1, "01"), restricted(N1, "02"), opted_out(N1, "03", NO)]):
        assert holds(*order) == told(*order) == {"A|1": Answered(opted_out=False, restricted=True)}


def test_a_restriction_is_lifted_by_the_latest_answer_about_any_number_that_is_one_with_it():
    """Who was restricted and then given a new number is asked about by the new one alone."""
    carriers = [number("A|1", N1), number("B|2", N2)]
    was, now, replaced = restricted(N1, "01"), restricted(N2, "03", NO), became(N1, N2)
    yes, no = Answered(restricted=True), Answered()
    for order in permutations([*carriers, was, replaced, now]):
        assert said_of(*order, of="A|1 B|2") == [no, no]
    for order in permutations([*carriers, was, replaced, restricted(N2, "00", NO)]):
        assert said_of(*order, of="A|1 B|2") == [yes, yes]
    assert said_of(*carriers, was, now, of="A|1 B|2") == [yes, no], "they are not one"
    parted = became(N1, N2, status=NO, position="09")
    assert said_of(*carriers, was, now, replaced, parted, of="A|1 B|2") == [yes, no], "they are not one any more"


def test_an_opt_out_is_not_lifted_by_an_answer_about_another_number():
    """Neither while they are one, nor for who carries the other, with whatever status; from when they are not, each goes by its own."""
    carriers = [number("A|1", N1), number("B|2", N2, "02")]
    for order in permutations([*carriers, opted_out(N1, "01"), became(N1, N2), opted_out(N2, "03", NO)]):
        assert said_of(*order, of="A|1 B|2") == [Answered(opted_out=True)] * 2
    assert said_of(*order, became(N1, N2, status=NO, position="09"), of="A|1 B|2") == [Answered(opted_out=True), Answered(opted_out=False)]


def test_who_carries_two_numbers_is_restricted_by_either():
    two = [number("A|1", N1), replace(number("A|1", N2), ref="other")]
    for order in permutations([*two, restricted(N1, "01"), restricted(N2, "02", NO)]):
        assert holds(*order) == told(*order) == {"A|1": Answered(restricted=True)}


CHAIN = (N1, N2, THIRD)
told_of = {"status": statuses, "position": positions}
ties = st.one_of(
    st.builds(merged, st.just("A|3"), st.sampled_from(["A|1", "A|2"]), **told_of),
    st.builds(lambda pair, **said: link(*pair, **said), st.sampled_from([("A|1", "B|1"), ("A|2", "B|1"), ("A|1", "B|2")]), **told_of),
    st.builds(lambda pair, **said: unlink(*pair, **said), st.sampled_from([("A|1", "A|2"), ("A|1", "B|1")]), **told_of))
worlds = st.tuples(
    st.lists(st.builds(number, st.sampled_from(["A|1", "A|2", "B|1"]), st.sampled_from(CHAIN), st.sampled_from(["01", "02"]), **told_of),
             max_size=4),
    st.lists(ties, max_size=4),
    st.lists(st.builds(became, st.sampled_from(CHAIN), st.sampled_from([*CHAIN, None]), **told_of), max_size=3),
    st.lists(st.one_of(*(st.builds(each, st.sampled_from(CHAIN), positions, statuses) for each in (opted_out, restricted))), max_size=6))


@settings(max_examples=200, deadline=None)
@given(worlds, st.randoms(use_true_random=False))
def test_any_order_any_copies_any_batches_tell_the_same(world: tuple[list[Claim], ...], rng: random.Random):
    """And a merge that is taken back leaves it as if it had never been."""
    claimed = [claim for each in world for claim in each]
    expected = holds(*claimed)
    mixed = rng.sample([*claimed, *claimed], 2 * len(claimed))
    assert holds(*mixed) == expected
    assert_told(expected, *mixed)
    joined = merged("A|2", "A|1")
    back = [*claimed, joined, replace(joined, status=NO, position="09")]
    assert {subject: held for subject, held in holds(*back).items() if subject in expected} == expected
    assert_told(expected, *mixed, *back[len(claimed):])


def assert_told(expected: dict[str, Answered], *claimed: Claim) -> None:
    """Of who is named by others and nothing holds for, nothing has to be told."""
    found = told(*claimed)
    assert {subject: found.get(subject, Answered()) for subject in expected} == expected


@settings(max_examples=200, deadline=None)
@given(st.one_of(worlds.map(lambda world: [claim for each in world for claim in each]), st.lists(claims, max_size=20)))
def test_what_stands_for_one_holds_for_all_of_the_person_and_for_nobody_else(claimed: list[Claim]):
    """Persons are those without any answers; what each was answered of itself, by the numbers that it carries."""
    persons = assign([claim for claim in claimed if claim.type not in ABOUT_NUMBERS], KEY)
    numbers = Numbers(view := Claimed(claimed))
    own = {subject: numbers.answered(view.said(subject)) for subject in persons}
    opted, hidden = ({persons[subject].person for subject, each in own.items() if each[place]} for place in (0, 1))
    assert holds(*claimed) == {subject: Answered(placed.person in opted or own[subject].opted_out, placed.person in hidden)
                               for subject, placed in persons.items()}


def test_state_from_before_restrictions_goes_on():
    """What was assigned says nothing of them; an opt-out lies where it did."""
    state = MemoryState()

    def process(*claimed: Claim, begin: int) -> list[Assignment]:
        rows = [(Received(topics.CLAIMS, 0, offset, 0, None, None), claim) for offset, claim in enumerate(claimed, begin)]
        return [output.value for output in Linker(KEY).process(rows, state)]

    (assigned,) = process(opted_out(N1), number("A|1", N1), begin=0)
    state.put(b"a" + pack("A|1"), msgspec.msgpack.encode([assigned.person, assigned.epoch, assigned.reason, True]))
    assert state.get(b"x" + pack(N1)) is not None
    assert Indexes(state).assigned("A|1") == (assigned.person, 1, assigned.reason, True, False)
    (again,) = process(restricted(N1), begin=2)
    assert (again.person, again.epoch, again.opted_out, again.restricted) == (assigned.person, 2, True, True)

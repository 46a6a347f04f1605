"""Persons from claims: what links, what never does, and that the linker kept up to date equals the one from scratch."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mainstem import canonical
from mainstem.matching.people import told
from mainstem.model import Claim, RawRef, Status, Task
from processors.identity import claimed as claimed_from_scratch
from processors.identity import numbers, persons
from processors.identity.answers import ABOUT_NUMBERS
from processors.identity.linker import Linker, assign, review
from processors.identity.scoring.release import Model, Thresholds, built_in
from processors.lane.contract import Output, Received
from processors.lane.memory import MemoryState
from schemas import topics
from tests.processors.identity.test_persons import became
from tests.strategies import KEY, NUMBERS, THIRD, claims, opted_out, positions, restricted, statuses

N1, N2 = NUMBERS


def number(subject: str, nhs: str, verification: str = "01", position: str = "01", status: Status = Status.ASSERTED) -> Claim:
    source, _, patient = subject.partition("|")
    body = canonical.encode({"nhs_number": nhs, "verification": verification})
    return Claim(source=source, patient=patient, type="carries-number", position=position, body=body, status=status, raw=RawRef("r", 0, 0))


def merged(subject: str, into: str, position: str = "01", status: Status = Status.ASSERTED) -> Claim:
    source, _, patient = subject.partition("|")
    return Claim(source=source, patient=patient, type="merged-into", ref=into, position=position, body=canonical.encode({"into": into}),
                 status=status, raw=RawRef("r", 0, 0))


def people(*claimed: Claim) -> dict[str, str]:
    return {subject: placed.person for subject, placed in assign(claimed, KEY).items()}


def own(subject: str) -> str:
    return persons.own_person(KEY, subject)


def test_a_verified_number_links_across_sources():
    found = people(number("A|1", N1), number("B|9", N1), number("B|8", N2))
    assert found["A|1"] == found["B|9"] == persons.numbered_person(KEY, N1)
    assert found["B|8"] == persons.numbered_person(KEY, N2)


def test_what_does_not_link():
    for claim in (number("A|1", N1, "02"), number("A|1", "9990000019"), number("A|1", "9999999999"), number("A|1", ""),
                  number("A|1", N1, status=Status.RETRACTED)):
        assert people(claim) == {"A|1": own("A|1")}


def test_the_greatest_version_counts_whatever_came_first():
    older, newer = number("A|1", N1, position="01"), number("A|1", N2, position="02")
    assert people(older, newer) == people(newer, older) == {"A|1": persons.numbered_person(KEY, N2)}


def test_a_merge_joins_while_it_is_asserted():
    assert set(people(merged("A|1", "A|2")).values()) == {own("A|1")}
    assert set(people(merged("A|1", "A|2"), number("A|2", N1)).values()) == {persons.numbered_person(KEY, N1)}
    undone = people(merged("A|1", "A|2"), merged("A|1", "A|2", "02", Status.RETRACTED), number("A|2", N1))
    assert undone == {"A|1": own("A|1"), "A|2": persons.numbered_person(KEY, N1)}


def test_merges_in_a_circle_are_one_person():
    found = people(merged("A|1", "A|2"), merged("A|2", "A|3"), merged("A|3", "A|1"))
    assert set(found.values()) == {own("A|1")}


def test_a_merge_never_joins_two_verified_numbers():
    found = people(merged("A|1", "A|2"), number("A|1", N1), number("A|2", N2))
    assert found == {"A|1": persons.numbered_person(KEY, N1), "A|2": persons.numbered_person(KEY, N2)}


def test_a_merge_reaches_no_other_source():
    assert people(merged("A|1", "B|2")) == {"A|1": own("A|1")}


LINKING = replace(built_in(), thresholds=Thresholds(review=0, automatic=8, link=True))


@pytest.mark.parametrize("linking", [False, True])
@pytest.mark.parametrize("crowd", [1, 5])
@settings(max_examples=100, deadline=None)
@given(st.lists(claims, max_size=25), st.randoms(use_true_random=False))
def test_claim_by_claim_gives_what_from_scratch_gives(crowd: int, linking: bool, claimed, rng: random.Random):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers, "CROWD", crowd)
        patch.setattr(claimed_from_scratch, "SHARED_BY", 3 * crowd)
        patch.setattr(numbers, "MERGED_BY", crowd)
        _compare(claimed, rng, LINKING if linking else built_in())


CHAIN = (*NUMBERS, THIRD, "9990000042", "9990000050")
checked = st.lists(st.builds(lambda answer, *said: answer(*said), st.sampled_from([opted_out, restricted]), st.sampled_from(CHAIN),
                             positions, statuses), max_size=6)
chained = st.tuples(
    st.lists(st.builds(number, st.sampled_from([f"{source}|{patient}" for source in "AB" for patient in "12"]), st.sampled_from(CHAIN),
                       status=statuses), min_size=1, max_size=6),
    st.lists(st.builds(became, st.sampled_from(CHAIN), st.sampled_from([*CHAIN, None]), st.sampled_from(["PDS|1", "PDS|2"]),
                       status=statuses, position=positions), min_size=2, max_size=8),
    checked,
    st.randoms(use_true_random=False))
"""Who carries which, which became which, and what was answered of which."""


@pytest.mark.parametrize("crowd", [1, 5])
@settings(max_examples=300, deadline=None)
@given(chained)
def test_numbers_that_became_others_by_the_word_of_several(crowd: int, told_of):
    """Chains, circles, numbers said to have become two, void ones: in whatever order they are told of."""
    carried, replaced, answers, rng = told_of
    claimed = [*carried, *replaced, *answers]
    rng.shuffle(claimed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers, "CROWD", crowd)
        _compare(claimed, rng, built_in())


def _compare(claimed, rng: random.Random, model: Model) -> None:
    """Some are begun under another model release."""
    state = MemoryState()
    assigned: dict[str, tuple[str, int]] = {}
    opened: dict[str, Task] = {}
    offset, changes = 0, rng.choice([0, len(claimed) // 2])
    earlier = replace(model, thresholds=Thresholds(review=12, automatic=25, link=rng.random() < 0.5))
    while offset < len(claimed):
        linker = Linker(KEY, model if offset >= changes else earlier)
        batch = claimed[offset:min(offset + rng.choice([1, 3, 10]), changes if offset < changes else len(claimed))]
        rows = [(Received(topics.CLAIMS, 0, offset + i, 0, None, None), claim) for i, claim in enumerate(batch)]
        for output in linker.process(rows, state):
            if output.topic is topics.TASKS:
                assert replace(opened.get(output.value.id, output.value), epoch=-1) != replace(output.value, epoch=-1) \
                    or output.value.id not in opened, "only change is news"
                opened[output.value.id] = output.value
                continue
            before, said = assigned.get(output.value.subject), (output.value.person, output.value.opted_out, output.value.restricted)
            assert before is None or (before[0] != said and before[1] < output.value.epoch)
            assigned[output.value.subject] = (said, output.value.epoch)
        offset += len(batch)
    expected = assign(claimed, KEY, model)
    for subject in expected.keys() | assigned.keys():
        alone = own(subject), None, False
        placed = expected.get(subject)
        wanted = (placed.person, placed.opted_out, placed.restricted) if placed else alone
        assert (assigned[subject][0] if subject in assigned else alone) == wanted
    assert {claim.subject for claim in claimed if claim.type not in ABOUT_NUMBERS} <= assigned.keys()
    assert [replace(opened[each], epoch=-1) for each in sorted(opened) if opened[each].status == "open"] == review(claimed, KEY, model)


@settings(max_examples=100, deadline=None)
@given(st.lists(claims, max_size=20), st.randoms(use_true_random=False))
def test_order_and_duplicates_make_no_difference(claimed, rng: random.Random):
    shuffled = claimed + rng.choices(claimed, k=3) if claimed else []
    rng.shuffle(shuffled)
    assert assign(shuffled, KEY) == assign(claimed, KEY)


@pytest.mark.parametrize("model", [built_in(), LINKING], ids=["offered", "linked"])
def test_batches_make_no_difference(model: Model):
    """State and outputs, of trusts that take back a third of what they said and say it again."""
    said, rng = told(60, 1, "messy").claims, random.Random(3)
    gone = [replace(claim, position=f"{claim.position}~1", status=Status.RETRACTED) for claim in rng.sample(said, len(said) // 3)]
    again = [replace(claim, position=f"{claim.position}~2", status=Status.ASSERTED) for claim in gone]
    stream = [*said, *rng.sample(gone, len(gone)), *rng.sample(again, len(again))]

    def outcome(size: int) -> tuple[list[Output], list[tuple[bytes, bytes]]]:
        linker, state, outputs = Linker(KEY, model), MemoryState(), []
        for start in range(0, len(stream), size):
            batch = stream[start:start + size]
            rows = [(Received(topics.CLAIMS, 0, start + at, 0, None, None), each) for at, each in enumerate(batch)]
            outputs += linker.process(rows, state)
        return outputs, list(state.items())

    assert outcome(len(stream)) == outcome(1)

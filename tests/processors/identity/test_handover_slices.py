"""A handover larger than one transaction should carry goes in slices, at both ends; meanwhile nothing is hidden and nothing comes back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainstem.person_events import Attached, Op, PersonEvent
from processors.identity import stage as identity
from processors.identity.stage import GO_ON
from processors.reconcile import person as reconciling
from schemas import topics
from tests.processors.convergence import check
from tests.processors.identity.counted import joining, loaded, parting, settle
from tests.processors.identity.test_handover import OWN, assigned, attached, said
from tests.processors.identity.test_handover import Stage as Identity
from tests.processors.pipeline import Pipeline
from tests.processors.reconcile.fed import Stage as Reconcile
from tests.processors.reconcile.fed import event
from tests.processors.reconcile.fed import said as known
from tests.processors.reconcile.test_convergence import worlds
from tests.strategies import KEY, Terms

S = "RXA/epr|1"


@pytest.fixture(autouse=True)
def small() -> Iterator[None]:
    with slices(chunk=2, sent=4, let_go=3):
        yield


@contextmanager
def slices(*, chunk: int, sent: int, let_go: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identity, "CHUNK_ITEMS", chunk)
        patch.setattr(identity, "SLICE_ITEMS", sent)
        patch.setattr(reconciling, "LET_GO", let_go)
        yield


def sent(outputs: list) -> list[tuple[list[str], bool]]:
    return [([item.assertion.record for item in each.items], each.last) for each in outputs if isinstance(each, PersonEvent)
            and each.op is Op.ATTACH]


def due(outputs: list) -> list[Attached]:
    return [each for each in outputs if isinstance(each, Attached)]


@pytest.fixture
def stage() -> Identity:
    found = Identity()
    found.events(*(said(f"a/{n}") for n in range(9)))
    return found


def test_each_slice_is_followed_by_the_next_and_only_the_last_is_answered(stage: Identity) -> None:
    first = stage.events(assigned("p", 3))
    assert sent(first) == [(["a/0", "a/1"], False), (["a/2", "a/3"], False)]
    second = stage.events(*due(first))
    assert sent(second) == [(["a/4", "a/5"], False), (["a/6", "a/7"], False)]
    third = stage.events(*due(second))
    assert sent(third) == [(["a/8"], True)] and due(third) == []
    assert [(each.op, each.person) for each in stage.events(attached("p", 3))] == [(Op.DETACH, OWN)]
    assert stage.events(*due(first), *due(second)) == [], "notes that come again"


def test_a_handover_that_is_not_sent_whole_is_not_over_whatever_answers(stage: Identity) -> None:
    first = stage.events(assigned("p", 3))
    assert stage.events(attached("p", 3)) == []
    twice = stage.events(*due(first), *due(first))
    assert [record for records, _ in sent(twice) for record in records] == [f"a/{n}" for n in range(4, 9)]
    assert sent(twice)[-1][1], "sooner than it was due, and whole"


def test_what_is_said_meanwhile_goes_on_and_a_second_move_begins_again(stage: Identity) -> None:
    first = stage.events(assigned("p", 3))
    assert [(each.op, each.person, each.epoch) for each in stage.events(said("a/00"))] == [(Op.APPLY, "p", 3)]
    again = stage.events(assigned("q", 5))
    assert [each.person for each in again if isinstance(each, PersonEvent) and each.op is Op.LEAVING] == [OWN, "p"]
    assert sent(again)[0] == (["a/00", "a/0"], False)
    outputs = stage.events(*due(first))
    while note := due(outputs):
        assert note[0].person == GO_ON
        outputs = stage.events(*note)
    assert sent(outputs)[-1] == (["a/7", "a/8"], True) and {each.person for each in outputs} == {"q"}
    assert sorted(each.person for each in stage.events(attached("q", 5)) if each.op is Op.DETACH) == sorted([OWN, "p"])


def test_a_newer_epoch_of_the_same_person_does_not_lose_the_rest(stage: Identity) -> None:
    outputs = stage.events(assigned("p", 3))
    assert stage.events(assigned("p", 4)) == []
    while note := due(outputs):
        outputs = stage.events(*note)
    assert [(each.op, each.epoch, each.last) for each in outputs] == [(Op.ATTACH, 4, True)]
    assert [each.op for each in stage.events(attached("p", 4))] == [Op.DETACH]


def kept() -> Reconcile:
    """Eight allergies, of which a complete export leaves one out, and what one of them has in common with another source."""
    found = Reconcile()
    items = [known(f"allergy/{n}", agent={"text": f"thing {n}"}) for n in range(8)]
    listed = [f"allergy/{n}" for n in range(8) if n != 6]
    found.send(event(*items, known("a list", "05", kind="manifest", kinds=["allergy"], records=listed), epoch=1),
               event(known("allergy/x", source="RXB/epr", agent={"text": "thing 1"}), epoch=1))
    assert found.summary.entries == 8
    return found


def test_letting_go_takes_slices_and_the_record_says_so_until_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    stage, whole = kept(), kept()
    left, told = [event(op=Op.DETACH, epoch=5, subject=S)], []
    while left:
        entries = stage.send(*left)
        assert not [each for each in entries if b"thing 6" in each.content and each.status == "current"], "absent things stay absent"
        left = stage.of(topics.PERSON_EVENTS)
        summary = stage.summary
        told.append((summary.entries, [source.handover for source in summary.sources if source.source == "RXA/epr"]))
        assert stage.send(event(known("allergy/0", agent={"text": "thing 0"}), epoch=1)) == [], "stragglers stay out"
    assert len(told) == 3 and all(before[0] > after[0] for before, after in pairwise(told))
    assert [each for _, each in told] == [[True], [True], []]
    monkeypatch.setattr(reconciling, "LET_GO", 10_000)
    whole.send(event(op=Op.DETACH, epoch=5, subject=S))
    assert whole.of(topics.PERSON_EVENTS) == []
    whole_summary = whole.summary
    assert [key for key, _ in stage.state.items()] == [key for key, _ in whole.state.items()]
    assert summary.digest == whole_summary.digest and summary.entries == 1


def test_who_comes_back_while_it_is_let_go_is_whole_again() -> None:
    stage = kept()
    before = stage.summary
    stage.send(event(op=Op.DETACH, epoch=5, subject=S))
    rest = stage.of(topics.PERSON_EVENTS)
    assert rest
    back = [known(f"allergy/{n}", agent={"text": f"thing {n}"}) for n in range(8)]
    listed = [f"allergy/{n}" for n in range(8) if n != 6]
    stage.send(event(*back, known("a list", "05", kind="manifest", kinds=["allergy"], records=listed), op=Op.ATTACH, epoch=7))
    assert (stage.summary.digest, stage.summary.entries) == (before.digest, before.entries)
    stage.send(*rest)
    assert stage.outputs == [], "what was left to let go is of an older epoch"


@pytest.mark.parametrize("shared", ["", "penicillin"])
def test_a_person_of_many_comes_and_goes_in_slices_and_no_transaction_grows(shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = loaded(5, 40, shared)
    monkeypatch.setattr(reconciling, "LET_GO", 7)
    before = pipeline.current()
    notes = 0
    for claim in (joining(), parting()):
        pipeline.publish(claim)
        settle(pipeline)
        check(pipeline)
        notes += 9
        assert sum(each.person == GO_ON for each in pipeline.published(topics.ATTACHED)) == notes
    assert pipeline.current() == before
    assert sum(each.op is Op.DETACH for each in pipeline.published(topics.PERSON_EVENTS)) == 2 * 6


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(worlds, st.integers(0, 2**32))
def test_any_world_in_the_smallest_slices_converges(world: list, seed: int) -> None:
    """In whatever order, with processes that die: the stream's records are the fold's."""
    rng = random.Random(seed)
    with slices(chunk=1, sent=1, let_go=1):
        pipeline = Pipeline(KEY, Terms())
        for value in world:
            pipeline.publish(value)
            if rng.random() < 0.3:
                pipeline.step(rng, rng.choice([1, 5]))
        pipeline.run(rng)
        check(pipeline)

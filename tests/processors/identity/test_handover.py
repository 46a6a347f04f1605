"""What the identity stage sends when a source patient's person changes, message by message."""

from __future__ import annotations

import msgspec
import pytest

from mainstem.model import Assertion, Assignment, RawRef
from mainstem.person_events import Attached, Op, PersonEvent
from processors.identity import stage as identity
from processors.identity.persons import own_person
from processors.identity.stage import IdentityStage
from processors.keys import pack
from processors.lane.contract import Received
from processors.lane.memory import MemoryState
from schemas import topics
from tests.strategies import KEY

S = "RXA/epr|1"
OWN = own_person(KEY, S)
TOPICS = {Assertion: topics.ASSERTIONS, Assignment: topics.ASSIGNMENTS, Attached: topics.ATTACHED}


class Stage:
    """The stage with its state; `send` gives (op, person, epoch, records) of each event."""

    def __init__(self) -> None:
        self.stage, self.state, self.offset = IdentityStage(KEY), MemoryState(), 0

    def events(self, *values) -> list[PersonEvent]:
        batch = []
        for value in values:
            batch.append((Received(TOPICS[type(value)], 0, self.offset, 1000 + self.offset, None, None), value))
            self.offset += 1
        return [output.value for output in self.stage.process(batch, self.state)]

    def send(self, *values):
        return [(e.op, e.person, e.epoch, [k.assertion.record for k in e.items]) for e in self.events(*values)]


def said(record: str, position: str = "01", known: int | None = None, raw: int = 0) -> Assertion:
    return Assertion(source="RXA/epr", patient="1", record=record, kind="allergy", position=position, content=b'{"note":"x"}', known=known,
                     raw=RawRef("r", 0, raw))


def assigned(person: str, epoch: int, opted_out: bool | None = None, *, restricted: bool = False) -> Assignment:
    return Assignment(subject=S, person=person, epoch=epoch, reason="test", opted_out=opted_out, restricted=restricted)


def attached(person: str, epoch: int) -> Attached:
    return Attached(subject=S, person=person, epoch=epoch)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_an_unassigned_source_patient_is_a_person_of_its_own(stage):
    assert stage.send(said("a/1"), said("a/2")) == [(Op.APPLY, OWN, -1, ["a/1", "a/2"])]


def test_an_assignment_before_anything_was_said_moves_nothing(stage):
    assert stage.send(assigned("p", 3), said("a/1")) == [(Op.APPLY, "p", 3, ["a/1"])]


def test_a_handover_from_beginning_to_end(stage):
    stage.send(said("a/1"))
    assert stage.send(assigned("p", 3)) == [(Op.LEAVING, OWN, 3, []), (Op.ATTACH, "p", 3, ["a/1"])]
    assert stage.send(said("a/2")) == [(Op.APPLY, "p", 3, ["a/2"])]
    assert stage.send(attached("p", 3)) == [(Op.DETACH, OWN, 3, [])]
    assert stage.send(attached("p", 3)) == []
    assert stage.send(attached(OWN, 3)) == [(Op.SETTLED, "p", 3, [])]
    assert stage.send(attached(OWN, 3)) == []


def test_it_is_over_when_everyone_before_has_let_go(stage):
    """However late one of them reads that it is to: until then it shows what it has as if nothing were."""
    stage.send(said("a/1"), assigned("p", 3), attached("p", 3))
    stage.send(assigned("q", 5), attached("q", 5))
    assert stage.send(attached("p", 5)) == [], "the first has not answered yet"
    assert stage.send(attached(OWN, 5)) == [], "nor to what it was told"
    assert stage.send(attached(OWN, 3)) == [(Op.SETTLED, "q", 5, [])]


def test_who_is_come_back_to_need_not_answer(stage):
    stage.send(said("a/1"), assigned("p", 3), attached("p", 3), assigned(OWN, 5))
    assert stage.send(attached(OWN, 3)) == [], "it let go, and is sent all again"
    assert stage.send(attached(OWN, 5)) == [(Op.DETACH, "p", 5, [])]
    assert stage.send(attached("p", 5)) == [(Op.SETTLED, OWN, 5, [])]


def test_an_answer_while_the_next_move_is_going_on_ends_nothing(stage):
    stage.send(said("a/1"), assigned("p", 3), attached("p", 3), assigned("q", 5))
    assert stage.send(attached(OWN, 3)) == []
    assert stage.send(attached("q", 5)) == [(Op.DETACH, "p", 5, [])]
    assert stage.send(attached("p", 5)) == [(Op.SETTLED, "q", 5, [])]


def test_what_came_before_the_assignment_in_one_batch_goes_to_the_old_person(stage):
    assert stage.send(said("a/1"), assigned("p", 3), said("a/2")) == [
        (Op.APPLY, OWN, -1, ["a/1"]), (Op.LEAVING, OWN, 3, []), (Op.ATTACH, "p", 3, ["a/1"]), (Op.APPLY, "p", 3, ["a/2"])]


def test_a_second_move_before_the_first_is_over_detaches_everyone_but_the_last(stage):
    stage.send(said("a/1"), assigned("p", 3))
    assert stage.send(assigned("q", 5)) == [(Op.LEAVING, OWN, 5, []), (Op.LEAVING, "p", 5, []), (Op.ATTACH, "q", 5, ["a/1"])]
    assert stage.send(attached("p", 3)) == []
    assert sorted(stage.send(attached("q", 5))) == sorted(
        [(Op.DETACH, OWN, 5, []), (Op.DETACH, "p", 5, [])])


def test_going_back_before_the_move_is_over(stage):
    stage.send(said("a/1"), assigned("p", 3))
    assert stage.send(assigned(OWN, 5)) == [(Op.LEAVING, "p", 5, []), (Op.ATTACH, OWN, 5, ["a/1"])]
    assert stage.send(attached(OWN, 5)) == [(Op.DETACH, "p", 5, [])]


def test_an_answer_to_an_earlier_visit_does_not_end_the_handover(stage):
    stage.send(said("a/1"), assigned("p", 3), assigned(OWN, 5), said("a/2"), assigned("p", 7))
    assert stage.send(attached("p", 3)) == [], "p holds what it was sent at 3, and not yet what has been said since"
    assert len(stage.send(attached("p", 7))) == 1


def test_stale_epochs_are_ignored(stage):
    stage.send(said("a/1"), assigned("p", 3), attached("p", 3))
    assert stage.send(assigned("q", 2), assigned("q", 3)) == []
    assert stage.send(attached("p", 2), attached("q", 3)) == []


def test_a_newer_epoch_of_the_same_person_does_not_lose_the_handover(stage):
    stage.send(said("a/1"), assigned("p", 3))
    assert stage.send(assigned("p", 4)) == []
    assert stage.send(attached("p", 3)) == [(Op.DETACH, OWN, 4, [])]
    assert stage.send(attached(OWN, 4)) == [(Op.SETTLED, "p", 4, [])]


def test_a_duplicate_is_forwarded_only_if_it_was_known_earlier(stage):
    stage.send(said("a/1", known=500))
    assert stage.send(said("a/1", known=500), said("a/1", known=600), said("a/1", known=500, raw=7)) == []
    assert [item.known for event in stage.events(said("a/1", known=400)) for item in event.items] == [400]
    assert [item.known for event in stage.events(assigned("p", 1)) for item in event.items] == [400]


def test_a_handover_goes_in_bounded_chunks(stage, monkeypatch):
    monkeypatch.setattr(identity, "CHUNK_ITEMS", 2)
    stage.send(*(said(f"a/{n}") for n in range(5)))
    chunks = [(len(e.items), e.last) for e in stage.events(assigned("p", 9)) if e.op is Op.ATTACH]
    assert chunks == [(2, False), (2, False), (1, True)]
    monkeypatch.setattr(identity, "CHUNK_BYTES", 20)
    chunks = [(len(e.items), e.last) for e in stage.events(assigned("q", 10)) if e.op is Op.ATTACH]
    assert [n for n, _ in chunks] == [1] * 5
    assert [last for _, last in chunks] == [False] * 4 + [True]


def test_a_record_is_not_cut_in_two_and_manifests_go_first(stage, monkeypatch):
    monkeypatch.setattr(identity, "CHUNK_ITEMS", 3)
    stage.send(*(said(record, position) for record in ("a/1", "a/2", "manifest", "z/1") for position in ("01", "02")))
    chunks = [[k.assertion.record for k in e.items] for e in stage.events(assigned("p", 9)) if e.op is Op.ATTACH]
    assert chunks == [["manifest"] * 2, ["a/1"] * 2, ["a/2"] * 2, ["z/1"] * 2]
    stage.send(*(said("a/1", f"1{n}") for n in range(5)))
    chunks = [[k.assertion.record for k in e.items] for e in stage.events(assigned("q", 10)) if e.op is Op.ATTACH]
    assert chunks[1:4] == [["a/1"] * 3, ["a/1"] * 3, ["a/1", "a/2", "a/2"]], "but where it is more than a chunk takes"


def test_a_handover_begun_before_slices_goes_on(stage):
    """State and changelog hold heads that say nothing of a slice."""
    stage.send(said("a/1"), assigned("p", 3))
    stage.state.put(b"h" + pack(S), msgspec.msgpack.encode(["p", 3, True, 3, [OWN]]))
    assert stage.send(attached("p", 3)) == [(Op.DETACH, OWN, 3, [])]


def test_an_opt_out_is_told_to_whoever_holds_the_source_patient_and_goes_with_it(stage):
    assert stage.events(assigned("p", 3, True)) == [], "nobody holds it"
    assert [event.opted_out for event in stage.events(said("a/1"))] == [True]
    assert [(e.op, e.person, e.epoch, e.opted_out) for e in stage.events(assigned("p", 4, False))] == [(Op.APPLY, "p", 4, False)]
    assert stage.events(assigned("p", 5, False)) == [], "the same answer is no news"
    assert [(e.op, e.opted_out) for e in stage.events(assigned("q", 6, True))] == [(Op.LEAVING, True), (Op.ATTACH, True)]
    assert [(e.op, e.person, e.epoch, e.opted_out) for e in stage.events(assigned("q", 7, False))] == [
        (Op.APPLY, "q", 7, False), (Op.LEAVING, "p", 7, False)], "the handover is not done"
    assert stage.send(attached("q", 6)) == [(Op.DETACH, "p", 7, [])]
    assert stage.send(attached("p", 7)) == [(Op.SETTLED, "q", 7, [])]


def test_a_restriction_is_told_likewise(stage):
    stage.send(said("a/1"))
    restricted, lifted = assigned("p", 3, restricted=True), assigned("p", 5, False)
    assert [(e.op, e.restricted) for e in stage.events(restricted)] == [(Op.LEAVING, True), (Op.ATTACH, True)]
    assert [(e.person, e.opted_out, e.restricted) for e in stage.events(assigned("p", 4, False, restricted=True))] == [
        ("p", False, True), (OWN, False, True)]
    assert [(e.op, e.person, e.restricted) for e in stage.events(lifted)] == [(Op.APPLY, "p", False), (Op.LEAVING, OWN, False)]
    assert [e.restricted for e in stage.events(said("a/2"))] == [False]


@pytest.mark.parametrize("answers", [[], [False]], ids=["before opt-outs", "before restrictions"])
def test_state_from_before_an_answer_was_kept_goes_on(stage, answers):
    stage.send(said("a/1"))
    stage.state.put(b"h" + pack(S), msgspec.msgpack.encode(["p", 3, True, 3, [], None, {}, *answers]))
    assert [(e.op, e.opted_out, e.restricted) for e in stage.events(assigned("p", 4, True, restricted=True))] == [(Op.APPLY, True, True)]

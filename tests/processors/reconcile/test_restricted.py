"""Whom PDS restricts: the label of every entry and of the head, by whichever source patient it came, beside what sources say themselves."""

from __future__ import annotations

import msgspec

from mainstem.labels import PDS_RESTRICTED
from mainstem.person_events import Op
from processors.identity.persons import Placed
from processors.reconcile.fold import fold_by
from processors.reconcile.layout import Feed
from schemas import topics
from tests.processors.reconcile.fed import Stage, event, said
from tests.processors.reconcile.test_opt_out import ALLERGY, ELSEWHERE, labels, patient, told
from tests.strategies import Terms

S = "RXC/community|7"
EVERYONE = {"patient": (PDS_RESTRICTED,), "allergy": (PDS_RESTRICTED,), "problem": (PDS_RESTRICTED,)}
NOBODY = dict.fromkeys(EVERYONE, ())


def test_it_reaches_every_entry_of_every_source_and_the_head_and_is_lifted_likewise():
    stage = told()
    stage.send(event(subject=S, epoch=4, restricted=True))
    assert labels(stage) == EVERYONE
    assert stage.summary.labels == (PDS_RESTRICTED,) and not stage.summary.checked
    stage.send(event(said("allergy/2", agent={"text": "latex"})))
    assert labels(stage) == {"allergy": (PDS_RESTRICTED, "sensitive")}, "what comes afterwards bears it too"
    stage.send(event(subject=S, epoch=5, restricted=True))
    assert labels(stage) == {}, "said again it is no news"
    stage.send(event(subject=S, epoch=6))
    assert {kind: found for kind, found in labels(stage).items() if kind != "allergy"} == {"patient": (), "problem": ()}
    assert stage.summary.labels == ()


def test_unrestricted_in_pds_lifts_nothing_that_a_source_says_and_the_other_way_round():
    stage = told()
    stage.send(event(patient("02", PDS_RESTRICTED)))
    assert labels(stage) == {"patient": (PDS_RESTRICTED,)}, "by a source, of its own patient"
    stage.send(event(subject=S, epoch=4, restricted=True))
    assert labels(stage) == {"allergy": (PDS_RESTRICTED,), "problem": (PDS_RESTRICTED,)}
    stage.send(event(subject=S, epoch=5))
    assert labels(stage) == {"allergy": (), "problem": ()}
    stage.send(event(subject=S, epoch=6, restricted=True))
    stage.send(event(patient("03")))
    assert labels(stage) == {}


def test_it_goes_with_the_source_patient():
    stage = told()
    stage.send(event(subject=S, epoch=6, restricted=True))
    stage.send(event(epoch=7, op=Op.DETACH, subject=S, restricted=True))
    assert {kind: found for kind, found in labels(stage).items() if kind != "problem"} == {"patient": (), "allergy": ()}
    assert stage.summary.labels == ()


def test_while_a_handover_is_in_progress_both_records_bear_it():
    stage = told()
    stage.send(event(subject=S, op=Op.LEAVING, epoch=4, restricted=True))
    assert labels(stage) == EVERYONE
    stage = told()
    stage.send(event(said("problem/1", source="RXZ/pas", kind="problem", code={"text": "gout"}), op=Op.ATTACH, epoch=4, restricted=True))
    assert labels(stage) == EVERYONE


def test_the_head_says_it_where_no_entry_is_left():
    stage = Stage(Terms())
    stage.send(event(ALLERGY, epoch=3, restricted=True))
    stage.send(event(said(position="02", status="retracted"), epoch=3, restricted=True))
    assert stage.of(topics.ENTRIES)[-1].status == "withdrawn"
    assert stage.summary.entries == 0 and stage.summary.labels == (PDS_RESTRICTED,)


def test_the_fold_says_the_same():
    known = [ALLERGY, ELSEWHERE, patient("01", "opt-out")]
    [record] = fold_by(known, lambda _: "p", Terms(), {S: Placed("p", "test", restricted=True)}).values()
    assert record.labels == ("opt-out", PDS_RESTRICTED) and not record.checked
    assert {entry.labels for entry in record.entries} == {("opt-out", PDS_RESTRICTED)}


def test_state_from_before_restrictions_is_read():
    old = msgspec.msgpack.encode([4, True, False, 9, ["allergy"], {}, [], {}, True])
    assert msgspec.msgpack.decode(old, type=Feed) == Feed(4, last_heard=9, kinds=["allergy"], opted_out=True, restricted=False)

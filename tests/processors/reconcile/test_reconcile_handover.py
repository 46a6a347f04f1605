"""What the reconcile stage publishes while a source patient goes from one person to another."""

from __future__ import annotations

import msgspec

from mainstem.person_events import Op
from schemas import topics
from tests.processors.reconcile.fed import P, Stage, event, said


def test_a_handover_is_shown_at_both_ends():
    old, new = Stage(), Stage()
    old.send(event(said(note="x"), epoch=1))
    s = "RXA/epr|1"
    old.send(event(op=Op.LEAVING, epoch=5, subject=s))
    assert (old.summary.entries, old.summary.sources[0].handover) == (1, True)
    new.send(event(said(note="x"), op=Op.ATTACH, epoch=5, last=False))
    assert new.summary.sources[0].handover
    assert new.of(topics.ATTACHED) == []
    new.send(event(said("allergy/2", note="y"), op=Op.ATTACH, epoch=5))
    [answer] = new.of(topics.ATTACHED)
    assert (answer.subject, answer.person, answer.epoch) == (s, P, 5)
    [gone] = old.send(event(op=Op.DETACH, epoch=5, subject=s))
    assert (gone.status, gone.rules, old.summary.sources) == ("withdrawn", {"*": "identity.moved"}, ())
    assert [(each.person, each.epoch) for each in old.of(topics.ATTACHED)] == [(P, 5)], "it has let go"
    new.send(event(op=Op.SETTLED, epoch=5, subject=s))
    assert not new.summary.sources[0].handover
    assert {key[:1] for key, _ in old.state.items()} == {b"f", b"h"}, "the old person keeps versions and epochs, nothing else"


def test_what_came_and_went_in_one_batch_leaves_only_its_epoch(stage):
    manifest = said("manifest", "05", kind="manifest", kinds=["allergy"], records=[])
    stage.send(event(said(note="x"), manifest, epoch=1), event(op=Op.DETACH, epoch=5, subject="RXA/epr|1"))
    assert {key[:1] for key, _ in stage.state.items()} == {b"h"}
    assert stage.of(topics.ENTRIES) == []


def test_stragglers_of_a_lower_epoch_do_not_come_back(stage):
    s = "RXA/epr|1"
    stage.send(event(said(note="x"), epoch=1), event(op=Op.DETACH, epoch=5, subject=s))
    for late in (event(said(note="x"), epoch=1), event(said(note="x"), epoch=5), event(said(note="x"), op=Op.ATTACH, epoch=4)):
        stage.send(late)
        assert stage.outputs == []
    assert [entry.status for entry in stage.send(event(said(note="x"), op=Op.ATTACH, epoch=7))] == ["current"]
    stage.send(event(op=Op.DETACH, epoch=5, subject=s))
    assert stage.outputs == [], "a detach older than the attach"


def test_what_a_handover_brings_has_not_just_been_committed(stage):
    """Freshness is measured from `committed`: of what arrives, never of what only moves."""
    arriving = said(agent={"text": "penicillin"})
    arriving = msgspec.structs.replace(arriving, assertion=msgspec.structs.replace(arriving.assertion, committed=900))
    [entry] = stage.send(event(arriving))
    assert entry.committed == 900
    [moved] = Stage().send(event(arriving, op=Op.ATTACH, epoch=3))
    assert moved.committed is None

"""What the reconcile stage publishes when a source says what it holds: absence, and what an empty list may not hide."""

from __future__ import annotations

import pytest

from tests.processors.reconcile.fed import event, said


def test_what_a_later_export_no_longer_holds_is_absent_until_said_again(stage):
    stage.send(event(said(note="x"), said("problem/1", kind="problem", note="y")))
    manifest = said("manifest", "05", kind="manifest", kinds=["allergy"], records=["allergy/2"], known=3000)
    [gone] = stage.send(event(manifest))
    assert (gone.status, gone.kind, gone.rules) == ("withdrawn", "allergy", {"*": "record.absent"})
    assert [behind.record for behind in gone.provenance] == ["manifest"]
    assert stage.send(event(said(position="04", note="z"))) == [], "older than the export, which did not hold it"
    assert [entry.status for entry in stage.send(event(said(position="06", note="z")))] == ["current"]


def test_an_older_export_that_comes_late_takes_nothing_back(stage):
    stage.send(event(said(note="x")))
    stage.send(event(said("manifest", "05", kind="manifest", kinds=["allergy"], records=["allergy/1"])))
    assert stage.send(event(said("manifest", "04", kind="manifest", kinds=["allergy"], records=["allergy/2"]))) == []
    assert len(stage.send(event(said("manifest", "06", kind="manifest", kinds=["allergy"], records=["allergy/2"])))) == 1


def test_a_manifest_of_another_source_patient_says_nothing(stage):
    stage.send(event(said(note="x")))
    assert stage.send(event(said("manifest", "05", patient="2", kind="manifest", kinds=["allergy"], records=[]))) == []


@pytest.mark.parametrize("source", ["B/gp", "RXA/epr"])
def test_an_empty_list_and_no_known_allergy_hide_nothing(stage, source):
    """Of another source or of the same."""
    stage.send(event(said(source=source, agent={"text": "penicillin"}, clinical_status="active")))
    stage.send(event(said("manifest", "09", kind="manifest", kinds=["allergy"], records=[])),
               event(said("allergy/9", "09", agent={"text": "No known allergies"})))
    assert stage.summary.entries == 2


def test_an_empty_list_takes_nothing_back_that_a_fuller_one_said_and_speaks_for_what_carries_no_risk(stage):
    stage.send(event(said(note="x")), event(said("allergy/2", note="y")), event(said("problem/1", kind="problem", note="z")))
    stage.send(event(said("manifest", "05", kind="manifest", kinds=["allergy"], records=["allergy/2"])))
    assert stage.summary.entries == 2
    stage.send(event(said("manifest", "09", kind="manifest", kinds=["allergy", "problem"], records=[])))
    assert stage.summary.entries == 1, "the problem is gone, the allergies are as the list before had them"


def test_an_export_of_several_kinds_takes_an_allergy_back_only_once_it_is_known_to_list_one(stage):
    first, other = (said(record=f"allergy/{n}", position="01", agent={"text": agent}) for n, agent in ((1, "penicillin"), (2, "peanut")))
    export = said("manifest", "05", kind="manifest", kinds=["allergy", "problem"], records=["allergy/2", "problem/1"])
    assert len(stage.send(event(first))) == 1
    assert stage.send(event(export)) == [], "what it lists is not known to be an allergy"
    found = {entry.status: entry for entry in stage.send(event(other))}
    assert set(found) == {"current", "withdrawn"}
    assert (found["withdrawn"].rules, found["withdrawn"].provenance[0].record) == ({"*": "record.absent"}, "manifest")

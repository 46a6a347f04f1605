"""Who opted out of uses beyond their care is out of them with everything, whoever says it and whenever (uk-standards.md, Governance)."""

from __future__ import annotations

from mainstem.person_events import Op
from processors.reconcile.fold import fold_by
from schemas import topics
from schemas.topics import Purpose
from sinks import policy
from tests.processors.reconcile.fed import Stage, event, said
from tests.strategies import Terms

ALLERGY = said("allergy/1", agent={"text": "peanut"})
ELSEWHERE = said("problem/9", source="RXC/community", patient="7", kind="problem", code={"text": "gout"})


def patient(position: str, *labels: str, known: int = 2000, **envelope):
    return said("patient", position, kind="patient", gender="female", labels=labels, known=known, **envelope)


def labels(stage: Stage):
    """Kind -> labels of the entries just published."""
    return {entry.kind: entry.labels for entry in stage.of(topics.ENTRIES)}


def told() -> Stage:
    stage = Stage(Terms())
    stage.send(event(ALLERGY))
    stage.send(event(ELSEWHERE))
    stage.send(event(patient("01")))
    assert labels(stage) == {"patient": ()}
    return stage


def test_it_reaches_every_entry_of_every_source_at_once_and_is_taken_back_likewise():
    stage = told()
    stage.send(event(patient("02", "opt-out", known=3000)))
    assert labels(stage) == {"patient": ("opt-out",), "allergy": ("opt-out",), "problem": ("opt-out",)}
    assert {entry.known for entry in stage.of(topics.ENTRIES)} == {3000}, "what changed them became known then"
    assert stage.summary.labels == ("opt-out",)
    stage.send(event(patient("03")))
    assert labels(stage) == {"patient": (), "allergy": (), "problem": ()}
    assert stage.summary.labels == ()


def test_what_comes_afterwards_bears_it_too():
    stage = told()
    stage.send(event(patient("02", "opt-out")))
    stage.send(event(said("allergy/2", agent={"text": "latex"})))
    assert labels(stage) == {"allergy": ("opt-out", "sensitive")}
    stage.send(event(patient("03", "opt-out", known=4000)))
    assert labels(stage) == {}, "said again it is no news"


def test_any_source_that_says_so_counts_and_goes_with_its_source_patient():
    stage = told()
    other = patient("01", "opt-out", source="A82038/gp", patient="5", known=3000)
    stage.send(event(other))
    assert labels(stage) == {"patient": ("opt-out",), "allergy": ("opt-out",), "problem": ("opt-out",)}
    stage.send(event(epoch=5, op=Op.DETACH, subject="A82038/gp|5"))
    assert {kind: found for kind, found in labels(stage).items() if kind != "patient"} == {"allergy": (), "problem": ()}
    assert {change.handover for change in stage.of(topics.CHANGES)} == {5}, "whoever was told of them is told that it was of another"
    assert stage.summary.labels == ()


def test_a_check_reaches_every_source_of_the_person_and_goes_with_the_source_patient_that_carries_the_number():
    stage = told()
    stage.send(event(subject="RXC/community|7", epoch=4, opted_out=True))
    assert labels(stage) == {"patient": ("opt-out",), "allergy": ("opt-out",), "problem": ("opt-out",)}
    assert stage.summary.labels == ("opt-out",)
    stage.send(event(patient("02", "opt-out")), event(subject="RXC/community|7", epoch=5, opted_out=False))
    assert labels(stage) == {}, "that none stands lifts nothing that a source says"
    stage.send(event(patient("03")))
    assert labels(stage) == {"patient": (), "allergy": (), "problem": ()}
    stage.send(event(subject="RXC/community|7", epoch=6, opted_out=True))
    stage.send(event(epoch=7, op=Op.DETACH, subject="RXC/community|7", opted_out=True))
    assert labels(stage) == {"patient": (), "allergy": (), "problem": ()}
    assert stage.summary.labels == ()


def test_a_record_is_checked_once_there_is_an_answer_for_each_number():
    stage = told()
    assert not stage.summary.checked
    stage.send(event(subject="RXC/community|7", epoch=4, opted_out=False))
    assert stage.summary.checked, "the others have no number to ask about"
    stage.send(event(patient("02", source="A82038/gp", patient="5", nhs_number="9990000018", verification="01")))
    assert not stage.summary.checked
    assert stage.of(topics.ENTRIES)[-1].kind == "patient"
    stage.send(event(subject="A82038/gp|5", epoch=5, opted_out=False))
    assert stage.summary.checked
    assert stage.of(topics.ENTRIES) == stage.of(topics.CHANGES) == [], "of entries it is no news"


def test_while_a_handover_is_in_progress_both_records_bear_it():
    everyone = {"patient": ("opt-out",), "allergy": ("opt-out",), "problem": ("opt-out",)}
    stage = told()
    stage.send(event(subject="RXC/community|7", op=Op.LEAVING, epoch=4, opted_out=True))
    assert labels(stage) == everyone
    stage = told()
    stage.send(event(said("problem/1", source="RXZ/pas", kind="problem", code={"text": "gout"}), op=Op.ATTACH, epoch=4, opted_out=True))
    assert labels(stage) == everyone


def test_a_crowded_fact_bears_it():
    stage = Stage(Terms())
    crowd = [said(f"allergy/{n}", agent={"text": "penicillin"}, note=f"note {n % 3}", known=1000 + n) for n in range(70)]
    stage.send(event(*crowd))
    stage.send(event(patient("01", "opt-out")))
    assert labels(stage) == {"patient": ("opt-out",), "allergy": ("opt-out",)}


def test_nothing_of_them_enters_secondary_use_and_everything_direct_care():
    [record] = fold_by([ALLERGY, ELSEWHERE, patient("01", "opt-out")], lambda _: "p", Terms()).values()
    assert record.labels == ("opt-out",)
    assert len(record.entries) == 3
    for entry in record.entries:
        assert not policy.enters(Purpose.SECONDARY_USE, entry.kind, entry.labels)
        assert policy.enters(Purpose.DIRECT_CARE, entry.kind, entry.labels)
    assert not policy.person_enters(Purpose.SECONDARY_USE, record.labels)
    assert policy.person_enters(Purpose.DIRECT_CARE, record.labels)


def test_only_a_patient_record_says_it_of_the_person():
    stage = told()
    stage.send(event(said("allergy/3", agent={"text": "latex"}, labels=("opt-out",))))
    assert labels(stage) == {"allergy": ("opt-out", "sensitive")}
    assert stage.summary.labels == ()

"""Numbers that PDS replaced or made void: from the signal to the claim, and whose person changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mainstem.model import RawRef
from processors.identity.linker import assign, review
from producers.pds.identity import superseded, to_ask
from tests.processors.identity.test_persons import number
from tests.strategies import KEY, NUMBERS, THIRD

OLD, NEW = NUMBERS
RAW = RawRef("raw.x26-pds.v1", 0, 0)
SIGNALS = Path(__file__).resolve().parents[4] / "shared" / "corpora" / "mns-signals"
SIGNAL = {"specversion": "1.0", "id": "x", "source": "uk.nhs.pds", "type": "nhs-number-change-2", "subject": OLD,
          "time": "2026-01-01T00:00:00Z", "dataref": f"https://pds.invalid/Patient/{OLD}"}


def patient(identity: str, *security: str) -> dict:
    return {"resourceType": "Patient", "id": identity, "meta": {"security": [{"code": code} for code in security]}}


def outcome(code: str) -> dict:
    system = "https://fhir.hl7.org.uk/CodeSystem/Spine-ErrorOrWarningCode"
    details = {"coding": [{"system": system, "version": "1", "code": code}]}
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-found", "details": details}]}


def test_a_signal_says_whom_to_ask_about_and_nothing_more() -> None:
    assert to_ask(SIGNAL) == (OLD,)
    assert to_ask(SIGNAL | {"dataref": f"https://pds.invalid/Patient/{NEW}"}) == (OLD, NEW)
    assert to_ask(SIGNAL | {"type": "pds-change-of-gp-2"}) == ()
    assert to_ask(SIGNAL | {"subject": "9990000019", "dataref": ""}) == ()


def test_the_answer_under_another_number_supersedes_and_its_carriers_come_together() -> None:
    claim = superseded(OLD, patient(NEW, "U"), "2026-01-01T00:00:00Z", RAW)
    assert claim is not None and claim.type == "superseded"
    carriers = [number("A/x|1", OLD), number("B/y|2", NEW)]
    before, after = assign(carriers, KEY), assign([*carriers, claim], KEY)
    assert before["A/x|1"].person != before["B/y|2"].person == after["B/y|2"].person == after["A/x|1"].person


@pytest.mark.parametrize("answer", [patient(OLD, "REDACTED"), outcome("INVALIDATED_RESOURCE")], ids=["redacted", "invalidated"])
def test_an_invalidated_number_links_nobody_until_a_later_answer_says_otherwise(answer: dict) -> None:
    carriers = [number("A/x|1", OLD), number("B/y|2", OLD)]
    void = superseded(OLD, answer, "2026-01-01T00:00:00Z", RAW)
    after = assign([*carriers, void], KEY)
    assert after["A/x|1"].person != after["B/y|2"].person
    replaced = superseded(OLD, patient(THIRD, "U"), "2026-02-01T00:00:00Z", RAW)
    for claims in ([*carriers, void, replaced], [replaced, void, *carriers]):
        found = assign(claims, KEY)
        assert found["A/x|1"].person == found["B/y|2"].person
        assert review(claims, KEY) == []


@pytest.mark.parametrize("answer", [{"resourceType": "OperationOutcome"}, outcome("RESOURCE_NOT_FOUND"), patient("not a number"), {}])
def test_no_answer_claims_nothing(answer: dict) -> None:
    assert superseded(OLD, answer, "2026", RAW) is None


def test_a_gp_re_registration_is_the_same_person_under_a_new_local_number() -> None:
    claims = [number("A82038/gp|1", OLD), number("A82038/gp|2", OLD)]
    found = assign(claims, KEY)
    assert found["A82038/gp|1"].person == found["A82038/gp|2"].person


@pytest.mark.corpus
def test_signals_of_the_corpus() -> None:
    if not SIGNALS.is_dir():
        pytest.skip("the corpora are not here")
    asked = {path.stem: to_ask(json.loads(path.read_bytes())) for path in SIGNALS.glob("*.json")}
    assert {name for name, numbers in asked.items() if numbers} == {"nhs-number-change-2"}
    assert len(asked["nhs-number-change-2"]) == 1


@pytest.mark.parametrize("said", [patient(NEW, "U"), patient(OLD, "REDACTED")], ids=["superseded", "void"])
def test_the_answer_that_a_number_stands_takes_back_what_an_earlier_one_said_of_it(said: dict) -> None:
    carriers = [number("A/x|1", OLD), number("A/x|2", OLD), number("B/y|2", NEW)]
    wrong = superseded(OLD, said, "2026-01-01T00:00:00Z", RAW)
    right = superseded(OLD, patient(OLD, "U"), "2026-02-01T00:00:00Z", RAW)
    never = {subject: placed.person for subject, placed in assign(carriers, KEY).items()}
    assert {each: assign([*carriers, wrong], KEY)[each].person for each in never} != never
    for order in ([*carriers, wrong, right], [right, *carriers, wrong]):
        assert {each: assign(order, KEY)[each].person for each in never} == never

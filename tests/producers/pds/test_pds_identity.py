"""Numbers that PDS replaced or made void, and of which it restricts whereabouts: from the answer to the claim, and for whom it holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mainstem.model import RawRef, Status
from processors.identity.linker import assign, review
from producers.pds.identity import restricted, superseded, to_ask
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


def stands(answer: dict, asked: str = OLD) -> dict[str, bool]:
    """Number -> whether it is restricted, by the claims that PDS's answer becomes."""
    return {claim.ref: claim.status is Status.ASSERTED for claim in restricted(asked, answer, "2026-01-01T00:00:00Z", RAW)}


def marked(security: object) -> dict:
    return {"resourceType": "Patient", "id": OLD, "meta": {"security": security}}


U = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "U", "display": "unrestricted"}


@pytest.mark.parametrize("code", ["R", "V", "REDACTED", "N", "u", "", " U", "RESTRICTED"])
def test_whatever_is_not_the_code_for_unrestricted_restricts(code: str) -> None:
    assert stands(patient(OLD, code)) == stands(patient(OLD, "U", code)) == {OLD: True}


@pytest.mark.parametrize("security", [
    [{}], [None], ["U"], "U", "R", {"code": "R"}, [U, {"display": "restricted"}], [U | {"code": None}], [U | {"code": ["U"]}], [[U]],
    [U | {"system": "urn:x"}], [U | {"system": ["http://terminology.hl7.org/CodeSystem/v3-Confidentiality"]}], 0, False])
def test_what_cannot_be_read_restricts(security: object) -> None:
    assert stands(marked(security)) == {OLD: True}


@pytest.mark.parametrize("security", [[U], [U, U], U, [U | {"system": "http://hl7.org/fhir/v3/Confidentiality"}]])
def test_unrestricted_lifts(security: object) -> None:
    assert stands(marked(security)) == stands(patient(OLD, "U")) == {OLD: False}


@pytest.mark.parametrize("answer", [
    marked([]), marked(None), {"resourceType": "Patient", "id": OLD}, {"resourceType": "Patient", "id": OLD, "meta": {}},
    {"resourceType": "Patient", "id": OLD, "meta": []}, outcome("INVALIDATED_RESOURCE"), outcome("RESOURCE_NOT_FOUND"),
    {"resourceType": "OperationOutcome", "meta": {"security": [{"code": "R"}]}}, {}])
def test_an_answer_that_does_not_say_says_nothing(answer: dict) -> None:
    assert stands(answer) == {}


def test_an_answer_under_another_number_is_about_both() -> None:
    """Somebody else may say that the old number became a third: then neither is one with the other, and both were PDS's restricted one."""
    assert stands(patient(NEW, "R")) == {OLD: True, NEW: True}
    assert stands(patient(NEW, "U")) == {OLD: False, NEW: False}
    assert stands(patient("not a number", "R")) == {OLD: True}
    assert stands(patient(NEW, "R"), "not a number") == {NEW: True}


@pytest.mark.parametrize("code", ["R", "V", "REDACTED"])
def test_whoever_carries_a_restricted_number_is_restricted_until_pds_says_otherwise(code: str) -> None:
    first = restricted(OLD, patient(OLD, code), "2026-01-01T00:00:00Z", RAW)
    silent = restricted(OLD, patient(OLD), "2026-02-01T00:00:00Z", RAW)
    lifted = restricted(OLD, patient(OLD, "U"), "2026-03-01T00:00:00Z", RAW)
    carriers = [number("A/x|1", OLD), number("B/y|2", OLD, "02"), number("B/y|3", NEW)]
    for order, expected in (([*first, *carriers, *silent], [True, True, False]), ([*lifted, *first, *carriers], [False] * 3)):
        found = assign(order, KEY)
        assert [found[each].restricted for each in ("A/x|1", "B/y|2", "B/y|3")] == expected

"""HTEST: what is marked as test data, or stands in or tells of what is, is nothing that production takes in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.model import RawRef
from producers.contract import SOURCE_HEADER, RawMessage
from producers.fhir.format import FhirFormat, items
from producers.fhir.publish import source_of
from producers.fhir.reader import Origin
from producers.fhir.reasons import Reason
from producers.items import Read
from producers.processing import Processing
from tests.producers.fhir.conftest import bundle, dated
from tests.producers.fhir.resources import ALLERGY_R4, META, SUBJECT
from tests.producers.fhir.test_fhir_manifest import PATIENT as GP_PATIENT
from tests.producers.fhir.test_fhir_manifest import condition, section
from tests.producers.test_reading_properties import JSON, check

ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
TEST = {"security": [{"system": ACT_REASON, "code": "HTEST"}]}
PATIENT = {"resourceType": "Patient", "id": "p1"}
OTHER = ALLERGY_R4 | {"id": "other", "patient": {"reference": "Patient/p2"}}
ORDER = {"resourceType": "MedicationRequest", "id": "o", "subject": SUBJECT, "status": "active", "intent": "order",
         "medicationReference": {"reference": "Medication/m"}}
MEDICATION = {"resourceType": "Medication", "id": "m", "code": {"text": "Testamycin"}}


def read(*resources: dict[str, Any], processing: Processing = Processing.PRODUCTION) -> list[Read]:
    whole = dated(resources[0]) if len(resources) == 1 else bundle(*resources)
    return items(json.dumps(whole).encode(), Origin(RawRef("file:0", 0, 0), "RXA/fhir", processing=processing))


def outcomes(*resources: dict[str, Any], processing: Processing = Processing.PRODUCTION) -> dict[str, str]:
    return {each.item: each.reason or str(each.result) for each in read(*resources, processing=processing)}


def marked(resource: dict[str, Any], meta: Any = None) -> dict[str, Any]:
    return resource | {"meta": META | (meta or TEST)}


def left_out(*resources: dict[str, Any]) -> set[str]:
    """Items that production does not take in; what training makes of the file is what would be made of it without marks."""
    plain = json.loads(json.dumps(resources).replace('"HTEST"', '"TREAT"'))
    assert outcomes(*resources, processing=Processing.TRAINING) == outcomes(*plain)
    assert [each.assertions for each in read(*resources, processing=Processing.TRAINING)] == [each.assertions for each in read(*plain)]
    return {item for item, outcome in outcomes(*resources).items() if outcome == Reason.NOT_PRODUCTION}


@pytest.mark.parametrize("coding", [
    {"system": ACT_REASON, "code": "HTEST"}, {"system": "http://hl7.org/fhir/v3/ActReason", "code": "HTEST"},
    {"system": "urn:oid:2.16.840.1.113883.5.8", "code": "HTEST"}, {"code": "HTEST"}, {"code": " htest ", "display": "x"},
    *({"system": "http://terminology.hl7.org/CodeSystem/v2-0103", "code": code} for code in "DTNV"),
    {"system": "http://hl7.org/fhir/v2/0103", "code": "T"}])
@pytest.mark.parametrize("name", ["security", "tag"])
def test_a_mark_is_a_tag_or_a_label(coding: dict[str, str], name: str) -> None:
    for listed in ([coding], [{"code": "N"}, coding], coding):
        resource = marked(ALLERGY_R4, {name: listed})
        assert outcomes(resource) == {"AllergyIntolerance/a": "not-production"}
        assert outcomes(resource, processing=Processing.TRAINING) == {"AllergyIntolerance/a": "assertions"}


@pytest.mark.parametrize("coding", [
    {"system": "urn:trust:clinics", "code": "HTEST"}, {"code": "TREAT"}, {"code": "T"}, {"system": ACT_REASON, "code": "T"},
    {"system": "http://terminology.hl7.org/CodeSystem/v2-0103", "code": "P"}, {"display": "HTEST"}, {"system": ACT_REASON},
    {"system": "http://terminology.hl7.org/CodeSystem/v2-0207", "code": "T"}])
@pytest.mark.parametrize("name", ["security", "tag"])
def test_other_codes_are_no_marks(coding: dict[str, str], name: str) -> None:
    assert outcomes(marked(ALLERGY_R4, {name: [coding]})) == {"AllergyIntolerance/a": "assertions"}


def test_whatever_stands_in_a_marked_bundle_is_marked() -> None:
    inner = bundle(OTHER, {"resourceType": "x"}, id="in")
    deleted = {"request": {"method": "DELETE", "url": "Flag/f"}}
    whole = bundle(PATIENT, ALLERGY_R4, ALLERGY_R4, inner, meta=TEST)
    whole["entry"] += [deleted, {"resource": 5}]
    assert left_out(whole) == outcomes(whole).keys()
    kinds = {each.type for each in read(whole)}
    assert kinds == {"Bundle", "Patient", "AllergyIntolerance", "DELETE", "unknown"}, "a type that is none may be anything"
    beside = bundle(whole, OTHER | {"id": "real"})
    assert outcomes(beside).keys() - left_out(beside) == {"Bundle", "AllergyIntolerance/real"}


def test_parameters_and_a_list_mark_what_they_hold() -> None:
    parameters = {"resourceType": "Parameters", "meta": TEST, "parameter": [{"name": "r", "part": [{"name": "s", "resource": ALLERGY_R4}]}]}
    assert left_out(parameters) == {"Parameters", "AllergyIntolerance/a"}
    listed = {"resourceType": "List", "id": "l", "meta": META | TEST, "contained": [ALLERGY_R4]}
    assert left_out(listed) == {"List/l", "List/l/AllergyIntolerance/a"}


def test_the_header_of_a_message_marks_all_of_it() -> None:
    """The v2-to-FHIR guide maps MSH-11 to the MessageHeader's tag."""
    training = {"system": "http://terminology.hl7.org/CodeSystem/v2-0103", "code": "T"}
    header = {"resourceType": "MessageHeader", "id": "h", "meta": {"tag": [training]}}
    message = bundle(header, ALLERGY_R4, type="message")
    assert outcomes(message) == dict.fromkeys(("Bundle", "MessageHeader/h", "AllergyIntolerance/a"), "not-production")
    both = bundle(message, bundle(OTHER))
    assert outcomes(both)["AllergyIntolerance/other"] == "assertions"
    lines = b"\n".join(json.dumps(each).encode() for each in (header, ALLERGY_R4))
    found = items(lines, Origin(RawRef("file:0", 0, 0), "RXA/fhir"))
    assert [each.reason for each in found] == ["not-production", ""], "by itself it is no message"


@pytest.mark.parametrize("first", [0, 1])
def test_what_is_told_of_a_marked_patient_is_test_data(first: int) -> None:
    told = [marked(PATIENT), ALLERGY_R4]
    assert left_out(told[first], told[1 - first], OTHER) == {"Patient/p1", "AllergyIntolerance/a"}


@pytest.mark.parametrize("fault", [{"id": {"value": "p1"}}, {"id": None, "identifier": "x"}, {"id": "not an id"}])
def test_a_marked_patient_that_cannot_be_told_is_a_fault_of_nobody_else(fault: dict[str, Any]) -> None:
    (whole, patient, allergy) = read(marked(PATIENT) | fault, ALLERGY_R4)
    assert [whole.reason, patient.reason, allergy.reason] == ["container", "not-production", ""]


def test_what_is_told_in_marked_words_is_test_data() -> None:
    assert left_out(ORDER, MEDICATION | {"meta": TEST}, OTHER) == {"MedicationRequest/o", "Medication/m"}


def test_an_issue_that_is_test_data_speaks_for_no_record() -> None:
    def issue(identity: str, day: str, meta: dict[str, Any]) -> dict[str, Any]:
        profile = {"profile": ["https://fhir.nhs.uk/STU3/StructureDefinition/CareConnect-GPC-MedicationRequest-1"]}
        return ORDER | {"id": identity, "meta": profile | meta, "authoredOn": day, "basedOn": [{"reference": "MedicationRequest/plan"}],
                        "groupIdentifier": {"value": "g"}}

    found = outcomes(issue("1", "2021-01-01", {}), issue("2", "2021-02-01", {}), issue("3", "2021-03-01", TEST), MEDICATION)
    assert (found["MedicationRequest/1"], found["MedicationRequest/3"]) == ("earlier-issue", "not-production")
    assert found["MedicationRequest/2"] == "assertions"


def test_what_was_left_out_does_not_look_as_if_it_were_no_longer_said() -> None:
    """A manifest complete for problems would make the version before absent."""
    listed = section("problem", "Condition/c", "Condition/d")
    whole = (GP_PATIENT, listed, condition("c"), condition("d"))
    assert json.loads(read(*whole)[0].assertions[0].content)["kinds"] == ["problem"]
    partial = json.loads(read(*whole[:3], marked(whole[3]))[0].assertions[0].content)
    assert (partial["kinds"], partial["partial"]) == ([], {"problem": ["incomplete"]})
    assert not any(each.assertions for each in read(marked(GP_PATIENT, GP_PATIENT["meta"] | TEST), *whole[1:]))


def test_what_is_ignored_lies_in_the_topic_of_its_source() -> None:
    """It is to be found there when it turns out to have been no test."""
    named = {"resourceType": "Patient", "id": "p1", "meta": META | TEST, "managingOrganization": {"identifier": {
        "system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "RXA"}}}
    found = items(json.dumps(named).encode(), Origin(RawRef("file:0", 0, 0)))
    assert ([each.reason for each in found], source_of(found)) == (["not-production"], "RXA/fhir")


@pytest.mark.parametrize("processing", Processing)
def test_the_raw_message_alone_decides(processing: Processing, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {SOURCE_HEADER: b"RXA/fhir", **processing.headers}
    raw = RawMessage("raw.rxa-fhir.v1", 0, 3, 0, None, json.dumps(marked(ALLERGY_R4)).encode(), headers)
    for here in Processing:
        monkeypatch.setenv("MAINSTEM_PROCESSING", here.value)
        (found,) = FhirFormat().read(raw)
        assert found.outcome.reason == ("" if processing is Processing.TRAINING else "not-production")


CODING = st.fixed_dictionaries({}, optional={"code": st.sampled_from(["HTEST", "T", "P"]) | JSON, "system": st.just(ACT_REASON) | JSON})


@given(st.lists(st.sampled_from(["meta", "meta of the Bundle"]), max_size=2, unique=True),
       JSON | st.fixed_dictionaries({}, optional=dict.fromkeys(("tag", "security"), JSON | CODING | st.lists(CODING | JSON, max_size=3))))
def test_whatever_stands_for_marks_stops_nothing(places: list[str], meta: Any) -> None:
    """In production each item is as in training, or left out as a whole."""
    resource = ALLERGY_R4 | ({"meta": meta} if "meta" in places else {})
    whole = bundle(resource, OTHER, **({"meta": meta} if "meta of the Bundle" in places else {}))
    data = json.dumps(whole).encode()
    there = [FhirFormat("RXA/fhir").read(RawMessage("r", 0, 3, 0, None, data, processing.headers)) for processing in Processing]
    for found in there:
        check(found, 3)
    for production, training in zip(*there, strict=True):
        assert production == training or production.outcome.reason == Reason.NOT_PRODUCTION

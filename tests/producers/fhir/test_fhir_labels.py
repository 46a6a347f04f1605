"""Privacy labels: whatever is marked, by whatever holds it, is labelled; what the mark means and is not known is sensitive."""

from __future__ import annotations

import pytest

from tests.producers.fhir.conftest import bundle, first, read
from tests.producers.fhir.resources import ALLERGY_R4, META, SUBJECT

RESTRICTED = {"security": [{"code": "R"}]}


def labels(*resources, kind="AllergyIntolerance"):
    return next(each for each in read(*resources) if each.type == kind).assertions[0].labels


@pytest.mark.parametrize("holder", [
    {"resourceType": "List", "id": "l", "meta": RESTRICTED, "contained": [ALLERGY_R4]},
    bundle(ALLERGY_R4, meta=RESTRICTED),
    bundle(bundle({"resourceType": "List", "id": "l", "contained": [ALLERGY_R4]}), meta=RESTRICTED),
    bundle(ALLERGY_R4, meta={"security": "R"}),
])
def test_what_holds_a_resource_labels_it(holder):
    """A contained resource must not have labels of its own."""
    assert labels(holder) == ("sensitive",)


def test_what_a_bundle_marks_is_added_to_what_the_resource_marks():
    marked = ALLERGY_R4 | {"meta": META | {"security": [{"code": "NOPAT"}]}}
    assert labels(bundle(marked, meta=RESTRICTED)) == ("nopat", "sensitive")
    assert labels(bundle(marked, meta={"security": [{"code": "N"}]})) == ("nopat",)
    patient = {"resourceType": "Patient", "id": "p1"}
    assert labels(bundle(patient, meta=RESTRICTED), kind="Patient") == ("sensitive",), "not what PDS says of the patient"


@pytest.mark.parametrize("reference", [{"reasonReference": [{"reference": "Condition/c"}]},
                                       {"diagnosis": [{"condition": {"reference": "Condition/c"}}]}])
def test_a_content_is_as_sensitive_as_the_words_in_it(reference):
    condition = {"resourceType": "Condition", "id": "c", "subject": SUBJECT, "meta": RESTRICTED, "code": {"text": "HIV"}}
    visit = {"resourceType": "Encounter", "id": "e", "subject": SUBJECT, "status": "finished"}
    assert labels(visit | reference, condition, kind="Encounter") == ("sensitive",)
    assert labels(visit, condition, kind="Encounter") == ()
    observation = {"resourceType": "Observation", "id": "o", "subject": SUBJECT, "code": {"text": "Titre"}}
    report = {"resourceType": "DiagnosticReport", "id": "r", "subject": SUBJECT, "meta": RESTRICTED, "code": {"text": "HIV serology"},
              "result": [{"reference": "Observation/o"}]}
    assert labels(observation, report, kind="Observation") == ("sensitive",)


@pytest.mark.parametrize(("coding", "expected"), [
    ({"system": "urn:x", "display": "Very restricted"}, ("sensitive",)), ({}, ("sensitive",)),
    ({"system": "urn:trust:flags", "code": "U"}, ("sensitive",)), ({"code": "U"}, ()),
    ({"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "N"}, ()),
    ({"system": "http://hl7.org/fhir/v3/Confidentiality", "code": "R"}, ("sensitive",)),
    ({"system": "urn:trust:flags", "code": "NOPAT"}, ("nopat",)),
])
def test_what_a_mark_means_and_is_not_known_is_sensitive(coding, expected):
    assert labels(ALLERGY_R4 | {"meta": META | {"security": [coding]}}) == expected
    letter = {"resourceType": "DocumentReference", "id": "x", "subject": SUBJECT, "status": "current"}
    assert first(letter | {"securityLabel": [{"coding": [coding]}]}).assertions[0].labels == expected


@pytest.mark.parametrize("said", [{"text": "Staff only"}, {}, {"coding": [{"code": "N"}, {"display": "HIV"}]}])
def test_labels_of_documents_in_words(said):
    letter = {"resourceType": "DocumentReference", "id": "x", "subject": SUBJECT, "status": "current"}
    assert first(letter | {"securityLabel": [said]}).assertions[0].labels == ("sensitive",)
    assert first({"resourceType": "Composition", "id": "x", "subject": SUBJECT, "confidentiality": "N"}).assertions[0].labels == ()

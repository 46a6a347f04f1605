"""What holds of elements in resources of whatever kind: codes, decimals, modifiers, negations, intents."""

from __future__ import annotations

import json

import pytest

from tests.producers.fhir.conftest import STATED, bundle, content, first, read, read_bytes
from tests.producers.fhir.resources import ALLERGY_R4, SODIUM, SUBJECT


def test_an_identifier_that_only_repeats_the_id_is_no_business_identifier():
    visit = {"resourceType": "Encounter", "id": "05E9-AB", "subject": SUBJECT, "identifier": [{"value": "P1P105E9AB"}, {"value": "V-1"}]}
    assert content(visit) == {"visit_id": "V-1"}


def test_codes_keep_their_case_and_their_dots_and_dmd_its_one_spelling():
    read_code = {
        "coding": [
            {"system": "http://read.info/readv2", "code": "TJ0..00"},
            {"system": "https://dmd.nhs.uk/", "code": "1"},
            {"display": "free"},
        ]
    }
    assert content(ALLERGY_R4 | {"code": read_code})["agent"] == {
        "codes": [{"system": "http://read.info/readv2", "code": "TJ0..00"}, {"system": "https://dmd.nhs.uk", "code": "1"}],
        "text": "free",
    }


@pytest.mark.parametrize(("written", "kept"), [("1.10", "1.10"), ("0.1000000000000000055", "0.1000000000000000055"), ("7", "7")])
def test_decimals_are_kept_as_written(written, kept):
    raw = json.dumps(SODIUM).replace('"value": 140', f'"value": {written}').encode()
    assert json.loads(read_bytes(raw)[0].assertions[0].content)["value"]["value"] == kept


@pytest.mark.parametrize(
    "modifier",
    [
        {"doNotPerform": True},
        {"modifierExtension": [{"url": "u", "valueBoolean": True}]},
        {"implicitRules": "https://rules.example"},
        {"dosageInstruction": [{"modifierExtension": [{"url": "u"}]}]},
    ],
)
def test_a_modifier_that_is_not_understood_is_never_passed_over(modifier):
    order = {"resourceType": "MedicationRequest", "id": "x", "subject": SUBJECT, "medicationCodeableConcept": {"text": "Paracetamol"}}
    assert content(order | {"doNotPerform": False})["product"] == {"text": "Paracetamol"}
    assert first(order | modifier).reason == "modified"


@pytest.mark.parametrize("modifier", [{"modifierExtension": [{"url": "u", "valueBoolean": True}]}, {"implicitRules": "https://rules.example"}])
def test_a_modifier_of_what_it_is_told_in_the_words_of_is_its_own(modifier):
    medication = {"resourceType": "Medication", "id": "m", "code": {"text": "Paracetamol"}}
    order = {"resourceType": "MedicationRequest", "id": "x", "subject": SUBJECT, "medicationReference": {"reference": "Medication/m"}}
    inner = order | {"medicationReference": {"reference": "#m"}}
    assert [str(each.reason) for each in read(order, medication)] == ["container", "", "context"]
    assert [str(each.reason) for each in read(order, medication | modifier)] == ["container", "modified", "context"]
    assert first(inner | {"contained": [medication]}).reason == ""
    assert first(inner | {"contained": [medication | modifier]}).reason == "modified"


def test_rules_that_a_bundle_was_made_by_and_nobody_knows_are_of_all_that_is_in_it():
    whole = bundle(SODIUM, implicitRules="https://rules.example")
    assert [str(each.reason) for each in read(whole)] == ["container", "modified"]


@pytest.mark.parametrize("system", ["http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "http://hl7.org/fhir/v3/ObservationValue"])
@pytest.mark.parametrize("resource", [SODIUM, {"resourceType": "Patient", "id": "p1"}])
def test_a_part_of_a_resource_takes_back_nothing(resource, system):
    """A search with `_elements`: the Patient without identifiers would withdraw its NHS number, an allergy its reactions."""
    assert first(resource).reason == ""
    found = first(resource | {"meta": {"lastUpdated": STATED, "tag": [{"system": system, "code": "SUBSETTED"}]}})
    assert (found.reason, found.assertions, found.claims) == ("subsetted", (), ())


@pytest.mark.parametrize(("focus", "taken"), [
    ([], True), ([SUBJECT], True), ([{"reference": "https://rxa.nhs.uk/fhir/Patient/p1"}], True), ([{"reference": "Patient/p2"}], False),
    ([{"display": "Fetus"}], False), ([SUBJECT, {"reference": "RelatedPerson/father"}], False),
])
def test_what_is_observed_of_another_is_not_the_patients(focus, taken):
    """The blood group of a donor."""
    entries = [{"fullUrl": f"https://rxa.nhs.uk/fhir/{each['resourceType']}/{each['id']}", "resource": each}
               for each in ({"resourceType": "Patient", "id": "p1"}, SODIUM | {"focus": focus})]
    assert [str(each.reason) for each in read(bundle() | {"entry": entries})][2] == ("" if taken else "modified")


def test_nor_where_the_patient_is_named_by_an_identifier():
    known = {"identifier": {"system": "urn:mrn", "value": "1"}}
    whose = {"resourceType": "Patient", "id": "p1", "identifier": [known["identifier"]]}
    for focus, reason in ((known, ""), ({"display": "Fetus"}, "modified"), ({"identifier": {"value": "2"}}, "modified")):
        assert str(read(whose, SODIUM | {"subject": known, "focus": [focus]})[2].reason) == reason


def test_negations_that_kinds_hold():
    medicine = {"resourceType": "MedicationStatement", "id": "x", "subject": SUBJECT, "medicationCodeableConcept": {"text": "A"}}
    assert content(medicine | {"status": "active", "taken": "n"})["status"] == "stopped"
    given = medicine | {"resourceType": "MedicationAdministration", "status": "completed", "notGiven": True}
    assert content(given)["status"] == "cancelled"
    told = content(medicine | {"status": "active", "taken": "n", "reasonNotTaken": [{"text": "nausea"}]})
    assert (told["status"], told["stop_reason"]) == ("stopped", "nausea")
    handed = medicine | {"resourceType": "MedicationDispense", "status": "completed", "notDone": True}
    told = content(handed | {"notDoneReasonCodeableConcept": {"text": "out of stock"}})
    assert (told["status"], told["stop_reason"]) == ("cancelled", "out of stock")
    procedure = {"resourceType": "Procedure", "id": "x", "subject": SUBJECT, "status": "completed", "notDone": True}
    assert content(procedure) == {"status": "not-done"}
    over = {"resourceType": "Condition", "id": "x", "subject": SUBJECT, "abatementBoolean": True}
    assert content(over) == {"status": "resolved"}
    assert content(over | {"abatementBoolean": False}) == {}
    assert content(over | {"clinicalStatus": "active"}) == {"status": "active"}
    plan = {"resourceType": "CarePlan", "id": "x", "subject": SUBJECT}
    plan |= {"activity": [{"detail": {"description": "drive", "prohibited": True}}]}
    assert content(plan) == {"activities": ["Do not: drive"]}


@pytest.mark.parametrize("intent", ["option", "proposal", "plan"])
def test_what_was_only_proposed_is_no_order(intent):
    order = {"resourceType": "MedicationRequest", "id": "x", "subject": SUBJECT, "medicationCodeableConcept": {"text": "A"}}
    found = content(order | {"status": "active", "intent": intent})
    assert (found["status"], found["note"]) == ("draft", f"Intent: {intent}")
    assert content(order | {"status": "active", "intent": "order"})["status"] == "active"


def test_a_value_that_cannot_be_shown_is_said_to_be_there():
    assert content(SODIUM | {"valueSampledData": {"data": "1 2 3"}})["value_text"] == "(sampled data: see the source)"


@pytest.mark.parametrize("value", ["high", "1,5", "", "0x10", "７.１"])
def test_a_quantity_is_a_number(value):
    found = first(SODIUM | {"valueQuantity": {"value": value or [], "unit": "mmol/L"}})
    assert found.reason == ("bad-element" if value else "")

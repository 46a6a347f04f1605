"""What holds of elements in resources of whatever kind: codes, decimals, modifiers, negations, intents."""

from __future__ import annotations

import json

import pytest

from tests.producers.fhir.conftest import content, first, read_bytes
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


def test_negations_that_kinds_hold():
    medicine = {"resourceType": "MedicationStatement", "id": "x", "subject": SUBJECT, "medicationCodeableConcept": {"text": "A"}}
    assert content(medicine | {"status": "active", "taken": "n"})["status"] == "stopped"
    given = medicine | {"resourceType": "MedicationAdministration", "status": "completed", "notGiven": True}
    assert content(given)["status"] == "cancelled"
    procedure = {"resourceType": "Procedure", "id": "x", "subject": SUBJECT, "status": "completed", "notDone": True}
    assert content(procedure) == {"status": "not-done"}
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

"""Absence is derivable only from what an export was complete for."""

from __future__ import annotations

import json

import pytest

from tests.producers.fhir.conftest import GPC, read

SECTIONS = {"problem": "717711000000103", "allergy": "886921000000105", "ended": "1103671000000101"}
PATIENT = {"resourceType": "Patient", "id": "p1", "meta": {"profile": [GPC.format("Patient")]}}


def condition(identity, **more):
    return {"resourceType": "Condition", "id": identity, "subject": {"reference": "Patient/p1"}, "code": {"text": "Asthma"}, **more}


def allergy(identity):
    return {"resourceType": "AllergyIntolerance", "id": identity, "patient": {"reference": "Patient/p1"}, "code": {"text": "Egg"}}


def section(name, *entries, **more):
    return {
        "resourceType": "List",
        "mode": "snapshot",
        "date": "2021-06-02T08:00:00Z",
        "code": {"coding": [{"code": SECTIONS[name]}]},
        "entry": [{"item": {"reference": each}} for each in entries],
        **more,
    }


def manifest(*resources):
    items = read(*resources)
    found = [json.loads(each.content) for each in items[0].assertions]
    assert items[0].type == "Bundle"
    assert (str(items[0].result), str(items[0].reason)) == (("assertions", "") if found else ("ignored", "container"))
    return found[0] if found else None


def test_a_section_that_holds_something_is_complete():
    assert manifest(PATIENT, section("problem", "Condition/c"), condition("c")) == {"kinds": ["problem"], "records": ["Condition/c"]}


def test_an_empty_section_is_information_not_available():
    empty = section("problem", emptyReason={"coding": [{"code": "no-content-recorded"}]})
    assert manifest(PATIENT, empty) is None


def test_active_allergies_are_never_absent_because_only_ended_ones_are_listed():
    ended = section("ended", "AllergyIntolerance/a")
    assert manifest(PATIENT, section("allergy"), ended, allergy("a")) is None
    assert manifest(PATIENT, section("allergy", "AllergyIntolerance/a"), allergy("a")) is None, "ended allergies were not asked for"
    assert manifest(PATIENT, section("allergy", "AllergyIntolerance/a"), section("ended"), allergy("a"))["kinds"] == ["allergy"]


def test_withheld_items():
    warning = {
        "url": "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-CareConnect-GPC-ListWarningCode-1",
        "valueCode": "confidential-items",
    }
    assert manifest(PATIENT, section("problem", "Condition/c", extension=[warning]), condition("c")) is None


@pytest.mark.parametrize("broken", [condition("c", onsetDateTime="yesterday"), {"resourceType": "Thing", "id": "c"}])
def test_what_could_not_be_read_was_held_all_the_same(broken):
    assert manifest(PATIENT, section("problem", "Condition/d"), condition("d"), broken) is None


def test_what_is_listed_and_not_sent():
    assert manifest(PATIENT, section("problem", "Condition/c", "Condition/elsewhere"), condition("c")) is None


def test_only_structured_gp_records_of_one_patient_have_one():
    assert manifest({**PATIENT, "meta": {}}, section("problem", "Condition/c"), condition("c")) is None
    assert manifest(PATIENT, {**PATIENT, "id": "p2"}, section("problem", "Condition/c"), condition("c")) is None

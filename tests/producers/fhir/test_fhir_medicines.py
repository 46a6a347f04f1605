"""Medicines: R4 requests, dispenses and administrations, and GP Connect's statements with their plans and issues."""

from __future__ import annotations

from fractions import Fraction

import pytest

from mainstem.kinds.dosing import regimen
from tests.producers.fhir.conftest import content, first, read
from tests.producers.fhir.resources import LISTED, MEDICATION, PLAN, SUBJECT, by_record, issue


def test_a_gp_medicine_is_one_record_of_its_list_entry_its_plan_and_its_latest_issue():
    items = read(issue("i2", "2019-03-01"), issue("i1", "2019-02-01"), LISTED, PLAN, MEDICATION, issue("i3", "2019-04-01", "cancelled"))
    found = by_record(items)
    record = "MedicationRequest/plan"
    assert found == {
        (record, "list"): {
            "view": "list",
            "product": {"text": "Atorvastatin 20mg tablets"},
            "dose": "one daily",
            "status": "active",
            "start": "2019-01-01",
        },
        (record, "plan"): {
            "view": "list",
            "product": {"text": "Atorvastatin 20mg tablets"},
            "dose": "one daily. with food",
            "status": "active",
            "start": "2019-01-01",
            "course": "repeat",
            "quantity": {"value": "28", "unit": "tablet"},
        },
        (record, "supply"): {"last_issued": "2019-03-01"},
    }
    assert {each.item: each.reason for each in items if each.reason and each.type == "MedicationRequest"} == {
        "MedicationRequest/i1": "earlier-issue",
        "MedicationRequest/i3": "not-issued",
    }


def test_a_medicine_that_is_not_named_is_quarantined():
    found = first(PLAN)
    assert (found.reason, found.patient) == ("no-product", "p1")


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (
            {
                "resourceType": "MedicationRequest",
                "status": "on-hold",
                "authoredOn": "2023-06-15",
                "dosageInstruction": [
                    {
                        "text": "500mg",
                        "asNeededBoolean": True,
                        "route": {"text": "Oral"},
                        "timing": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}},
                        "doseAndRate": [{"doseQuantity": {"value": 500, "unit": "mg"}}],
                    }
                ],
            },
            {
                "view": "order",
                "status": "on-hold",
                "start": "2023-06-15",
                "dose": "500mg",
                "as_needed": True,
                "route": {"text": "Oral"},
                "frequency": "3 per 1 d",
                "dose_quantity": {"value": "500", "unit": "mg"},
            },
        ),
        (
            {"resourceType": "MedicationStatement", "status": "not-taken", "effectiveDateTime": "2020", "reasonCode": [{"text": "pain"}]},
            {"view": "list", "status": "stopped", "start": "2020", "reason": {"text": "pain"}},
        ),
        (
            {
                "resourceType": "MedicationDispense",
                "status": "completed",
                "whenHandedOver": "2020-01-02",
                "quantity": {"value": 1.50, "unit": "ml"},
            },
            {"view": "dispense", "status": "completed", "start": "2020-01-02", "quantity": {"value": "1.5", "unit": "ml"}},
        ),
        (
            {
                "resourceType": "MedicationAdministration",
                "status": "in-progress",
                "effectivePeriod": {"start": "2020-01-02", "end": "2020-01-03"},
                "dosage": {"text": "drip", "dose": {"value": 400, "code": "mg"}},
            },
            {
                "view": "administration",
                "status": "active",
                "start": "2020-01-02",
                "end": "2020-01-03",
                "dose": "drip",
                "dose_quantity": {"value": "400", "unit": "mg"},
            },
        ),
    ],
)
def test_medicines_r4(resource, expected):
    named = resource | {"id": "x", "subject": SUBJECT, "medicationCodeableConcept": {"text": "Paracetamol"}}
    assert content(named) == expected | {"product": {"text": "Paracetamol"}}


@pytest.mark.parametrize(("unit", "a_day"), [
    ("s", Fraction(86400)), ("min", Fraction(1440)), ("h", Fraction(24)), ("d", Fraction(1)), ("wk", Fraction(1, 7)),
    ("mo", Fraction(1, 30)), ("a", Fraction(1, 365)),
])
def test_a_timing_in_every_unit_of_period_is_one_that_doses_are_compared_by(unit, a_day):
    said = content({
        "resourceType": "MedicationRequest", "id": "x", "status": "active", "subject": SUBJECT, "medicationCodeableConcept": {"text": "X"},
        "dosageInstruction": [{"timing": {"repeat": {"frequency": 3, "period": 2, "periodUnit": unit}}}],
    })
    assert regimen(said).times == a_day * 3 / 2


@pytest.mark.parametrize(("repeat", "frequency", "a_day"), [
    ({"frequency": 1, "frequencyMax": 4, "period": 1, "periodUnit": "d"}, "1-4 per 1 d", None),
    ({"frequency": 1, "period": 4, "periodMax": 6, "periodUnit": "h"}, "1 per 4-6 h", None),
    ({"frequency": 1, "period": 1, "periodUnit": "d", "dayOfWeek": ["mon"]}, "1 per 1 d on mon", Fraction(1, 7)),
    ({"frequency": 1, "period": 1, "periodUnit": "wk", "dayOfWeek": ["mon"]}, "1 per 1 wk on mon", Fraction(1, 7)),
    ({"frequency": 1, "period": 2, "periodUnit": "d", "dayOfWeek": ["mon"]}, "1 per 2 d on mon", None),
    ({"frequency": 1, "period": 1, "periodUnit": "d", "dayOfWeek": ["mon", "thu"]}, "1 per 1 d on mon, thu", None),
    ({"frequencyMax": 4, "period": 1, "periodUnit": "d"}, None, None),
])
def test_what_makes_a_timing_another_is_said_and_never_read_as_less(repeat, frequency, a_day):
    said = content({
        "resourceType": "MedicationRequest", "id": "x", "status": "active", "subject": SUBJECT, "medicationCodeableConcept": {"text": "X"},
        "dosageInstruction": [{"timing": {"repeat": repeat}}],
    })
    assert (said.get("frequency"), regimen(said).times) == (frequency, a_day)

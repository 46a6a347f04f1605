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


def test_where_every_issue_was_cancelled_there_was_no_supply():
    items = read(LISTED, PLAN, MEDICATION, issue("i1", "2019-02-01", "cancelled"), issue("i2", "2019-03-01", "entered-in-error"))
    said = [(each.item, each.reason, each.assertions) for each in items if each.item.startswith("MedicationRequest/i")]
    assert [(item, str(reason), [(each.part, str(each.status)) for each in assertions]) for item, reason, assertions in said] == [
        ("MedicationRequest/i1", "not-issued", []), ("MedicationRequest/i2", "", [("supply", "removed")])]


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


def test_how_strong_a_medication_is_that_is_coded_by_its_moiety():
    strength = {"numerator": {"value": 300, "unit": "mg"}, "denominator": {"value": 1, "unit": "tablet"}}
    aspirin = {"resourceType": "Medication", "id": "m", "code": {"text": "Aspirin"}, "ingredient": [
        {"itemCodeableConcept": {"text": "Aspirin"}, "strength": strength}, {"itemCodeableConcept": {"text": "Maize starch"}}]}
    for kind in ("MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration"):
        named = {"resourceType": kind, "id": "x", "subject": SUBJECT, "medicationReference": {"reference": "Medication/m"}}
        assert content(named, aspirin)["note"] == "Contains: Aspirin 300 mg per 1 tablet"


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


def taken(*dosages, **more):
    """The fields of an order that say how it is taken."""
    found = content({"resourceType": "MedicationRequest", "id": "x", "status": "active", "subject": SUBJECT,
                     "medicationCodeableConcept": {"text": "X"}, "dosageInstruction": list(dosages), **more})
    return {name: found[name] for name in ("dose", "dose_quantity", "frequency", "as_needed", "route") if name in found}


def of(value, often=None, **more):
    timing = {"timing": {"code": {"text": often}}} if often else {}
    return {"doseAndRate": [{"doseQuantity": {"value": value, "unit": "mg"}}], **timing, **more}


ORAL = {"route": {"text": "Oral"}}


def test_several_dosages_have_no_single_dose():
    """The morning's alone, shown as the dose, is a third of it."""
    assert taken(of(10, "morning"), of(30, "night")) == {"dose": "10 mg morning; 30 mg night"}
    assert taken(of(30, "night", sequence=2), of(10, "morning", sequence=1)) == {"dose": "10 mg morning; 30 mg night"}
    assert taken(of(10, "morning") | ORAL, of(30, "night") | ORAL) == {"dose": "10 mg morning Oral; 30 mg night Oral", **ORAL}
    assert taken(of(10) | ORAL, of(30) | {"route": {"text": "IV"}}) == {"dose": "10 mg Oral; 30 mg IV"}
    needed = {"asNeededBoolean": True}
    assert taken(of(10, "BD"), of(5) | needed) == {"dose": "10 mg BD; 5 mg when required"}
    assert taken(of(10) | {"text": "one in the morning"}, of(30) | {"text": "30mg at night"}) == {
        "dose": "one in the morning. 10 mg; 30mg at night"}
    several = of(10) | {"doseAndRate": [of(10)["doseAndRate"][0], of(9.6)["doseAndRate"][0] | {"type": {"text": "calculated"}}]}
    assert taken(several) == {"dose": "10 mg or 9.6 mg (calculated)"}


@pytest.mark.parametrize(("dosage", "said"), [
    ({"doseAndRate": [{"doseRange": {"low": {"value": 10, "unit": "mg"}, "high": {"value": 20, "unit": "mg"}}}]}, "10 to 20 mg"),
    ({"doseRange": {"low": {"value": 10, "unit": "mg"}, "high": {"value": 1, "unit": "g"}}}, "10 mg to 1 g"),
    (of(10, maxDosePerPeriod={"numerator": {"value": 4, "unit": "tablet"}, "denominator": {"value": 24, "unit": "h"}}),
     "10 mg. at most 4 tablet per 24 h"),
    (of(10, maxDosePerAdministration={"value": 20, "unit": "mg"}), "10 mg. at most 20 mg at a time"),
    (of(10, additionalInstruction=[{"text": "NOT with alcohol"}, {"coding": [{"code": "1", "display": "with food"}]}]),
     "10 mg. NOT with alcohol. with food"),
    (of(10, patientInstruction="with food"), "10 mg. with food"), (of(10, asNeededCodeableConcept={"text": "pain"}),
                                                                    "10 mg when required. when required: pain"),
    (of(10, timing={"repeat": {"boundsDuration": {"value": 7, "unit": "d"}}}), "10 mg. for 7 d"),
    (of(10, timing={"repeat": {"boundsPeriod": {"start": "2024-01-01", "end": "2024-01-07"}}}), "10 mg. from 2024-01-01. to 2024-01-07"),
    (of(10, timing={"repeat": {"duration": 30, "durationUnit": "{min}", "count": 3}}), "10 mg. over 30 {min}. 3 times"),
    (of(10, timing={"repeat": {"frequencyMax": 4, "period": 1, "periodUnit": "d"}}), "10 mg. up to 4 per 1 d"),
    (of(10, timing={"repeat": {"period": 8, "periodUnit": "h"}}), "10 mg. every 8 h"),
    (of(10, timing={"event": ["2024-01-01", "2024-01-08"]}), "10 mg. on 2024-01-01. on 2024-01-08"),
    ({"doseAndRate": [{"rateRatio": {"numerator": {"value": 50, "unit": "ml"}, "denominator": {"value": 1, "unit": "h"}}}],
      "site": {"text": "Left arm"}, "method": {"text": "Infuse"}}, "at 50 ml per 1 h. Infuse. site: Left arm"),
])
def test_what_no_field_holds_is_said_in_the_dose(dosage, said):
    """Whole: a line that begins with the warning would hide the dose."""
    assert taken(dosage)["dose"] == said
    assert taken(dosage | {"text": "As directed"})["dose"].startswith("As directed. ")
    assert taken(of(10, "BD")) == {"dose_quantity": {"value": "10", "unit": "mg"}, "frequency": "BD"}


def test_what_the_sources_text_says_is_not_said_twice():
    tablets = {"doseAndRate": [{"doseRange": {"low": {"value": 1, "unit": "tablet"}, "high": {"value": 2, "unit": "tablet"}}}]}
    assert taken(tablets | {"text": "One to two tablets daily"}) == {"dose": "One to two tablets daily"}
    assert taken(tablets | {"text": "1-2 daily"})["dose"] == "1-2 daily"
    assert taken(tablets | {"text": "11-2 daily"})["dose"] == "11-2 daily. 1 to 2 tablet"
    assert taken(of(10, additionalInstruction=[{"text": "with food"}]) | {"text": "10 mg, WITH FOOD"})["dose"] == "10 mg, WITH FOOD"


@pytest.mark.parametrize(("repeat", "frequency", "moment"), [
    ({"frequency": 1, "period": 1, "periodUnit": "d", "when": ["MORN"]}, "1 per 1 d in the morning", "morning"),
    ({"when": ["NIGHT"]}, "at night", "night"), ({"when": ["MORN", "NIGHT"]}, "in the morning, at night", None),
    ({"when": ["XX"], "dayOfWeek": ["mon"]}, "on mon XX", None), ({"timeOfDay": ["08:00:00"]}, "at 08:00:00", None),
])
def test_the_time_of_day_is_said(repeat, frequency, moment):
    found = taken(of(10, timing={"repeat": repeat}))
    assert (found["frequency"], regimen(found).moment) == (frequency, moment)


def test_how_an_infusion_was_given_and_how_long_a_supply_lasts():
    named = {"id": "x", "subject": SUBJECT, "medicationCodeableConcept": {"text": "X"}}
    given = content(named | {"resourceType": "MedicationAdministration", "dosage": {
        "dose": {"value": 400, "unit": "mg"}, "rateQuantity": {"value": 50, "unit": "ml/h"}, "site": {"text": "Left arm"}}})
    assert (given["dose"], given["dose_quantity"]["value"]) == ("400 mg. at 50 ml/h. site: Left arm", "400")
    supplied = content(named | {"resourceType": "MedicationDispense", "daysSupply": {"value": 28, "unit": "days"}})
    assert supplied["supply"] == {"value": "28", "unit": "days"}

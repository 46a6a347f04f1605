"""R4 and STU3 resources to contents, kind by kind."""

from __future__ import annotations

import json

import pytest

from tests.producers.fhir.conftest import GPC, content, first, read

SUBJECT = {"reference": "Patient/p1"}
PENICILLIN = {
    "coding": [{"system": "http://snomed.info/sct", "code": "91936005", "display": "Allergy to penicillin", "userSelected": True}]
}
CODES = {"codes": [{"system": "http://snomed.info/sct", "code": "91936005", "display": "Allergy to penicillin", "user_selected": True}]}


def coding(code):
    return {"coding": [{"code": code}]}


def gpc(resource_type, **elements):
    return {"resourceType": resource_type, "meta": {"profile": [GPC.format(resource_type)]}, "subject": SUBJECT, **elements}


def by_record(items):
    return {(each.record, each.part): json.loads(each.content) for item in items for each in item.assertions}


ALLERGY_R4 = {
    "resourceType": "AllergyIntolerance",
    "id": "a",
    "patient": SUBJECT,
    "code": PENICILLIN,
    "clinicalStatus": coding("active"),
    "verificationStatus": coding("confirmed"),
    "category": ["medication", "food"],
    "criticality": "high",
    "recordedDate": "2019-03-02",
    "onsetDateTime": "2018",
    "lastOccurrence": "2020-01-01",
    "note": [{"text": "rash"}],
    "reaction": [{"manifestation": [{"text": "hives"}, {"text": "wheeze"}], "severity": "severe"}, {"description": "fainted"}],
}


def test_allergy_r4():
    assert content(ALLERGY_R4) == {
        "agent": CODES,
        "category": "food, medication",
        "clinical_status": "active",
        "verification": "confirmed",
        "criticality": "high",
        "recorded": "2019-03-02",
        "onset": "2018",
        "last_occurrence": "2020-01-01",
        "note": "rash",
        "reactions": [
            {"manifestation": {"text": "hives"}, "severity": "severe"},
            {"manifestation": {"text": "wheeze"}, "severity": "severe"},
            {"manifestation": {"text": "fainted"}},
        ],
    }


def test_allergy_stu3_says_the_same():
    stu3 = ALLERGY_R4 | {"clinicalStatus": "active", "verificationStatus": "confirmed", "assertedDate": "2019-03-02"}
    del stu3["recordedDate"]
    assert content(stu3) == content(ALLERGY_R4)


def test_entered_in_error_retracts_and_keeps_the_content():
    found = first(ALLERGY_R4 | {"verificationStatus": coding("entered-in-error"), "clinicalStatus": None}).assertions[0]
    assert found.status == "retracted"
    assert json.loads(found.content)["agent"] == CODES


def test_the_agent_may_stand_in_the_reaction():
    bare = {"resourceType": "AllergyIntolerance", "id": "a", "patient": SUBJECT, "reaction": [{"substance": PENICILLIN}]}
    assert content(bare)["agent"] == CODES


def test_ended_allergies_contained_in_a_list_are_items():
    section = gpc("List", contained=[ALLERGY_R4 | {"id": "ended", "clinicalStatus": "resolved"}])
    found = read(section)
    assert [(each.item, str(each.result)) for each in found] == [("List", "ignored"), ("AllergyIntolerance/ended", "assertions")]
    assert json.loads(found[1].assertions[0].content)["clinical_status"] == "resolved"


PLAN = gpc(
    "MedicationRequest",
    id="plan",
    intent="plan",
    status="active",
    medicationReference={"reference": "Medication/m"},
    dosageInstruction=[{"text": "one daily", "patientInstruction": "with food"}],
    dispenseRequest={"validityPeriod": {"start": "2019-01-01"}, "quantity": {"value": 28, "unit": "tablet"}},
    extension=[
        {
            "url": "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-CareConnect-GPC-PrescriptionType-1",
            "valueCodeableConcept": coding("repeat"),
        }
    ],
)
LISTED = gpc(
    "MedicationStatement",
    id="stmt",
    status="active",
    basedOn=[{"reference": "MedicationRequest/plan"}],
    medicationReference={"reference": "Medication/m"},
    effectivePeriod={"start": "2019-01-01"},
    dosage=[{"text": "one daily"}],
)
MEDICATION = {"resourceType": "Medication", "id": "m", "code": {"text": "Atorvastatin 20mg tablets"}}


def issue(identity, start, status="completed"):
    return gpc(
        "MedicationRequest",
        id=identity,
        intent="order",
        status=status,
        basedOn=[{"reference": "MedicationRequest/plan"}],
        medicationReference={"reference": "Medication/m"},
        dispenseRequest={"validityPeriod": {"start": start}},
    )


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


def test_problem_with_significance():
    condition = gpc(
        "Condition",
        id="c",
        code=PENICILLIN,
        clinicalStatus="inactive",
        onsetDateTime="2018-12-03",
        abatementDateTime="2020-12-15",
        assertedDate="2020-12-14",
        extension=[
            {"url": "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-ProblemSignificance-1", "valueCode": "minor"}
        ],
    )
    assert content(condition) == {
        "code": CODES,
        "status": "inactive",
        "significance": "minor",
        "onset": "2018-12-03",
        "abatement": "2020-12-15",
        "recorded": "2020-12-14",
    }


SODIUM = {
    "resourceType": "Observation",
    "id": "na",
    "subject": SUBJECT,
    "status": "amended",
    "code": {"text": "Sodium"},
    "valueQuantity": {"value": 140, "unit": "mmol/L", "comparator": "<"},
    "effectiveDateTime": "2020-01-01",
    "referenceRange": [{"low": {"value": 133}, "high": {"value": 146}}],
    "interpretation": [{"text": "Normal"}],
}
GROUP = {
    "resourceType": "Observation",
    "id": "ue",
    "subject": SUBJECT,
    "status": "final",
    "code": {"text": "U&E"},
    "related": [{"type": "has-member", "target": {"reference": "Observation/na"}}],
}
REPORT = {
    "resourceType": "DiagnosticReport",
    "id": "r",
    "subject": SUBJECT,
    "status": "final",
    "code": {"text": "Biochemistry"},
    "issued": "2020-01-02",
    "conclusion": "Fine",
    "specimen": [{"reference": "Specimen/s"}],
    "basedOn": [{"identifier": {"value": "ORD-1"}}],
    "result": [{"reference": "Observation/ue"}],
}
SPECIMEN = {"resourceType": "Specimen", "id": "s", "type": {"text": "Serum"}, "accessionIdentifier": {"value": "LAB-1"}}


def test_an_observation_that_a_report_names_through_a_group_is_a_result():
    found = by_record(read(REPORT, GROUP, SODIUM, SPECIMEN))
    assert found["Observation/na", ""] == {
        "test": {"text": "Sodium"},
        "panel": {"text": "Biochemistry"},
        "specimen": {"text": "Serum"},
        "specimen_id": "LAB-1",
        "order_id": "ORD-1",
        "status": "corrected",
        "value": {"value": "140", "unit": "mmol/L", "comparator": "<"},
        "low": {"value": "133"},
        "high": {"value": "146"},
        "interpretation": "Normal",
        "taken": "2020-01-01",
        "reported": "2020-01-02",
    }
    assert found["DiagnosticReport/r", ""]["value_text"] == "Fine"


def test_an_observation_by_itself_is_an_observation():
    found = first(SODIUM)
    assert found.assertions[0].kind == "observation"
    assert first(SODIUM | {"category": [coding("laboratory")]}).assertions[0].kind == "result"


def test_observation_components_and_comment():
    pressure = {
        "resourceType": "Observation",
        "id": "bp",
        "subject": SUBJECT,
        "comment": "sitting",
        "status": "final",
        "component": [
            {"code": {"text": "Systolic"}, "valueQuantity": {"value": 120, "unit": "mmHg"}},
            {"code": {"text": "Arm"}, "valueString": "left"},
        ],
    }
    assert content(pressure) == {
        "status": "final",
        "note": "sitting",
        "components": [
            {"code": {"text": "Systolic"}, "value": {"value": "120", "unit": "mmHg"}},
            {"code": {"text": "Arm"}, "value_text": "left"},
        ],
    }


def test_immunisation_of_both_versions():
    r4 = {
        "resourceType": "Immunization",
        "id": "i",
        "patient": SUBJECT,
        "status": "not-done",
        "vaccineCode": {"text": "MMR"},
        "occurrenceDateTime": "2020-01-01",
        "statusReason": {"text": "declined"},
        "protocolApplied": [{"doseNumberPositiveInt": 2}],
    }
    stu3 = {
        "resourceType": "Immunization",
        "id": "i",
        "patient": SUBJECT,
        "status": "completed",
        "notGiven": True,
        "vaccineCode": {"text": "MMR"},
        "date": "2020-01-01",
        "explanation": {"reasonNotGiven": [{"text": "declined"}]},
        "vaccinationProtocol": [{"doseSequence": 2}],
    }
    assert (
        content(r4)
        == content(stu3)
        == {"vaccine": {"text": "MMR"}, "status": "not-done", "given": "2020-01-01", "dose_number": "2", "reason": {"text": "declined"}}
    )


def test_an_unknown_vaccine_says_nothing():
    given = {
        "resourceType": "Immunization",
        "id": "i",
        "patient": SUBJECT,
        "status": "completed",
        "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/v3/NullFlavor", "code": "UNK"}]},
    }
    assert content(given) == {"status": "completed"}


def test_encounter_names_who_saw_the_patient():
    doctor = {"resourceType": "Practitioner", "id": "d", "name": [{"prefix": ["Dr"], "family": "Test"}]}
    encounter = {
        "resourceType": "Encounter",
        "id": "e",
        "subject": SUBJECT,
        "class": {"code": "EMER"},
        "status": "finished",
        "period": {"start": "2020-01-01T10:00:00Z"},
        "participant": [{"type": [coding("REC")], "individual": {"display": "Clerk"}}, {"individual": {"reference": "Practitioner/d"}}],
    }
    found = by_record(read(encounter, doctor))["Encounter/e", ""]
    assert found == {"encounter_class": "emergency", "status": "finished", "start": "2020-01-01T10:00:00Z", "clinician": "Dr Test"}


def test_referrals_and_diary_entries():
    referral = gpc(
        "ReferralRequest",
        id="r",
        status="unknown",
        priority="urgent",
        authoredOn="2020-01-01",
        reasonCode=[PENICILLIN],
        recipient=[{"display": "Clinic"}],
        requester={"agent": {"display": "Dr Test"}},
        description="please see",
    )
    assert content(referral) == {
        "service": CODES,
        "priority": "urgent",
        "referred": "2020-01-01",
        "referrer": "Dr Test",
        "recipient": "Clinic",
        "note": "please see",
    }
    diary = gpc("ProcedureRequest", id="d", status="active", code={"text": "Asthma review"}, occurrenceDateTime="2021-04-21")
    assert content(diary) == {"service": {"text": "Asthma review"}, "status": "active", "note": "Due 2021-04-21"}


def test_the_other_kinds():
    who = {"subject": SUBJECT, "id": "x"}
    assert content(
        who
        | {
            "resourceType": "Procedure",
            "status": "completed",
            "code": {"text": "Hip replacement"},
            "performedPeriod": {"start": "2020-01-01"},
        }
    ) == {"code": {"text": "Hip replacement"}, "status": "completed", "performed": "2020-01-01"}
    assert content(
        who
        | {
            "resourceType": "DocumentReference",
            "status": "current",
            "masterIdentifier": {"value": "D-1"},
            "content": [
                {"attachment": {"contentType": "application/pdf", "url": "Binary/1", "size": 64, "title": "Letter", "creation": "2020"}}
            ],
        }
    ) == {
        "document_id": "D-1",
        "title": "Letter",
        "status": "current",
        "created": "2020",
        "mime_type": "application/pdf",
        "location": "Binary/1",
        "size": 64,
    }
    assert content(
        who
        | {
            "resourceType": "CarePlan",
            "status": "active",
            "title": "Plan",
            "goal": [{"display": "walk"}],
            "activity": [{"detail": {"code": {"text": "Physio"}}}],
        }
    ) == {"title": "Plan", "status": "active", "goals": ["walk"], "activities": ["Physio"]}
    assert content(
        {
            "resourceType": "Appointment",
            "id": "x",
            "status": "booked",
            "start": "2020-01-01T10:00:00Z",
            "participant": [
                {"actor": SUBJECT},
                {"actor": {"reference": "Practitioner/d", "display": "Dr Test"}},
                {"actor": {"reference": "Location/l", "display": "Clinic"}},
            ],
        }
    ) == {"status": "booked", "start": "2020-01-01T10:00:00Z", "clinician": "Dr Test", "location": "Clinic"}


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
    from tests.producers.fhir.conftest import read_bytes

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


@pytest.mark.parametrize("value", ["high", "1,5", "", "0x10"])
def test_a_quantity_is_a_number(value):
    found = first(SODIUM | {"valueQuantity": {"value": value or [], "unit": "mmol/L"}})
    assert found.reason == ("bad-element" if value else "")


def test_labels_of_documents():
    letter = {"resourceType": "DocumentReference", "id": "x", "subject": SUBJECT, "status": "current"}
    assert first(letter | {"securityLabel": [{"coding": [{"code": "V"}]}]}).assertions[0].labels == ("sensitive",)
    summary = {"resourceType": "Composition", "id": "x", "subject": SUBJECT, "confidentiality": "R"}
    assert first(summary).assertions[0].labels == ("sensitive",)

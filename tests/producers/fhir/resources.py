"""Resources of R4 and of GP Connect's STU3 that tests read, and how they are made."""

from __future__ import annotations

import json

from tests.producers.fhir.conftest import GPC, STATED

SUBJECT = {"reference": "Patient/p1"}
META = {"lastUpdated": STATED}
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
    "meta": META,
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


SODIUM = {
    "resourceType": "Observation",
    "id": "na",
    "meta": META,
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

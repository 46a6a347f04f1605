"""R4 and STU3 resources to contents, kind by kind; medicines beside it."""

from __future__ import annotations

import json

import pytest

from tests.producers.fhir.conftest import content, first, read
from tests.producers.fhir.resources import ALLERGY_R4, CODES, GROUP, PENICILLIN, REPORT, SODIUM, SPECIMEN, SUBJECT, by_record, coding, gpc


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


def test_what_a_reaction_was_to_and_how_it_went_is_in_the_note():
    reaction = {"substance": {"text": "Amoxicillin"}, "manifestation": [{"text": "rash"}], "description": "needed adrenaline",
                "onset": "2019-03", "exposureRoute": {"text": "mouth"}, "note": [{"text": "twice"}]}
    found = content(ALLERGY_R4 | {"type": "allergy", "reaction": [reaction]})
    assert found["reactions"] == [{"manifestation": {"text": "rash"}}]
    assert found["note"] == "Type: allergy\nReaction: rash; to Amoxicillin; 2019-03; by mouth; needed adrenaline; twice\nrash"


def test_every_conclusion_of_a_report_is_said():
    one, both = ([{"text": "inflammation"}], [{"text": "inflammation"}, {"coding": [{"code": "1", "display": "carcinoma"}]}])
    assert content(REPORT | {"conclusionCode": one})["value_code"] == {"text": "inflammation"}
    found = content(REPORT | {"conclusionCode": both})
    assert "value_code" not in found, "the first alone is another conclusion"
    assert found["value_text"] == "Fine\ninflammation\ncarcinoma"
    assert content(REPORT | {"conclusion": None, "codedDiagnosis": both})["value_text"] == "inflammation\ncarcinoma"


def test_of_several_reference_ranges_none_is_the_range():
    several = [{"low": {"value": 1}, "type": {"text": "trough"}}, {"high": {"value": 9}, "appliesTo": [{"text": "children"}],
                                                               "age": {"high": {"value": 16, "unit": "a"}}}]
    told = {"referenceRange": several, "interpretation": [{"text": "H"}, {"text": "HH"}]}
    found = first(SODIUM | told | {"category": [coding("laboratory")]})
    result = json.loads(found.assertions[0].content)
    assert not {"low", "high"} & result.keys()
    assert result["note"] == "trough: 1 to\nchildren, up to 16 a: to 9"
    assert result["interpretation"] == "H, HH"


def test_a_component_says_how_it_is_judged_and_a_period_when_it_ended():
    component = {"code": {"text": "K"}, "valueQuantity": {"value": 7.1, "unit": "mmol/L"}, "interpretation": [{"text": "critical"}],
                 "referenceRange": [{"text": "3.5 to 5.3"}]}
    alone = {name: value for name, value in SODIUM.items() if name != "valueQuantity"}
    assert content(alone | {"component": [component]})["components"][0]["value_text"] == "critical\n3.5 to 5.3"
    tested = content(alone | {"component": [component], "category": [coding("laboratory")]})
    assert tested["value_text"] == "K: 7.1 mmol/L, critical\n3.5 to 5.3"
    coded = alone | {"component": [component | {"code": coding("2823-3")}], "category": [coding("laboratory")]}
    assert content(coded)["value_text"] == "2823-3: 7.1 mmol/L, critical\n3.5 to 5.3", "a code without a display still tells which it is"
    assert content(alone | {"valuePeriod": {"start": "2024-01-01", "end": "2024-01-05"}})["value_text"] == "2024-01-01 to 2024-01-05"


@pytest.mark.parametrize(("resource", "note"), [
    ({"resourceType": "Condition", "bodySite": [{"text": "left"}, {"text": "right"}], "stage": [{"summary": {"text": "III"}}],
      "evidence": [{"code": [{"text": "biopsy"}]}]}, "Also at: right\nStage: III\nEvidence: biopsy"),
    ({"resourceType": "Procedure", "bodySite": [{"text": "left"}, {"text": "right"}], "reasonCode": [{"text": "pain"}],
      "complication": [{"text": "bleeding"}], "followUp": [{"text": "wound check"}],
      "performedPeriod": {"start": "2020-01-01", "end": "2020-01-02"}},
     "Until 2020-01-02\nAlso at: right\nReason: pain\nComplication: bleeding\nFollow up: wound check"),
    ({"resourceType": "Encounter", "type": [{"text": "a"}, {"text": "b"}], "reasonCode": [{"text": "fall"}, {"text": "fever"}]},
     "Also: b\nAlso for: fever"),
    ({"resourceType": "Immunization", "status": "completed", "doseQuantity": {"value": 0.5, "unit": "ml"},
      "reasonCode": [{"text": "age"}, {"text": "travel"}]}, "Dose: 0.5 ml\nAlso for: travel"),
    ({"resourceType": "ServiceRequest", "occurrencePeriod": {"start": "2024-01", "end": "2024-02"}, "bodySite": [{"text": "knee"}],
      "orderDetail": [{"text": "with contrast"}], "reasonCode": [{"text": "pain"}, {"text": "fall"}]},
     "Due 2024-01\nUntil 2024-02\nAlso for: fall\nDetail: with contrast\nAt: knee"),
    ({"resourceType": "ReferralRequest", "serviceRequested": [{"text": "ENT"}, {"text": "audiology"}], "reasonCode": [{"text": "x"}]},
     "Also: audiology"),
    ({"resourceType": "MedicationRequest", "medicationCodeableConcept": {"text": "X"}, "priority": "stat",
      "category": [coding("discharge")], "reasonCode": [{"text": "pain"}, {"text": "fever"}],
      "reasonReference": [{"display": "fever"}, {"display": "tonsillitis"}]},
     "Also for: fever, tonsillitis\nPriority: stat\nSetting: discharge"),
    ({"resourceType": "MedicationStatement", "medicationCodeableConcept": {"text": "X"}, "extension": [
        {"url": "x/Extension-CareConnect-GPC-PrescribingAgency-1", "valueCodeableConcept": coding("prescribed-by-another-organisation")}]},
     "Prescribed by another organisation"),
    ({"resourceType": "Encounter", "diagnosis": [{"condition": {"display": "fall"}}, {"condition": {"display": "fracture"}}]},
     "Also for: fracture"),
    ({"resourceType": "Procedure", "reasonReference": [{"display": "pain"}, {"display": "fall"}]}, "Reason: pain, fall"),
    ({"resourceType": "Observation", "bodySite": {"text": "left leg"}, "comment": "hot"}, "At: left leg\nhot"),
    ({"resourceType": "DiagnosticReport", "presentedForm": [{"title": "Scan", "url": "Binary/1"}, {"contentType": "image/png"}]},
     "Attached: Scan, Binary/1\nAttached: image/png"),
    ({"resourceType": "Immunization", "status": "completed", "primarySource": False, "reportOrigin": {"text": "recall"}},
     "Not told by who gave it\nReported by: recall"),
    ({"resourceType": "ServiceRequest", "intent": "proposal", "note": [{"text": "to discuss"}]}, "Intent: proposal\nto discuss"),
    ({"resourceType": "ReferralRequest", "intent": "plan", "note": [{"text": "to discuss"}]}, "Intent: plan\nto discuss"),
    ({"resourceType": "CarePlan", "category": [{"text": "diet"}, {"text": "weight"}]}, "Also: weight"),
    ({"resourceType": "CarePlan", "intent": "proposal", "note": [{"text": "to discuss"}]}, "Intent: proposal\nto discuss"),
    ({"resourceType": "CarePlan", "intent": "plan", "note": [{"text": "agreed"}]}, "agreed"),
    ({"resourceType": "Procedure", "status": "not-done", "statusReason": {"text": "declined"}}, "Because: declined"),
    ({"resourceType": "Procedure", "notDone": True, "notDoneReason": {"text": "declined"}}, "Because: declined"),
    ({"resourceType": "Appointment", "participant": [{"actor": SUBJECT}], "status": "cancelled", "cancelationReason": {"text": "strike"}},
     "Cancelled because: strike"),
    ({"resourceType": "MedicationRequest", "medicationCodeableConcept": {"text": "X"}, "reportedBoolean": True},
     "Reported, not ordered here"),
    ({"resourceType": "ServiceRequest", "quantityQuantity": {"value": 2, "unit": "units"}, "asNeededCodeableConcept": {"text": "bleeding"}},
     "Quantity: 2 units\nWhen required: bleeding"),
    ({"resourceType": "Immunization", "vaccinationProtocol": [
        {"doseSequence": 2, "doseStatus": coding("dontcount"), "doseStatusReason": {"text": "too early"}}]},
     "Dose does not count: too early"),
    ({"resourceType": "CarePlan", "activity": [
        {"detail": {"code": {"text": "Physiotherapy"}, "status": "stopped", "statusReason": {"text": "moved"}},
         "outcomeCodeableConcept": [{"text": "walks"}], "progress": [{"text": "slow"}]},
        {"detail": {"code": {"text": "Swimming"}, "status": "not-started"}}]}, "Physiotherapy: stopped, moved, walks, slow"),
    ({"resourceType": "Appointment", "participant": [{"actor": SUBJECT}], "serviceType": [{"text": "Clinic"}],
      "appointmentType": {"text": "follow up"}, "specialty": [{"text": "Cardiology"}]}, "Also: follow up\nSpecialty: Cardiology"),
])
def test_what_no_field_holds_is_in_the_note(resource, note):
    assert content(resource | {"id": "x", "subject": SUBJECT, "patient": SUBJECT})["note"] == note


def test_what_may_make_a_result_another_is_said_of_its_specimen():
    specimen = {"resourceType": "Specimen", "id": "s", "collection": {"bodySite": {"text": "left ear"}}, "condition": [{"text": "clotted"}],
                "status": "unsatisfactory", "note": [{"text": "haemolysed"}]}
    said = "Taken from: left ear\nSpecimen: unsatisfactory\nSpecimen: clotted\nSpecimen: haemolysed"
    assert content(SODIUM | {"specimen": {"reference": "Specimen/s"}}, specimen)["note"] == said
    assert content(REPORT, specimen)["note"] == said


def test_results_that_a_report_contains_are_in_its_text():
    """They are no resources of the file, and nothing else tells of them."""
    inside = [
        {"resourceType": "Observation", "id": "group", "status": "final", "code": {"text": "U&E"},
         "hasMember": [{"reference": "#na"}, {"reference": "#k"}, {"reference": "#group"}], "related": [{"target": {"reference": "#cl"}}]},
        {"resourceType": "Observation", "id": "na", "status": "final", "code": {"text": "Sodium"}, "interpretation": [coding("H")],
         "valueQuantity": {"value": 150, "unit": "mmol/L", "comparator": ">"}, "referenceRange": [{"text": "133 to 146"}]},
        {"resourceType": "Observation", "id": "k", "status": "preliminary", "code": coding("K"), "valueCodeableConcept": {"text": "low"}},
        {"resourceType": "Observation", "id": "cl", "status": "entered-in-error", "code": {"text": "Chloride"}, "valueString": "99"},
    ]
    found = content(REPORT | {"contained": inside, "result": [{"reference": "#group"}]})
    assert found["value_text"] == "Fine\nSodium: > 150 mmol/L, high, 133 to 146\nK: low, preliminary"
    group = {"resourceType": "Observation", "id": "g", "subject": SUBJECT, "contained": inside[1:2], "hasMember": [{"reference": "#na"}]}
    assert content(group)["value_text"] == "Sodium: > 150 mmol/L, high, 133 to 146"
    assert content(group | {"category": [coding("laboratory")]})["value_text"] == "Sodium: > 150 mmol/L, high, 133 to 146"


def test_a_service_without_a_code_is_what_its_category_says():
    request = {"resourceType": "ServiceRequest", "id": "x", "subject": SUBJECT, "category": [{"text": "Imaging"}]}
    assert content(request)["service"] == {"text": "Imaging"}
    assert content(request | {"code": {"text": "Chest X-ray"}})["service"] == {"text": "Chest X-ray"}


@pytest.mark.parametrize(("interpretation", "said"), [
    ({"coding": [{"code": "H", "display": "Above high normal"}]}, "high"),
    ([{"coding": [{"code": "LL", "display": "Critical low"}]}, {"text": "see note", "coding": [{"code": "A"}]}], "critical low, see note"),
    ({"coding": [{"code": "QCF", "display": "Quality control failure"}]}, "Quality control failure"),
])
def test_how_a_result_is_judged_is_said_by_its_code(interpretation, said):
    assert content(SODIUM | {"interpretation": interpretation})["interpretation"] == said


@pytest.mark.parametrize(("resource", "field"), [
    ({"resourceType": "Immunization", "performer": [{"actor": {"reference": "#n"}}, {"actor": {"display": "Clinic"}}]}, "performer"),
    ({"resourceType": "Procedure", "performer": [{"actor": {"reference": "#n"}}, {"actor": {"display": "Clinic"}}]}, "performer"),
    ({"resourceType": "Observation", "performer": [{"reference": "#n"}, {"display": "Clinic"}]}, "performer"),
    ({"resourceType": "DiagnosticReport", "performer": [{"actor": {"reference": "#n"}}, {"actor": {"display": "Clinic"}}]}, "performer"),
    ({"resourceType": "DocumentReference", "author": [{"reference": "#n"}, {"display": "Clinic"}]}, "author"),
    ({"resourceType": "Encounter", "participant": [{"individual": {"reference": "#n"}}, {"individual": {"display": "Clinic"}}]},
     "clinician"),
])
def test_all_who_took_part_are_named(resource, field):
    nurse = {"resourceType": "Practitioner", "id": "n", "name": [{"text": "Nurse Test"}]}
    assert content(resource | {"id": "x", "subject": SUBJECT, "patient": SUBJECT, "contained": [nurse]})[field] == "Nurse Test, Clinic"


def test_an_activity_that_is_a_request_of_its_own_is_shown_as_it_is_displayed():
    activity = [{"reference": {"reference": "ServiceRequest/1", "display": "Podiatry"}, "outcomeCodeableConcept": [{"text": "seen"}]},
                {"reference": {"reference": "ServiceRequest/2"}}]
    found = content({"resourceType": "CarePlan", "id": "x", "subject": SUBJECT, "activity": activity})
    assert found == {"activities": ["Podiatry"], "note": "Podiatry: seen"}


def test_a_reference_range_says_of_whom_it_holds():
    limits = {"low": {"value": 110}, "appliesTo": [{"text": "pregnant"}], "age": {"low": {"value": 18, "unit": "a"}}, "text": "WHO"}
    tested = SODIUM | {"category": [coding("laboratory")], "referenceRange": [limits]}
    assert content(tested)["note"] == "pregnant, from 18 a: WHO"
    del limits["appliesTo"], limits["age"]
    assert content(tested)["note"] == "WHO"


def test_a_flag_is_of_all_its_categories():
    flag = {"resourceType": "Flag", "id": "x", "subject": SUBJECT, "category": [{"text": "diet"}, {"text": "safety"}]}
    assert content(flag)["category"] == "diet, safety"


def test_a_document_in_force_may_still_be_preliminary():
    letter = {"resourceType": "DocumentReference", "id": "x", "subject": SUBJECT, "docStatus": "preliminary"}
    assert content(letter | {"status": "current"})["status"] == "preliminary"
    assert content(letter | {"status": "superseded"})["status"] == "superseded"


def test_an_onset_that_is_an_age():
    condition = {"resourceType": "Condition", "id": "c", "subject": SUBJECT}
    assert content(condition | {"onsetAge": {"value": 12, "unit": "years"}})["onset"] == "age 12 years"
    assert content(condition | {"onsetRange": {"low": {"value": 10, "unit": "a"}}})["onset"] == "age from 10 a"


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
    section = gpc("List", code=coding("1103671000000101"), contained=[ALLERGY_R4 | {"id": "ended", "clinicalStatus": "resolved"}])
    found = read(section)
    assert [(each.item, str(each.result)) for each in found] == [("List", "ignored"), ("List/AllergyIntolerance/ended", "assertions")]
    assert json.loads(found[1].assertions[0].content)["clinical_status"] == "resolved"


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


def test_labels_of_documents():
    letter = {"resourceType": "DocumentReference", "id": "x", "subject": SUBJECT, "status": "current"}
    assert first(letter | {"securityLabel": [{"coding": [{"code": "V"}]}]}).assertions[0].labels == ("sensitive",)
    summary = {"resourceType": "Composition", "id": "x", "subject": SUBJECT, "confidentiality": "R"}
    assert first(summary).assertions[0].labels == ("sensitive",)

"""What a reference points to: an id is its server's own, and a contained resource's its container's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from producers.fhir import identity
from tests.producers.fhir.conftest import Read, read
from tests.producers.fhir.resources import ALLERGY_R4, GROUP, REPORT, SODIUM, by_record, coding, gpc

NHS = "https://fhir.nhs.uk/Id/nhs-number"
SERVER = "https://rxa.example/fhir"
OTHER = "https://elsewhere.example/fhir"
FLAG = {"resourceType": "Flag", "id": "f1", "status": "active", "code": {"text": "Lives alone"}}


def bundle(*entries: tuple[str | None, dict[str, Any]]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "timestamp": "2026-01-01T00:00:00Z",
            "entry": [{"fullUrl": url, "resource": resource} if url else {"resource": resource} for url, resource in entries]}


def patient(identity: str | None, *identifiers: tuple[str, str], **more: Any) -> dict[str, Any]:
    found = {"resourceType": "Patient", "identifier": [{"system": system, "value": value} for system, value in identifiers], **more}
    return found | {"id": identity} if identity else found


def flag(reference: str, identity: str = "f1") -> dict[str, Any]:
    return FLAG | {"id": identity, "subject": {"reference": reference}}


def whose(*entries: tuple[str | None, dict[str, Any]]) -> list[str]:
    """Patient, or reason, of each Flag and Immunization."""
    return [str(each.reason) or each.patient or "" for each in read(bundle(*entries)) if each.type in ("Flag", "Immunization")]


def immunisation(identity: str, *identifiers: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {"resourceType": "Immunization", "id": identity, "status": "completed", "vaccineCode": {"text": "Flu"},
            "occurrenceDateTime": "2021-02-07", "patient": {"reference": "#Pat1"},
            "contained": [patient("Pat1", *identifiers, **more)]}


def of_two() -> list[Read]:
    return [read(immunisation(identity, (NHS, number)))[0] for identity, number in (("i1", "9990000018"), ("i2", "9990000026"))]


def test_two_contained_patients_of_one_local_id_are_two_patients():
    one, other = of_two()
    assert one.assertions and other.assertions
    assert one.patient != other.patient
    assert "Pat1" not in (one.patient, other.patient)


def test_the_number_of_a_contained_patient_is_claimed_for_it():
    claims = [(each.patient == found.patient, each.type, json.loads(each.body)) for found in of_two() for each in found.claims]
    assert claims == [(True, "carries-number", {"nhs_number": number, "verification": "02"}) for number in ("9990000018", "9990000026")]


def test_what_a_contained_patient_leaves_out_is_not_taken_back():
    named = read(immunisation("i1", ("urn:mrn", "7"), name=[{"family": "Archer"}]))[0]
    assert [(each.type, str(each.status)) for each in named.claims] == [("demographics", "asserted")]
    assert read(immunisation("i1", ("urn:mrn", "7")))[0].claims == ()
    assert read(immunisation("i1", (NHS, "9990000018")) | {"status": "entered-in-error"})[0].claims == ()


def test_a_contained_patient_is_the_one_in_the_file_with_its_identifier():
    known = patient("p1", (NHS, "9990000018"), ("urn:mrn", "7"))
    assert whose((None, known), (None, immunisation("i1", (NHS, "9990000018")))) == ["p1"]
    assert whose((None, known), (None, immunisation("i1", (NHS, "9990000026"))))[0].endswith("9990000026")
    apart = [(None, known), (None, patient("p2", ("urn:mrn", "8")))]
    assert whose(*apart, (None, immunisation("i1", (NHS, "9990000018"), ("urn:mrn", "8")))) == ["no-patient"]


@pytest.mark.parametrize("identifiers", [(), (("", "7"),), ((NHS, "0000000000"),), ((NHS, "9990000019"),),
                                         ((NHS, "9990000018"), (NHS, "9990000026"))])
def test_a_contained_patient_that_nothing_identifies_is_nobody(identifiers):
    assert whose((None, immunisation("i1", *identifiers))) == ["no-patient"]


@pytest.mark.parametrize(("reference", "found"), [
    ("Patient/1", "1"), (f"{SERVER}/Patient/1", "1"), (f"{SERVER}/Patient/1/_history/2", "1"), ("http://rxa.example/fhir/Patient/1", "1"),
    (f"{SERVER}/Patient/2", "2"), (f"{OTHER}/Patient/1", "no-patient"), (f"{SERVER}/tenant/Patient/1", "no-patient"),
    ("tenant/Patient/1", "no-patient"), ("Patient/", "no-patient"), ("urn:uuid:1", "no-patient")])
def test_an_id_is_its_servers_own(reference, found):
    entries = [(f"{SERVER}/Patient/1", patient("1")), (f"{SERVER}/Flag/f1", flag(reference))]
    assert whose(*entries) == [found]


def test_a_file_that_names_no_server_has_no_absolute_references_of_its_own():
    assert whose((None, patient("1")), (None, flag(f"{OTHER}/Patient/1"))) == ["no-patient"]
    assert whose(("urn:uuid:1", patient("1")), ("urn:uuid:2", flag("urn:uuid:1"))) == ["1"]


def test_a_file_of_several_servers_is_nobodys_record():
    entries = [(f"{SERVER}/Patient/1", patient("1")), (f"{OTHER}/Flag/f1", flag("Patient/1"))]
    assert {str(each.reason) for each in read(bundle(*entries))} == {"container", "several-servers"}
    directory = (f"{OTHER}/Organization/o", {"resourceType": "Organization", "id": "o"})
    assert whose((f"{SERVER}/Patient/1", patient("1")), directory, (f"{SERVER}/Flag/f1", flag("Patient/1"))) == ["1"]


def test_a_name_is_not_taken_from_another_servers_resource_of_the_same_id():
    doctors = [(f"{server}/Practitioner/d", {"resourceType": "Practitioner", "id": "d", "name": [{"text": name}]})
               for server, name in ((OTHER, "Dr Other"), (SERVER, "Dr Own"))]
    given = immunisation("i1", (NHS, "9990000018")) | {"performer": [{"actor": {"reference": "Practitioner/d"}}]}
    for order in (doctors, doctors[::-1]):
        found = read(bundle((f"{SERVER}/Immunization/i1", given), *order))[1]
        assert json.loads(found.assertions[0].content)["performer"] == "Dr Own"


def test_patients_without_id_are_known_by_an_identifier_with_its_system():
    entries = [("urn:uuid:a", patient(None, ("urn:mrn", "1001"))), ("urn:uuid:b", patient(None, ("urn:ed-number", "1001")))]
    found = whose(*entries, (None, flag("urn:uuid:a")), (None, flag("urn:uuid:b", "f2")))
    assert len(set(found)) == 2
    assert whose(*entries, (None, flag("Patient/"))) == ["no-patient"]


@pytest.mark.parametrize(("identifiers", "known_by"), [
    ((("urn:mrn", "7"), (NHS, "9990000018")), "urn:mrn~7C7"), (((NHS, "9990000018"), ("urn:mrn", "7")), "urn:mrn~7C7"),
    (((NHS, "999 000 0018"),), "https:~2F~2Ffhir.nhs.uk~2FId~2Fnhs-number~7C9990000018"), ((("", "7"),), None),
    ((("urn:mrn", "7~/é"),), "urn:mrn~7C7~7E~2F~C3~A9")])
def test_a_local_identifier_goes_before_the_nhs_number(identifiers, known_by):
    assert identity.known_by(patient(None, *identifiers)) == known_by


def test_contained_allergies_are_their_lists_records():
    """Local ids of two Lists, and an active allergy of the same id: three allergies, none of which hides another."""
    def ended(list_id: str, agent: str) -> dict[str, Any]:
        inner = ALLERGY_R4 | {"id": "1", "clinicalStatus": "resolved", "code": {"text": agent}}
        return {"resourceType": "List", "id": list_id, "mode": "snapshot", "contained": [inner]}
    active = ALLERGY_R4 | {"id": "1", "clinicalStatus": "active", "code": {"text": "Penicillin"}}
    found = read(active, ended("a", "Egg"), ended("b", "Nuts"))
    assert {record: content["agent"]["text"] for (record, _), content in by_record(found).items()} == {
        "AllergyIntolerance/1": "Penicillin", "List/a/AllergyIntolerance/1": "Egg", "List/b/AllergyIntolerance/1": "Nuts"}


def test_a_section_without_id_is_known_by_its_code():
    section = gpc("List", code=coding("1103671000000101"), contained=[ALLERGY_R4 | {"id": "1", "patient": {"reference": "#p"}}])
    section["contained"].append(patient("p", (NHS, "9990000018")))
    found = read(section)[1]
    assert found.assertions[0].record == "List/1103671000000101/AllergyIntolerance/1"
    assert str(found.patient).endswith("9990000018"), "contained beside it"
    assert read({name: value for name, value in section.items() if name != "code"})[1].reason == "no-id"


def test_references_by_uuid_are_followed():
    """To the Type/id that the record is called by, or to the identifier of a resource that has no id yet."""
    uuid = "urn:uuid:5d3bd0a6-0000-4000-8000-00000000000{}".format
    old = patient("old", link=[{"type": "replaced-by", "other": {"reference": uuid(2)}}])
    sodium = {name: value for name, value in SODIUM.items() if name != "id"} | {"identifier": [{"value": "NA-1"}]}
    group = {name: value for name, value in GROUP.items() if name != "related"} | {"hasMember": [{"reference": uuid(4)}]}
    entries = [(uuid(1), old), (uuid(2), patient("new")), (uuid(3), group), (uuid(4), sodium),
               (uuid(5), REPORT | {"result": [{"reference": uuid(3)}]})]
    found = read(bundle(*entries))
    merged = next(each for item in found for each in item.claims if each.type == "merged-into" and each.patient == "old")
    assert json.loads(merged.body) == {"into": "RXA/fhir|new"}
    results = {each.record: json.loads(each.content).get("panel") for item in found for each in item.assertions if each.kind == "result"}
    assert results == {record: {"text": "Biochemistry"} for record in ("Observation/NA-1", "Observation/ue", "DiagnosticReport/r")}


def test_who_and_where_an_appointment_is_are_told_by_what_its_references_resolve_to():
    people = [{"actor": {"reference": reference}} for reference in ("Patient/p1", "#d", "urn:uuid:w")]
    people.append({"actor": {"reference": f"{OTHER}/Practitioner/9", "display": "Dr Elsewhere"}})
    booked = {"resourceType": "Appointment", "id": "a", "participant": people,
              "contained": [{"resourceType": "Practitioner", "id": "d", "name": [{"text": "Dr Here"}]}]}
    found = read(bundle((None, booked), ("urn:uuid:w", {"resourceType": "Location", "name": "Ward 1"})))[1]
    content = json.loads(found.assertions[0].content)
    assert (content["location"], content["clinician"]) == ("Ward 1", "Dr Here, Dr Elsewhere")

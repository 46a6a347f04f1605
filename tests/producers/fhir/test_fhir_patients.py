"""Whose patient a resource is about: source, local patient id, NHS number and its claim."""

from __future__ import annotations

import json
from itertools import permutations

import pytest

from processors.identity.linker import assign
from tests.producers.fhir.conftest import GPC, content, first, read
from tests.strategies import KEY

NHS = "https://fhir.nhs.uk/Id/nhs-number"
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
STATUS = {
    "R4": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
    "STU3": "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-CareConnect-GPC-NHSNumberVerificationStatus-1",
}
FLAG = {"resourceType": "Flag", "id": "f1", "status": "active", "code": {"text": "Lives alone"}}


def patient(*identifiers, **more):
    return {"resourceType": "Patient", "id": "p1", "identifier": list(identifiers), **more}


def number(value, status=None, version="R4", **more):
    found = {"system": NHS, "value": value, **more}
    if status:
        found["extension"] = [{"url": STATUS[version], "valueCodeableConcept": {"coding": [{"code": status}]}}]
    return found


def claim(resource):
    found = first(resource).claims[0]
    return str(found.status), json.loads(found.body)


@pytest.mark.parametrize("version", ["R4", "STU3"])
def test_the_number_and_its_verification_status_are_claimed(version):
    assert claim(patient(number("9990000018", "01", version))) == ("asserted", {"nhs_number": "9990000018", "verification": "01"})


@pytest.mark.parametrize(("word", "status"), [
    ("number-present-and-verified", "01"), ("number-present-but-not-traced", "02"), ("trace-required", "trace-required")])
def test_a_verification_status_in_the_words_of_earlier_uk_core(word, status):
    """As messages of booking and referral have it; such a number did not link."""
    assert claim(patient(number("9990000018", word)))[1] == {"nhs_number": "9990000018", "verification": status}


def test_a_number_without_a_status_is_claimed_as_not_traced_and_said_without_one():
    resource = patient(number("999 000 0018"))
    assert claim(resource) == ("asserted", {"nhs_number": "9990000018", "verification": "02"})
    assert "verification" not in content(resource)


def test_a_number_named_by_its_oid_is_the_nhs_number():
    resource = patient(number("9990000018", "01") | {"system": "urn:oid:2.16.840.1.113883.2.1.4.1"})
    assert claim(resource)[1] == {"nhs_number": "9990000018", "verification": "01"}
    assert "identifiers" not in content(resource)


def test_a_patient_without_a_number_withdraws_the_claim():
    assert claim(patient()) == ("retracted", {})


def test_a_number_called_verified_with_a_wrong_check_digit_is_to_be_traced():
    assert claim(patient(number("9990000019", "01")))[1] == {"nhs_number": "9990000019", "verification": "03"}
    assert content(patient(number("9990000019", "01")))["verification"] == "01", "what the source said stays"


def linked(*links, patient_id="p1", version="1"):
    """Claims of one version of a Patient with links, (type, other) each."""
    told = [{"other": {"reference": f"Patient/{other}"}, "type": kind} for kind, other in links]
    resource = patient(link=told) | {"id": patient_id, "meta": {"versionId": version, "lastUpdated": f"2026-01-0{version}T00:00:00Z"}}
    return list(first(resource).claims)


def merged(claims):
    """The one claim about merges: its status and its body without the source."""
    (found,) = (each for each in claims if each.type == "merged-into")
    assert (found.patient, found.ref) == ("p1", "link")
    return str(found.status), json.loads(found.body.replace(b"RXA/fhir|", b""))


def persons(*claims):
    """`p1 p2 / p3`: who is with whom."""
    sides = {}
    for one, placed in assign([claim for some in claims for claim in some], KEY).items():
        sides.setdefault(placed.person, []).append(one.removeprefix("RXA/fhir|"))
    return " / ".join(sorted(" ".join(sorted(side)) for side in sides.values()))


def test_a_replaced_patient_is_claimed_to_be_merged():
    assert merged(linked(("replaced-by", "p2"))) == ("asserted", {"into": "p2"})
    assert merged(linked(("replaces", "p2"))) == ("asserted", {"from": "p2"})
    assert merged(linked(("replaced-by", "p3"), ("replaces", "p4"), ("replaced-by", "p2"))) == (
        "asserted", {"into": ["p2", "p3"], "from": "p4"})


def test_linked_patients_that_replace_nobody_are_merged_into_nobody():
    assert merged(linked(("seealso", "p2"), ("replaces", "p1"), ("replaced-by", "p1"))) == ("retracted", {})


@pytest.mark.parametrize(("versions", "was", "becomes"), [
    (((("replaced-by", "p2"),), ()), "p1 p2 / p3", "p1 / p2 / p3"),
    (((("replaced-by", "p2"),), (("replaced-by", "p3"),)), "p1 p2 / p3", "p1 p3 / p2"),
    (((), (("replaced-by", "p2"), ("replaced-by", "p3"))), "p1 / p2 / p3", "p1 p2 p3"),
    (((("replaced-by", "p2"),), (("seealso", "p2"),)), "p1 p2 / p3", "p1 / p2 / p3"),
    (((("replaces", "p2"),), ()), "p1 p2 / p3", "p1 / p2 / p3"),
    (((("replaces", "p2"),), (("replaces", "p3"),)), "p1 p2 / p3", "p1 p3 / p2"),
    (((("replaces", "p2"), ("replaces", "p3")), (("replaces", "p3"),)), "p1 p2 p3", "p1 p3 / p2"),
    (((("replaces", "p2"),), (("replaced-by", "p2"),)), "p1 p2 / p3", "p1 p2 / p3"),
])
def test_a_later_version_takes_back_the_links_of_an_earlier_one(versions, was, becomes):
    others = linked(patient_id="p2") + linked(patient_id="p3")
    before, after = (linked(*links, version=str(number)) for number, links in enumerate(versions, 1))
    assert persons(others, before) == was
    assert {persons(*order) for order in permutations((others, before, after))} == {becomes}


@pytest.mark.parametrize("other", [(), (("seealso", "p1"),)])
def test_what_one_says_it_replaces_stands_whatever_the_other_says_of_itself(other):
    survivor, silent = linked(("replaces", "p2")), linked(*other, patient_id="p2", version="2")
    assert persons(survivor, silent) == persons(silent, survivor) == "p1 p2"


def test_a_merge_that_both_tell_of_is_taken_back_when_neither_does_any_more():
    both = [linked(("replaces", "p2")), linked(("replaced-by", "p1"), patient_id="p2")]
    assert persons(*both, linked(version="2")) == persons(*both, linked(patient_id="p2", version="2")) == "p1 p2"
    assert persons(*both, linked(version="2"), linked(patient_id="p2", version="2")) == "p1 / p2"


def test_what_tells_humans_apart_is_claimed_with_the_official_name():
    names = [{"use": "maiden", "family": "Bell", "given": ["Ann"]}, {"use": "usual", "family": "Archer", "given": ["Annie"]},
             {"use": "official", "family": "Archer", "given": ["Ann", "May"]}]
    resource = patient(name=names, birthDate="1980-03-02", gender="female", address=[{"postalCode": "AB1 2CD"}])
    (found,) = (each for each in first(resource).claims if each.type == "demographics")
    assert json.loads(found.body) == {
        "family": "Archer", "given": ["Ann", "May"], "birth_date": "1980-03-02", "gender": "female", "postcode": "AB1 2CD",
        "former_names": [{"family": "Bell", "given": ["Ann"]}]}


def told_of(**more):
    """The demographics claim of a Patient of 1 June 2026."""
    claims = first(patient(**more) | {"meta": {"lastUpdated": "2026-06-01T00:00:00Z"}}).claims
    (found,) = (each for each in claims if each.type == "demographics")
    return json.loads(found.body)


@pytest.mark.parametrize(("more", "over"), [
    ({"use": "old"}, True), ({"period": {"end": "2026-05-31"}}, True), ({"period": {"end": "2025"}}, True),
    ({"use": "old", "period": {"end": "2999-01-01"}}, True), ({"period": {"end": "2026"}}, False),
    ({"period": {"end": "2026-06-01"}}, False), ({"period": {"start": "2020"}}, False), ({"period": {"end": "x"}}, False)])
def test_a_name_and_a_home_that_are_over_are_former_ones(more, over):
    bell, archer = {"family": "Bell", "given": ["Ann"]}, {"family": "Archer", "given": ["Ann"]}
    there, here = {"line": ["1 Gone"], "postalCode": "ZZ1 1ZZ"}, {"line": ["2 Here"], "postalCode": "LS1 1AA"}
    found = told_of(name=[bell | more, archer], address=[there | more, here])
    now = {"family": "Archer", "given": ["Ann"], "postcode": "LS1 1AA", "address": ["2 Here"]}
    before = {"former_names": [bell], "former_homes": [{"postcode": "ZZ1 1ZZ", "address": ["1 Gone"]}]}
    assert found == (now | before if over else bell | {"postcode": "ZZ1 1ZZ", "address": ["1 Gone"]})
    assert told_of(name=[bell | more], address=[there | more]).keys() == (before.keys() if over else now.keys()), "the only one may be over"


def test_an_old_number_is_not_claimed():
    assert claim(patient(number("9990000018", "01", use="old"), number("9990000026", "01")))[1]["nhs_number"] == "9990000026"


def test_two_current_numbers_are_in_conflict_whatever_their_order():
    one, other = number("9990000018", "01"), number("9990000026", "01")
    assert claim(patient(one, other)) == claim(patient(other, one)) == ("asserted", {"nhs_number": "9990000018", "verification": "05"})


def test_demographics():
    found = content(
        patient(
            number("9990000018", "01"),
            {"system": "https://rxa.example/mrn", "value": "77"},
            active=True,
            birthDate="1950-02",
            gender="female",
            name=[{"use": "official", "family": "Test", "given": ["A", "B"], "prefix": ["Ms"]}],
            address=[
                {"use": "old", "line": ["1 Gone"], "postalCode": "ZZ1 1ZZ"},
                {"use": "home", "line": ["2 Here"], "city": "Leeds", "postalCode": "LS1 1AA"},
            ],
            telecom=[{"system": "phone", "value": "01130000000"}],
            deceasedDateTime="2020-01-02",
        )
    )
    assert found == {
        "nhs_number": "9990000018",
        "verification": "01",
        "active": True,
        "birth_date": "1950-02",
        "gender": "female",
        "names": [{"family": "Test", "given": ["A", "B"], "prefix": "Ms", "use": "official"}],
        "address": ["2 Here", "Leeds"],
        "postcode": "LS1 1AA",
        "telecom": ["01130000000"],
        "deceased": "2020-01-02",
        "identifiers": [{"system": "https://rxa.example/mrn", "value": "77"}],
    }


@pytest.mark.parametrize(
    "reference", ["Patient/p1", "https://fhir.example/Patient/p1", "Patient/p1/_history/3", "urn:uuid:5d3bd0a6-0000-4000-8000-000000000001"]
)
def test_the_patient_is_the_one_referred_to(reference):
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": "urn:uuid:5d3bd0a6-0000-4000-8000-000000000001", "resource": patient()},
            {"fullUrl": "https://fhir.example/Flag/f1", "resource": FLAG | {"subject": {"reference": reference}}},
        ],
    }
    flag = next(each for each in read(bundle) if each.type == "Flag")
    assert (flag.assertions[0].patient, flag.assertions[0].record) == ("p1", "Flag/f1")


@pytest.mark.parametrize(
    "subject",
    [
        {},
        {"display": "someone"},
        {"reference": "urn:uuid:5d3bd0a6-0000-4000-8000-000000000002"},
        {"reference": "Group/1"},
        {"reference": "Patient/"},
    ],
)
def test_a_resource_about_nobody_is_quarantined(subject):
    assert first(FLAG | {"subject": subject}).reason == "no-patient"


def test_a_resource_without_id_is_known_by_its_business_identifier():
    flag = {"resourceType": "Flag", "subject": {"reference": "Patient/p1"}, "identifier": [{"value": "F-9"}]}
    assert first(flag).assertions[0].record == "Flag/F-9"
    assert first({**flag, "identifier": []}).reason == "no-id"


def test_a_logical_reference_is_to_the_one_patient_in_the_file_with_that_identifier():
    flag = FLAG | {"subject": {"identifier": {"system": NHS, "value": "9990000018"}}}
    found = read(patient(number("9990000018")), flag)
    assert [each.patient for each in found if each.type == "Flag"] == ["p1"]
    twice = read(patient(number("9990000018")), patient(number("9990000018")) | {"id": "p2"}, flag)
    assert [str(each.reason) for each in twice if each.type == "Flag"] == ["no-patient"]
    assert first(flag).reason == "no-patient"


def organisation(identity, code):
    return {"resourceType": "Organization", "id": identity, "identifier": [{"system": ODS, "value": code}]}


def test_the_managing_organisation_is_the_source():
    items = read(patient(managingOrganization={"reference": "Organization/o"}), organisation("o", "RXA"), source=None)
    assert {each.source for each in items if each.assertions} == {"RXA/fhir"}


def test_a_hospital_patients_practice_is_not_the_source_but_a_gp_records_is():
    resource = patient(generalPractitioner=[{"reference": "Organization/o"}]) | {"id": "patient-of-16-or-more"}
    found = read(resource, organisation("o", "A82038"), source=None)
    assert {each.source for each in found if each.assertions} == {"unknown/fhir"}
    found = read(resource | {"meta": {"profile": [GPC.format("Patient")]}}, organisation("o", "A82038"), source=None)
    assert {each.source for each in found if each.assertions} == {"A82038/gpconnect"}


def test_two_organisations_in_a_file_are_no_source():
    one = patient(managingOrganization={"reference": "Organization/o"})
    other = patient(managingOrganization={"reference": "Organization/q"}) | {"id": "p2"}
    found = read(one, other, organisation("o", "RXA"), organisation("q", "RXB"), source=None)
    assert {each.reason for each in found if each.type == "Patient"} == {"no-source"}


def test_an_unnamed_systems_patient_is_taken_only_under_an_unmistakable_id():
    flag = FLAG | {"subject": {"reference": "Patient/12345"}}
    assert first(flag, source=None).reason == "no-source"
    flag = FLAG | {"subject": {"reference": "Patient/7f1e0f3a-0000-4000-8000-000000000001"}}
    assert first(flag, source=None).assertions[0].source == "unknown/fhir"


@pytest.mark.parametrize(
    ("security", "labels"),
    [("NOPAT", ("nopat",)), ("R", ("sensitive",)), ("N", ()), ("STD", ("sensitive",)), ("ANYTHING-ELSE", ("sensitive",))],
)
def test_security_labels(security, labels):
    flag = FLAG | {"subject": {"reference": "Patient/p1"}, "meta": {"security": [{"code": security}]}}
    assert first(flag).assertions[0].labels == labels


def test_a_patient_restricted_in_pds():
    assert first(patient() | {"meta": {"security": [{"code": "R"}]}}).assertions[0].labels == ("pds-restricted",)
    assert first(patient() | {"meta": {"security": [{"code": "V"}]}}).assertions[0].labels == ("pds-restricted", "sensitive")


GAELIC = {"coding": [{"code": "gd", "display": "Gaelic"}]}
NHS_COMMUNICATION = {"url": "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-CareConnect-GPC-NHSCommunication-1", "extension": [
    {"url": "language", "valueCodeableConcept": GAELIC}, {"url": "preferred", "valueBoolean": True},
    {"url": "interpreterRequired", "valueBoolean": True}]}
REQUIRED = {"url": "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired", "valueBoolean": True}


@pytest.mark.parametrize("told", [
    {"extension": [NHS_COMMUNICATION]},
    {"extension": [REQUIRED], "communication": [{"language": GAELIC, "preferred": True}]},
])
def test_how_to_talk_with_a_patient_is_said(told):
    assert content(patient(**told))["communication"] == ["Gaelic, preferred", "Interpreter required"]


def test_a_language_of_two_codes_is_both():
    both = [{"code": "mak", "display": "Makaton"}, {"code": "bfi", "display": "British Sign Language"}]
    for codings in permutations(both):
        told = patient(communication=[{"language": {"coding": [*codings]}}])
        assert content(told)["communication"] == ["British Sign Language, Makaton"]


def test_whom_to_turn_to_is_said():
    carer = {"relationship": [{"text": "Carer"}], "name": {"prefix": "Mr", "family": "Test"},
             "address": {"city": "York", "postalCode": "YO1"},
             "telecom": [{"value": "01904 987654"}, {"value": "01904 000000", "use": "old"}]}
    assert content(patient(contact=[carer, {"relationship": [{"text": "Next of kin"}]}]))["contacts"] == [
        "Carer: Mr Test, 01904 987654, York, YO1", "Next of kin"]

"""Absence is derivable only from what an export was complete for."""

from __future__ import annotations

import json

import pytest

from tests.producers.fhir.conftest import GPC, bundle, read, read_bytes

SECTIONS = {"problem": "717711000000103", "allergy": "886921000000105", "ended": "1103671000000101"}
PATIENT = {"resourceType": "Patient", "id": "p1", "meta": {"profile": [GPC.format("Patient")]}}


def condition(identity, **more):
    return {"resourceType": "Condition", "id": identity, "subject": {"reference": "Patient/p1"}, "code": {"text": "Asthma"}, **more}


def allergy(identity):
    return {"resourceType": "AllergyIntolerance", "id": identity, "patient": {"reference": "Patient/p1"}, "code": {"text": "Egg"}}


def section(name, *entries, **more):
    return {
        "resourceType": "List",
        "status": "current",
        "mode": "snapshot",
        "subject": {"reference": "Patient/p1"},
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


def partial(kind, *reasons):
    return {"kinds": [], "records": [], "partial": {kind: list(reasons)}}


def warning(url="https://fhir.nhs.uk/STU3/StructureDefinition/Extension-CareConnect-GPC-ListWarningCode-1", **value):
    return {"extension": [{"url": url, **value}]}


def test_an_empty_section_is_information_not_available():
    empty = section("problem", emptyReason={"coding": [{"code": "no-content-recorded"}]})
    assert manifest(PATIENT, empty) == partial("problem", "empty")


def test_a_kind_without_a_section_is_not_spoken_of():
    assert manifest(PATIENT, condition("c")) is None
    both = manifest(PATIENT, section("problem", "Condition/c"), section("allergy"), section("ended"), condition("c"))
    assert both == {"kinds": ["problem"], "records": ["Condition/c"], "partial": {"allergy": ["empty"]}}


def test_active_allergies_are_never_absent_because_only_ended_ones_are_listed():
    ended = section("ended", "AllergyIntolerance/a")
    assert manifest(PATIENT, section("allergy"), ended, allergy("a")) == partial("allergy", "empty")
    assert manifest(PATIENT, section("allergy", "AllergyIntolerance/a"), allergy("a")) is None, "ended allergies were not asked for"
    assert manifest(PATIENT, section("allergy", "AllergyIntolerance/a"), section("ended"), allergy("a"))["kinds"] == ["allergy"]


@pytest.mark.parametrize(("told", "reason"), [
    (warning(valueCode="confidential-items"), "confidential-items"),
    (warning(valueCode="data-in-transit"), "data-in-transit"),
    (warning(valueCode="data-awaiting-filing"), "data-awaiting-filing"),
    (warning(valueCode="of next year"), "incomplete"),
    (warning(valueString="Some items"), "incomplete"),
    (warning("https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-ListWarningCode",
             valueCodeableConcept={"coding": [{"code": "data-in-transit"}]}), "data-in-transit"),
])
def test_a_list_that_warns_is_not_complete(told, reason):
    """GP Connect, "Warning codes": each means that items are missing from the list, so that nothing is absent by it."""
    assert manifest(PATIENT, section("problem", "Condition/c", **told), condition("c")) == partial("problem", reason)
    assert manifest(PATIENT, section("problem", **told)) == partial("problem", *sorted({reason, "empty"}))


@pytest.mark.parametrize(("note", "since"), [
    ("Patient record transfer not yet complete; information recorded before 02-Mar-2020 may be missing.", "2020-03-02"),
    ("information recorded before 02-Mar-2020 may be missing. information recorded before 26-Feb-2010 may be missing.", "2020-03-02"),
    ("information recorded before 31-Feb-2020 may be missing.", None), ("information may be missing.", None)])
def test_what_is_missing_only_from_before_a_day_is_complete_since(note, since):
    """GP Connect, "Warning codes": data in transit and data awaiting filing name the day."""
    told = {**warning(valueCode="data-in-transit"), "note": [{"text": note}]}
    found = manifest(PATIENT, section("problem", "Condition/c", **told), condition("c"))
    if since is None:
        assert found == partial("problem", "data-in-transit")
    else:
        assert found == {"kinds": ["problem"], "records": ["Condition/c"], "since": {"problem": since},
                         "partial": {"problem": ["data-in-transit"]}}
    for also in ("confidential-items", "of next year", *(["data-awaiting-filing"] if note.count("before") == 1 else [])):
        also_told = {**told, "extension": [*told["extension"], *warning(valueCode=also)["extension"]]}
        assert manifest(PATIENT, section("problem", "Condition/c", **also_told), condition("c"))["kinds"] == []


@pytest.mark.parametrize("note", ["no note", [{"text": {"of": "a note"}}]])
def test_a_list_whose_note_cannot_be_read_is_complete_since_no_day(note):
    told = {**warning(valueCode="data-in-transit"), "note": note}
    assert manifest(PATIENT, section("problem", "Condition/c", **told), condition("c")) == partial("problem", "data-in-transit")


def test_ended_allergies_that_are_withheld():
    ended = section("ended", **warning(valueCode="confidential-items"))
    assert manifest(PATIENT, section("allergy", "AllergyIntolerance/a"), ended, allergy("a")) == partial("allergy", "confidential-items")


@pytest.mark.parametrize("broken", [condition("c", onsetDateTime="yesterday"), {"resourceType": "Thing", "id": "c"}])
def test_what_could_not_be_read_was_held_all_the_same(broken):
    assert manifest(PATIENT, section("problem", "Condition/d"), condition("d"), broken) == partial("problem", "incomplete")


def test_what_is_listed_and_not_sent():
    assert manifest(PATIENT, section("problem", "Condition/c", "Condition/elsewhere"), condition("c")) == partial("problem", "incomplete")


@pytest.mark.parametrize("item", [
    {"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}, {"identifier": {"value": "x"}}, {"display": "Asthma"}, {}, None,
    {"reference": "#c"},
])
def test_an_entry_that_names_nothing_in_the_bundle_may_be_anything(item):
    listed = section("problem", "Condition/c2")
    listed["entry"].append({"item": item})
    listed["contained"] = [condition("c")]  # no record: a part of its List
    assert manifest(PATIENT, listed, condition("c2")) == partial("problem", "incomplete")


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_lists_of_a_section_each_counts(order):
    withheld, whole = section("problem", "Condition/c", **warning(valueCode="confidential-items")), section("problem", "Condition/d")
    assert manifest(PATIENT, *[withheld, whole][::order], condition("c"), condition("d")) == partial("problem", "confidential-items")
    both = manifest(PATIENT, *[section("problem", "Condition/c"), whole][::order], condition("c"), condition("d"))
    assert both == {"kinds": ["problem"], "records": ["Condition/c", "Condition/d"]}
    assert manifest(PATIENT, *[section("problem"), whole][::order], condition("d"))["kinds"] == ["problem"]


@pytest.mark.parametrize("status", ["entered-in-error", "retired", None])
def test_a_list_that_is_not_in_force_tells_nothing(status):
    assert manifest(PATIENT, section("problem", "Condition/c", status=status), condition("c")) is None


def test_a_list_that_does_not_say_whose_it_is():
    nobodys = section("problem", "Condition/c", subject=None)
    assert manifest(PATIENT, nobodys, condition("c")) is None
    assert manifest(PATIENT, nobodys, section("problem", "Condition/c"), condition("c")) == partial("problem", "incomplete")


def test_a_page_is_not_the_whole():
    page = bundle(PATIENT, section("problem", "Condition/c"), condition("c"), link=[{"relation": "next", "url": "x"}])
    assert manifest(page) == partial("problem", "incomplete")


OTHER = {"reference": "Patient/p2"}


@pytest.mark.parametrize("another", [
    PATIENT | {"id": "p2"}, PATIENT | {"id": "p2", "birthDate": "12/03/1961"}, condition("d", subject=OTHER),
    section("allergy", subject=OTHER), {"resourceType": "RelatedPerson", "id": "r", "patient": OTHER},
    condition("d", subject=OTHER, onsetDateTime="yesterday"),
])
def test_there_is_none_where_another_patient_is_in_the_bundle(another):
    whole = (PATIENT, section("problem", "Condition/c"), condition("c"))
    assert manifest(*whole) is not None
    assert manifest(*whole, another) is None


def test_each_bundle_of_a_file_has_its_own():
    one = bundle(PATIENT, section("problem", "Condition/c"), condition("c"))
    other = json.loads(json.dumps(bundle(PATIENT, section("problem", "Condition/d"), condition("d"))).replace("p1", "p2"))
    bare = bundle(section("problem", "Condition/e", subject=OTHER), condition("e", subject=OTHER))
    data = "\n".join(map(json.dumps, (one, other, bare, bundle(PATIENT | {"id": "p3", "meta": {}}, one))))
    found = [(each.item, each.patient, json.loads(each.assertions[0].content)["records"])
             for each in read_bytes(data.encode()) if each.type == "Bundle" and each.assertions]
    assert found == [("Bundle", "p1", ["Condition/c"]), ("Bundle#2", "p2", ["Condition/d"]), ("Bundle#5", "p1", ["Condition/c"])]


def test_only_structured_gp_records_with_a_time_have_one():
    whole = (section("problem", "Condition/c", date=None), condition("c"))
    assert manifest(PATIENT, *whole) is not None
    assert manifest({**PATIENT, "meta": {}}, *whole) is None
    resources = [each | {"meta": {"lastUpdated": "2021-06-02"} | each.get("meta", {})} for each in (PATIENT, *whole)]
    items = read_bytes(json.dumps({"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}).encode())
    assert [len(each.assertions) for each in items] == [0, 1, 0, 1], "what is absent by it could not be told from what came later"

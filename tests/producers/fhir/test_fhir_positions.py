"""The order of versions: from what the file says, at fixed width, whatever the zone."""

from __future__ import annotations

import json

import pytest

from producers.contract import EXPORTED_HEADER, RawMessage
from producers.fhir.format import FhirFormat
from producers.fhir.instants import utc
from tests.producers.fhir.conftest import bundle, first, read, read_bytes

FLAG = {"resourceType": "Flag", "id": "f1", "subject": {"reference": "Patient/p1"}}


def position(resource, *others):
    return next(each for each in read(resource, *others) if each.type == "Flag").assertions[0].position


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2021", "2021-01-01T00:00:00.000000Z"),
        ("2021-06", "2021-06-01T00:00:00.000000Z"),
        ("2021-06-02", "2021-06-02T00:00:00.000000Z"),
        ("2021-06-02T09:00:00.5+01:00", "2021-06-02T08:00:00.500000Z"),
        ("2021-06-02T09:00:00Z", "2021-06-02T09:00:00.000000Z"),
        ("0001-01-01T00:00:00+14:00", None),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999Z"),
        ("2021-06-02T24:00:00Z", None),
        ("2021-13-01", None),
        ("２０２１", None),
        ("2021-06-0２", None),
        ("soon", None),
    ],
)
def test_utc_at_fixed_width(given, expected):
    assert utc(given) == expected


def test_last_updated_then_version():
    older = position(FLAG | {"meta": {"lastUpdated": "2021-06-02T09:00:00+01:00", "versionId": "9"}})
    newer = position(FLAG | {"meta": {"lastUpdated": "2021-06-02T09:00:00+01:00", "versionId": "10"}})
    assert older < newer < position(FLAG | {"meta": {"lastUpdated": "2021-06-02T08:30:00Z"}})


SECTION = {
    "resourceType": "List", "status": "current", "mode": "snapshot", "date": "2021-06-02T08:00:00Z", "subject": {"reference": "Patient/p1"},
    "code": {"coding": [{"code": "717711000000103"}]},
}


def undated(*resources, **more):
    """A Bundle without a time of its own."""
    return {"resourceType": "Bundle", "entry": [{"resource": each} for each in resources], **more}


def outcome(*lines):
    """Position of the Flag, else why there is none."""
    found = next(each for each in read_bytes("\n".join(map(json.dumps, lines)).encode()) if each.type == "Flag")
    return found.assertions[0].position if found.assertions else str(found.reason)


@pytest.mark.parametrize(("beside", "more"), [
    (SECTION, {}),
    ({"resourceType": "MessageHeader", "timestamp": "2021-06-02T08:00:00Z"}, {"type": "message"}),
    ({"resourceType": "Composition", "date": "2021-06-02T08:00:00Z"}, {"type": "document"}),
    (FLAG | {"id": "f2"}, {"meta": {"lastUpdated": "2021-06-02T08:00:00Z"}}),
    (FLAG | {"id": "f2"}, {"timestamp": "2021-06-02T08:00:00Z"}),
])
def test_a_bundle_says_when_it_was_made(beside, more):
    later = {"resourceType": "Condition", "id": "c", "recordedDate": "2022-01-01", "subject": {"reference": "Patient/p1"}}
    assert outcome(undated(FLAG, beside, later, **more)) == "2021-06-02T08:00:00.000000Z"


@pytest.mark.parametrize("beside", [
    SECTION | {"mode": "working"}, SECTION | {"status": "retired"}, SECTION | {"encounter": {"reference": "Encounter/e"}},
    SECTION | {"code": {"text": "Things to ask"}},
    {"resourceType": "Composition", "date": "2021-06-02T08:00:00Z"},
    {"resourceType": "Appointment", "id": "a", "created": "2022-02-14", "start": "2031-01-01T00:00:00Z"},
    FLAG | {"id": "f2", "meta": {"lastUpdated": "2021-06-02T08:00:00Z"}},
])
def test_no_other_date_in_a_bundle_says_when_it_was_made(beside):
    """What is due in 2031 must not count before all that is said till then; a date that the next version repeats tells none from it."""
    assert outcome(undated(FLAG, beside)) == "no-version"


def test_what_does_not_say_which_version_it_is_is_quarantined():
    """An order active, then stopped, written on one day: of two versions at one position chance would choose."""
    order = {"resourceType": "MedicationRequest", "id": "m", "subject": {"reference": "Patient/p1"}, "authoredOn": "2024-01-01",
             "medicationCodeableConcept": {"text": "Warfarin"}}
    for status in ("active", "stopped"):
        (found,) = read_bytes(json.dumps(order | {"status": status}).encode())
        assert (str(found.result), str(found.reason), found.patient) == ("quarantined", "no-version", "p1")
        assert "meta.lastUpdated" in found.detail
    assert outcome(FLAG | {"period": {"start": "2020-05-05", "end": "2099-01-01"}}) == "no-version"


@pytest.mark.parametrize(("kind", "element"), [("Observation", "issued"), ("DiagnosticReport", "issued"), ("Composition", "date")])
def test_the_types_that_date_each_version_say_which_it_is(kind, element):
    resource = {"resourceType": kind, "id": "x", "subject": {"reference": "Patient/p1"}, element: "2021-06-02"}
    (found,) = read_bytes(json.dumps(resource).encode())
    assert found.assertions[0].position == "2021-06-02T00:00:00.000000Z"


def test_each_bundle_of_a_file_has_its_own_time():
    """January's and June's exports as two lines: January's word must not count as June's."""
    january, june = (bundle(FLAG, timestamp=f"2021-{month}-01T00:00:00Z") for month in ("01", "06"))
    found = [each.assertions[0].position for each in read_bytes(f"{json.dumps(january)}\n{json.dumps(june)}".encode()) if each.assertions]
    assert found == ["2021-01-01T00:00:00.000000Z", "2021-06-01T00:00:00.000000Z"]
    assert outcome(undated(bundle(FLAG, timestamp="2021-01-01T00:00:00Z"), timestamp="2021-06-01T00:00:00Z")) == found[0]
    assert outcome(undated(undated(FLAG), timestamp="2021-06-01T00:00:00Z")) == found[1], "of the Bundle around its Bundle"


@pytest.mark.parametrize("updated", ["2024-05-05T24:00:00Z", "soon", "0001-01-01T00:00:00+14:00"])
def test_an_update_at_no_time_is_no_update_at_the_time_of_the_export(updated):
    (_, found) = read_bytes(json.dumps(bundle(FLAG | {"meta": {"lastUpdated": updated}})).encode())
    assert str(found.reason) == "bad-element"
    assert "lastUpdated" in found.detail


@pytest.mark.parametrize(("element", "kind"), [
    ("medicationReference", "Medication"), ("reasonReference", "Condition"), ("specimen", "Specimen"), ("result", "DiagnosticReport")])
def test_what_it_is_told_in_the_words_of_is_updated_without_it(element, kind):
    """A product corrected in its Medication is a later version of the order, which was not touched."""
    def at(updated):
        other = {"resourceType": kind, "id": "x", "subject": {"reference": "Patient/p1"}, "meta": {"lastUpdated": updated}}
        own = FLAG | {"meta": {"lastUpdated": "2021-06-02"}, element: [{"reference": f"{kind}/x"}]}
        if element == "result":
            own, other = own | {"resourceType": "Observation"}, other | {"result": [{"reference": "Observation/f1"}]}
        return next(each for each in read(own, other) if each.item.endswith("/f1")).assertions[0].position

    assert at("2021-06-03") == "2021-06-03T00:00:00.000000Z"
    assert at("2021-06-01") == at("soon") == "2021-06-02T00:00:00.000000Z"


def test_the_order_of_resources_in_a_file_does_not_matter():
    one, other = FLAG | {"period": {"start": "2020-05-05"}}, FLAG | {"id": "f2", "period": {"start": "2021-05-05"}}
    positions = [
        sorted((each.item, each.assertions[0].position) for each in read(*order) if each.assertions)
        for order in ((one, other), (other, one))
    ]
    assert positions[0] == positions[1]


def test_damaged_dates_quarantine_only_what_reads_them():
    assert first(FLAG | {"period": {"start": "yesterday"}}).reason == "bad-element"
    assert "start" in first(FLAG | {"period": {"start": "yesterday"}}).detail
    assert "yesterday" not in first(FLAG | {"period": {"start": "yesterday"}}).detail


@pytest.mark.parametrize(("whole", "expected"), [
    (FLAG, "2024-05-01T08:00:00.000000Z"),
    (undated(FLAG), "2024-05-01T08:00:00.000000Z"),
    (bundle(FLAG, timestamp="2021-01-01T00:00:00Z"), "2021-01-01T00:00:00.000000Z"),
    (FLAG | {"meta": {"lastUpdated": "2021-06-02T08:00:00Z"}}, "2021-06-02T08:00:00.000000Z"),
    (FLAG | {"meta": {"versionId": "3"}}, f"2024-05-01T08:00:00.000000Z|{3:020}"),
])
def test_what_the_operator_says_of_a_file_counts_for_what_says_nothing_itself(whole, expected):
    """Later exports of it then count before, as those of a sender that dates its Bundles do."""
    headers = {EXPORTED_HEADER: b"2024-05-01T09:00:00+01:00"}
    found = FhirFormat("RXA/fhir").read(RawMessage("raw.rxa-fhir.v1", 0, 3, 0, None, json.dumps(whole).encode(), headers))
    assert [each.assertions[0].position for each in found if each.assertions] == [expected]

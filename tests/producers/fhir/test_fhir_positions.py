"""The order of versions: from what the file says, at fixed width, whatever the zone."""

from __future__ import annotations

import pytest

from producers.fhir.instants import NEVER, utc
from tests.producers.fhir.conftest import first, read

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
        ("2021-13-01", None),
        ("soon", None),
    ],
)
def test_utc_at_fixed_width(given, expected):
    assert utc(given) == expected


def test_last_updated_then_version():
    older = position(FLAG | {"meta": {"lastUpdated": "2021-06-02T09:00:00+01:00", "versionId": "9"}})
    newer = position(FLAG | {"meta": {"lastUpdated": "2021-06-02T09:00:00+01:00", "versionId": "10"}})
    assert older < newer < position(FLAG | {"meta": {"lastUpdated": "2021-06-02T08:30:00Z"}})


def test_the_bundles_timestamp_where_the_resource_has_none():
    bundle = {"resourceType": "Bundle", "timestamp": "2022-01-01T00:00:00Z", "entry": [{"resource": FLAG}]}
    found = next(each for each in read(bundle) if each.type == "Flag")
    assert found.assertions[0].position == "2022-01-01T00:00:00.000000Z"


def test_the_date_of_the_sections_before_any_date_of_what_they_list():
    section = {"resourceType": "List", "mode": "snapshot", "date": "2021-06-02T08:00:00Z"}
    later = {"resourceType": "Condition", "id": "c", "recordedDate": "2022-01-01", "subject": {"reference": "Patient/p1"}}
    assert position(FLAG, section, later) == "2021-06-02T08:00:00.000000Z"


def test_recording_dates_before_dates_that_may_lie_in_the_future():
    due = {"resourceType": "Appointment", "id": "a", "created": "2022-02-14", "start": "2031-01-01T00:00:00Z"}
    assert position(FLAG, due) == "2022-02-14T00:00:00.000000Z"
    assert position(FLAG | {"period": {"start": "2020-05-05"}}) == "2020-05-05T00:00:00.000000Z"
    assert position(FLAG) == NEVER


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

"""Whatever a file holds: the reader never raises, every item has one outcome, and nothing it says of a fault is patient content."""

from __future__ import annotations

import copy
import gzip
import json
import random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainstem.kinds import BY_NAME
from mainstem.operations import Result
from producers.contract import SOURCE_HEADER, RawMessage
from producers.fhir import FhirFormat, content, xml
from producers.fhir.mapping import MAPPERS
from producers.fhir.reasons import Reason
from producers.items import Read
from tests.producers.fhir.conftest import bundle, read, read_bytes
from tests.producers.fhir.resources import ALLERGY_R4, GROUP, LISTED, MEDICATION, PLAN, REPORT, SODIUM, SPECIMEN, issue

CANARY = "Zanzibar-Canary"
WEIRD: list[Any] = [
    None,
    True,
    0,
    1.5,
    "",
    "x" * 300,
    "é",
    "\ud800",
    "2020-13-45",
    "Patient/",
    "#",
    [],
    {},
    [None],
    [[]],
    [{}],
    [1, "a"],
    {"reference": 5},
    {"coding": 5},
    {"coding": [{"code": []}]},
    {"resourceType": "Bundle", "entry": [{}]},
]
SAMPLES = [ALLERGY_R4, PLAN, LISTED, MEDICATION, issue("i1", "2020-01-01"), REPORT, GROUP, SODIUM, SPECIMEN]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "code",
                    "coding",
                    "system",
                    "value",
                    "reference",
                    "subject",
                    "entry",
                    "resource",
                    "resourceType",
                    "extension",
                    "url",
                    "status",
                    "meta",
                    "identifier",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def sound(found: list[Read]) -> None:
    assert found
    assert len({each.item for each in found}) == len(found)
    for each in found:
        assert bool(each.assertions) == (each.result == Result.ASSERTIONS)
        assert bool(each.detail) == (each.result == Result.QUARANTINED)
        assert (each.reason in set(Reason)) == (each.result != Result.ASSERTIONS)
        for assertion in each.assertions:
            msgspec.json.decode(assertion.content, type=BY_NAME[assertion.kind].Content)


def places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        found += [(value, key), *places(inner)]
    return found


def damage(resource: Any, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 4)):
        where = places(resource)
        if not where:
            return
        holder, key = chance.choice(where)
        how = chance.random()
        if how < 0.1 and isinstance(holder, dict):
            del holder[key]
        elif how < 0.2:
            holder[key] = [holder[key], holder[key]]
        elif how < 0.3:
            holder[key] = {"x": holder[key]}
        else:
            holder[key] = copy.deepcopy(chance.choice(WEIRD))


@given(st.integers(0, 2**32))
@settings(max_examples=300, deadline=None)
def test_damaged_bundles(seed: int):
    chance = random.Random(seed)
    bundle = {"resourceType": "Bundle", "entry": [{"resource": each} for each in copy.deepcopy(SAMPLES)]}
    damage(bundle, chance)
    sound(read_bytes(json.dumps(bundle).encode(), chance.choice([None, "RXA/fhir"])))


@pytest.mark.corpus
def test_damaged_corpus_resources(uk_core, gp_connect):
    entries = json.loads(gzip.decompress(gp_connect["june"][2].read_bytes()))["entry"]
    resources = [xml.read(path.read_bytes()) for path in uk_core]
    chance = random.Random(7)
    for _ in range(1500):
        resource = (
            copy.deepcopy(chance.choice(resources))
            if chance.random() < 0.6
            else {"resourceType": "Bundle", "entry": copy.deepcopy([entries[0], *chance.sample(entries, 10)])}
        )
        damage(resource, chance)
        sound(read_bytes(json.dumps(resource).encode(), None))


@given(json_values, st.sampled_from(["Patient", "AllergyIntolerance", "Bundle", "MedicationRequest", "Observation", "List", "Nonsense"]))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_json(value: Any, kind: str):
    sound(read_bytes(json.dumps(value).encode()))
    if isinstance(value, dict):
        sound(read_bytes(json.dumps(value | {"resourceType": kind}).encode()))


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes(data: bytes):
    for each in (data, b"{" + data, b"<" + data, b"\x1f\x8b" + data):
        sound(read_bytes(each))


@given(st.integers(0, 2000), st.integers(1, 255))
@settings(max_examples=200, deadline=None)
def test_a_flipped_byte(place: int, mask: int):
    for data in (
        json.dumps({"resourceType": "Bundle", "entry": [{"resource": each} for each in SAMPLES]}).encode(),
        gzip.compress(json.dumps(ALLERGY_R4).encode(), mtime=0),
    ):
        place %= len(data)
        sound(read_bytes(data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :]))


def test_one_bad_resource_spoils_no_other():
    found = read(ALLERGY_R4 | {"code": 7}, SODIUM, {"resourceType": "Practitioner", "id": "d", "name": 5})
    assert [str(each.result) for each in found] == ["ignored", "quarantined", "assertions", "ignored"]
    assert found[1].patient == "p1"


def test_ndjson_reads_each_line_by_itself():
    data = b"\n".join([json.dumps(ALLERGY_R4).encode(), b'{"resourceType": "Obs', b"", json.dumps(SODIUM).encode()])
    found = read_bytes(data)
    assert [(each.item, str(each.result)) for each in found] == [
        ("line/2", "quarantined"),
        ("AllergyIntolerance/a", "assertions"),
        ("Observation/na", "assertions"),
    ]
    assert found[0].detail.startswith("line 2: ")


@pytest.mark.parametrize(
    "data", [b"", b"   ", b"[]", b"7", b"null", b'{"a": NaN}', b"\xff\xfe\xff", b"[" * 100_000, gzip.compress(b"{}", mtime=0)[:12]]
)
def test_no_resource_at_all(data: bytes):
    assert [each.reason for each in read_bytes(data)] == ["unreadable"]


def test_a_bad_resource_spoils_none_that_names_it():
    """What it would have added is missing there; its own outcome says why."""
    for bad, named, lacks in (
        (REPORT | {"issued": "02/01/2024", "result": [{"reference": "Observation/na"}]}, SODIUM, "reported"),
        (SPECIMEN | {"type": 5}, SODIUM | {"specimen": {"reference": "Specimen/s"}}, "specimen"),
        ({"resourceType": "Condition", "id": "c", "subject": SODIUM["subject"], "code": "asthma"},
         issue("i1", "2020-01-01") | {"meta": {}, "medicationCodeableConcept": {"text": "Warfarin"},
                                      "reasonReference": [{"reference": "Condition/c"}]}, "reason"),
        ({"resourceType": "Medication", "id": "m", "code": 5},
         PLAN | {"medicationReference": {"reference": "Medication/m", "display": "Warfarin"}}, "form"),
        ({"resourceType": "Goal", "id": "g", "description": {"coding": 5}},
         {"resourceType": "CarePlan", "id": "cp", "subject": SODIUM["subject"], "goal": [{"reference": "Goal/g"}]}, "goals"),
        ({"resourceType": "Organization", "id": "o", "identifier": 5},
         {"resourceType": "Patient", "id": "p1", "generalPractitioner": [{"reference": "Organization/o"}]}, "gp_practice"),
    ):
        found = {each.type: each for each in read(bad, named)}
        assert found[bad["resourceType"]].result in (Result.QUARANTINED, Result.IGNORED)
        assert found[named["resourceType"]].assertions, bad["resourceType"]
        assert lacks not in json.loads(found[named["resourceType"]].assertions[0].content)


def test_a_patient_with_bad_identifiers_spoils_no_reference_by_identifier():
    bad, good = {"resourceType": "Patient", "id": "q", "identifier": ["x"]}, {"resourceType": "Patient", "id": "p1"}
    identifier = {"system": "urn:mrn", "value": "1"}
    found = read(bad, good | {"identifier": [identifier]}, SODIUM | {"subject": {"identifier": identifier}})
    assert [(str(each.reason), each.patient) for each in found[1:]] == [("bad-element", "q"), ("", "p1"), ("", "p1")]


def test_extensions_in_extensions_are_read_however_deep():
    def deep(innermost: dict[str, Any]) -> dict[str, Any]:
        for _ in range(300):
            innermost = {"url": "x", "extension": [innermost]}
        return {"resourceType": "Flag", "id": "f", "subject": SODIUM["subject"], "code": {"text": "x"}, "extension": [innermost]}
    assert [str(each.reason) for each in read(ALLERGY_R4, deep({"url": "x"}))] == ["container", "", ""]
    assert [str(each.reason) for each in read(ALLERGY_R4, deep({"modifierExtension": [{}]}))] == ["container", "", "modified"]


def test_a_fault_of_ours_is_one_resources(monkeypatch):
    monkeypatch.setitem(MAPPERS, "Observation", lambda resource, context: 1 / 0)
    found = read(ALLERGY_R4, SODIUM)
    assert [str(each.reason) for each in found] == ["container", "", "reader-fault"]
    assert (found[2].patient, found[2].source) == ("p1", "RXA/fhir")


def test_of_two_that_share_id_and_version_the_one_not_taken_in_does_not_vanish():
    egg, nuts = (ALLERGY_R4 | {"code": {"text": agent}} for agent in ("Egg", "Nuts"))
    one, other = read(egg, nuts), read(nuts, egg)
    for found in (one, other):
        assert sorted(str(each.reason) for each in found[1:]) == ["", "duplicate-id"]
    kept = [each.assertions[0].content for found in (one, other) for each in found if each.assertions]
    assert kept[0] == kept[1], "whatever their order"
    withdrawn = ALLERGY_R4 | {"verificationStatus": "entered-in-error"}
    assert [str(each.reason) for each in read(withdrawn, ALLERGY_R4)[1:]] == ["duplicate-id", ""], "shown, not hidden"


def test_versions_and_copies_of_a_resource_are_no_duplicates():
    later = ALLERGY_R4 | {"code": {"text": "Egg"}, "meta": {"versionId": "2"}}
    assert [len(each.assertions) for each in read(ALLERGY_R4, later, ALLERGY_R4)[1:]] == [1, 1, 1]


def test_deep_nesting():
    resource: Any = SODIUM
    for _ in range(150):
        resource = {"resourceType": "Bundle", "entry": [{"resource": resource}]}
    found = read(resource)
    assert len(found) == 151
    assert found[-1].assertions


@pytest.mark.parametrize("depth", [0, 1, 60])
def test_the_parts_of_a_parameter_hold_resources_too(depth):
    parameter: Any = {"name": "x", "resource": SODIUM}
    for _ in range(depth):
        parameter = {"name": "x", "part": [parameter, {"name": "y", "valueString": "z"}]}
    found = read({"resourceType": "Parameters", "parameter": [parameter, {"name": "x", "resource": ALLERGY_R4}]})
    assert [each.item for each in found] == ["Parameters", "Observation/na", "AllergyIntolerance/a"]
    assert all(each.assertions for each in found[1:])


def test_every_member_of_a_gzip_is_read():
    lines = [json.dumps(each).encode() + b"\n" for each in (ALLERGY_R4, SODIUM)]
    whole = b"".join(gzip.compress(line, mtime=0) for line in [*lines, b""])
    assert [each.item for each in read_bytes(whole)] == ["AllergyIntolerance/a", "Observation/na"]
    for damaged in (whole[:-30], whole + b"x"):
        assert [(str(each.reason), "again" in each.detail) for each in read_bytes(damaged)] == [("unreadable", True)]


def test_members_of_a_gzip_are_one_file_of_one_limit(monkeypatch):
    monkeypatch.setattr(content, "LIMIT", 1 << 20)
    member = gzip.compress(b" " * (1 << 19), mtime=0)
    assert "larger than 1 MiB" in read_bytes(member * 3)[0].detail


def test_an_entry_that_is_no_resource_does_not_vanish():
    found = read_bytes(json.dumps({"resourceType": "Bundle", "entry": [{"resource": "Patient"}, 5, {"fullUrl": "x"}]}).encode())
    assert [str(each.reason) for each in found] == ["container", "unknown-type", "unknown-type"]


def test_a_deletion_does_not_vanish():
    """And being of no known type it keeps every kind out of a manifest."""
    entries = [{"request": {"method": "GET", "url": "Patient/1"}}, {"request": {"method": "DELETE", "url": "AllergyIntolerance/1"}}]
    found = read_bytes(json.dumps({"resourceType": "Bundle", "type": "history", "entry": entries}).encode())
    assert [str(each.reason) for each in found] == ["container", "deletion"]


@pytest.mark.parametrize("twice", [
    ("verificationStatus", {"coding": [{"code": "entered-in-error"}]}), ("criticality", "low"), ("meta", {"lastUpdated": "2030-01-01"}),
    ("id", "b"), ("patient", {"reference": "Patient/p2"}), ("modifierExtension", []), ("reaction", [])])
def test_of_an_element_that_stands_there_twice_neither_is_lost(twice):
    """A parser takes the last: an allergy that was first said to be entered in error."""
    name, other = twice
    whole = json.dumps(ALLERGY_R4 | {"modifierExtension": []})
    doubled = f'{{{json.dumps(name)}: {json.dumps(other)}, {whole[1:]}'
    assert [str(each.result) for each in read_bytes(whole.encode())] == ["assertions"]
    data = f'{{"resourceType": "Bundle", "entry": [{{"resource": {doubled}}}, {{"resource": {json.dumps(SODIUM)}}}]}}'
    assert [str(each.result) for each in read_bytes(data.encode())] == ["ignored", "quarantined", "assertions"]


@pytest.mark.parametrize(("method", "resource"), [
    ("DELETE", SODIUM), ("PATCH", {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [{"name": "type"}]}]}),
    ("PATCH", {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": "W10="}),
])
def test_what_is_deleted_or_how_to_change_it_is_no_statement(method, resource):
    """A resource that its entry deletes was taken in as said; a patch passed for a container or for context."""
    entry = {"request": {"method": method, "url": "Observation/na"}, "resource": resource}
    found = read_bytes(json.dumps(bundle(type="history") | {"entry": [entry, {"resource": ALLERGY_R4}]}).encode())
    assert [str(each.reason) for each in found] == ["container", "deletion" if method == "DELETE" else "patch", ""]


def test_the_same_resource_twice_has_two_outcomes():
    assert [each.item for each in read(SODIUM, SODIUM)][1:] == ["Observation/na", "Observation/na#2"]


def test_no_patient_content_in_what_is_said_of_faults():
    """A canary in every value of every resource, each damaged in every place: no reason, detail or quarantine repeats it."""
    for sample in SAMPLES:
        for holder, key in places(copy.deepcopy(sample)):
            if key in ("resourceType", "id", "reference"):
                continue
            for value in (CANARY, [[CANARY]], {CANARY: CANARY}, {"text": [CANARY]}):
                resource = copy.deepcopy(sample)
                target = next((h for h, k in places(resource) if k == key and h == holder), None)
                assert target is not None
                target[key] = value
                message = RawMessage("raw.rxa-fhir.v1", 0, 3, 0, None, json.dumps(resource).encode(), {SOURCE_HEADER: b"RXA/fhir"})
                for each in FhirFormat().read(message):
                    assert CANARY not in repr(each.outcome) + repr(each.quarantined)


def test_unreadable_files_are_not_quoted():
    for data in (f'{{"name": "{CANARY}'.encode(), f"<Patient {CANARY}".encode(), f"<{CANARY}/>".encode(), CANARY.encode()):
        assert CANARY not in repr(read_bytes(data))

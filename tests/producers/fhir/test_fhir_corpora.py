"""Every resource of both corpora has one outcome, none crashes, and what they are known to say is in the contents."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from lxml import etree

from mainstem.kinds import BY_NAME
from mainstem.model import Assertion
from mainstem.operations import Result
from producers.fhir import xml
from producers.items import Read
from tests.producers.fhir.conftest import dated, read_bytes

pytestmark = pytest.mark.corpus


def outcomes(data: bytes) -> list[Read]:
    """The examples of UK Core do not say which version they are: as their sender would send them, or an operator say of them."""
    return read_bytes(json.dumps(dated(xml.read(data))).encode() if data.lstrip().startswith(b"<") else data, None)


def assertions(path: Path) -> list[Assertion]:
    return [assertion for item in outcomes(path.read_bytes()) for assertion in item.assertions]


def contents(path: Path, kind: str) -> list[dict[str, Any]]:
    return [json.loads(each.content) for each in assertions(path) if each.kind == kind]


def test_every_uk_core_resource_has_one_outcome(uk_core):
    every: Counter[tuple[str, str]] = Counter()
    undated: Counter[str] = Counter()
    for path in uk_core:
        root = etree.parse(path).getroot()
        inside = root.findall("{http://hl7.org/fhir}entry/{http://hl7.org/fhir}resource/*")
        found, as_it_is = outcomes(path.read_bytes()), read_bytes(path.read_bytes(), None)
        assert len(found) == len(as_it_is) == 1 + len(inside), path.name
        every.update((str(each.result), str(each.reason)) for each in found)
        undated.update(str(each.reason) for each in as_it_is if each.reason == "no-version")
    assert undated == {"no-version": 72}
    assert every == {
        ("assertions", ""): 73,
        ("ignored", "container"): 2,
        ("ignored", "context"): 26,
        ("ignored", "no-kind"): 10,
        ("quarantined", "no-patient"): 3,
        ("quarantined", "no-product"): 2,
    }


def test_every_gp_connect_resource_has_one_outcome(gp_connect):
    for path in (*gp_connect["january"], *gp_connect["june"]):
        entries = json.loads(gzip.decompress(path.read_bytes()))["entry"]
        found = read_bytes(path.read_bytes(), None)
        assert len(found) == len({each.item for each in found}) == 1 + len(entries)
        assert {(str(each.result), str(each.reason)) for each in found} <= {
            ("assertions", ""),
            ("ignored", "context"),
            ("ignored", "earlier-issue"),
            ("ignored", "not-issued"),
        }
        assert {each.source for each in found if each.source} == {"A82038/gpconnect"}


def test_contents_are_of_their_kinds(uk_core, gp_connect):
    for path in (*uk_core, *gp_connect["june"]):
        for each in assertions(path):
            msgspec.json.decode(each.content, type=BY_NAME[each.kind].Content)


def test_daniels_allergies(gp_connect):
    found = contents(gp_connect["june"][0], "allergy")
    agents = {code["display"] for each in found for code in each["agent"]["codes"] if code.get("user_selected")}
    assert len(found) == 5
    assert {"Adverse reaction to Cetirizine Hydrochloride", "Adverse reaction to Prednisolone"} <= agents
    assert {each["clinical_status"] for each in found} == {"active"}


def test_daniels_medicines_are_one_record_each(gp_connect):
    """95 MedicationStatements with as many plans and 146 issues: 95 records."""
    medicines = [each for each in assertions(gp_connect["june"][0]) if each.kind == "medicine"]
    parts = Counter(each.part for each in medicines)
    assert len({each.record for each in medicines}) == parts["list"] == parts["plan"] == 95
    assert 0 < parts["supply"] <= 95
    assert len({(each.record, each.part) for each in medicines}) == len(medicines)


def test_ids_of_medications_are_in_no_content(gp_connect):
    for path in gp_connect["january"]:
        entries = json.loads(gzip.decompress(path.read_bytes()))["entry"]
        ids = [entry["resource"]["id"].encode() for entry in entries if entry["resource"]["resourceType"] == "Medication"]
        for each in assertions(path):
            assert not any(identity in each.content or identity.decode() in each.record for identity in ids)


def test_the_manifest_lists_what_the_export_held(gp_connect):
    found = assertions(gp_connect["june"][0])
    manifest = json.loads(next(each.content for each in found if each.kind == "manifest"))
    assert manifest["kinds"] == ["allergy", "encounter", "medicine", "observation", "problem"]
    assert set(manifest["records"]) == {each.record for each in found if each.kind in manifest["kinds"]}


def test_a_withheld_section_is_in_no_manifest(gp_connect):
    """Nel's June export withholds confidential items from problems and uncategorised data: their absence means nothing."""
    manifest = contents(gp_connect["june"][4], "manifest")[0]
    assert manifest["kinds"] == ["allergy", "medicine"]


def test_june_is_after_january(gp_connect):
    for january, june in zip(gp_connect["january"], gp_connect["june"], strict=True):
        before = {(each.record, each.part): each for each in assertions(january)}
        after = {(each.record, each.part): each for each in assertions(june)}
        both = before.keys() & after.keys()
        assert len(both) > 0.9 * len(before)
        assert all(before[each].position < after[each].position for each in both)


def test_records_and_patients_keep_their_ids(gp_connect):
    gone = new = 0
    for january, june in zip(gp_connect["january"], gp_connect["june"], strict=True):
        before = {(each.patient, each.record, each.part) for each in assertions(january)}
        after = {(each.patient, each.record, each.part) for each in assertions(june)}
        gone, new = gone + len(before - after), new + len(after - before)
    assert (gone, new) == (3, 8)


def test_uk_core_allergies(uk_core):
    every = [each for path in uk_core for each in assertions(path) if each.kind == "allergy"]
    found = {each.record.split("UKCore-AllergyIntolerance-")[1]: each for each in every}
    assert found["EnteredInError-Example"].status == "retracted"
    degraded = json.loads(found["Sn-NonDrugAllergy-Example"].content)["agent"]
    assert (degraded["codes"][0]["code"], degraded["text"]) == ("196471000000108", "Latex")
    assert {each.patient for each in found.values()} == {"UKCore-Patient-RichardSmith-Example"}


def test_a_large_bundle_is_read_fast(gp_connect):
    data = gp_connect["june"][0].read_bytes()
    began = time.process_time()
    read_bytes(data)
    assert time.process_time() - began < 0.5, "measured 0.04 s of processor time on one core"


def test_truncation_anywhere_is_one_unreadable_item(uk_core, gp_connect):
    for path in (uk_core[0], uk_core[-1], gp_connect["june"][1]):
        data = path.read_bytes()
        plain = gzip.decompress(data) if path.suffix == ".gz" else data.rstrip()
        for whole in {data.rstrip() if path.suffix != ".gz" else data, plain}:
            for end in range(0, len(whole) - 1, max(1, len(whole) // 60)):
                found = read_bytes(whole[:end])
                assert [(each.result, each.reason) for each in found] == [(Result.QUARANTINED, "unreadable")]
                assert "again" in found[0].detail

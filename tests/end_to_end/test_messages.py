"""HL7 v2 messages of a source nobody declared move a person, and the proof agrees."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.end_to_end.conftest import World
from tests.eventually import eventually

pytestmark = pytest.mark.stack
NUMBER, SOURCE = "9991231218", "RXZ/pas"
SURVIVOR, MERGED = "e2e-hl7-1", "e2e-hl7-2"
ALLERGY = {
    "resourceType": "AllergyIntolerance", "id": "e2e-hl7-allergy", "patient": {"reference": f"Patient/{MERGED}"},
    "meta": {"lastUpdated": "2026-01-05T10:00:00Z"},
    "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]},
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "372687004", "display": "Amoxicillin"}]},
}

PATIENT = {
    "resourceType": "Patient", "id": SURVIVOR, "birthDate": "1960-01-02", "gender": "female",
    "meta": {"lastUpdated": "2026-01-03T10:00:00Z"},
    "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": NUMBER, "extension": [{
        "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
        "valueCodeableConcept": {"coding": [{
            "system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland", "code": "01"}]}}]}],
    "name": [{"family": "Merged", "given": ["May"]}],
}


def adt(event: str, at: str, *segments: str) -> str:
    return "\r".join((f"MSH|^~\\&|PAS|RXZ|||{at}||ADT^{event}|{at}|P|2.4", f"EVN|{event}|{at}", *segments)) + "\r"


ADMITTED = adt("A28", "20260104080000", f"PID|||{SURVIVOR}^^^RXZ^MR~{NUMBER}^NSTS01^^NHS^NH||MERGED^MAY||19600102|F")
MERGE = adt("A40", "20260106080000", f"PID|||{SURVIVOR}^^^RXZ^MR", f"MRG|{MERGED}^^^RXZ^MR")


def ingested(world: World, kind: str, path: Path, data: bytes, *said: str) -> None:
    path.write_bytes(data)
    done = world.mainstem("ingest", kind, str(path), "--source", SOURCE, "--output", "json", *said)
    assert done.returncode == 0, done.stderr


def allergies(world: World) -> list[dict] | None:
    """Of the record under the number; None while there is none."""
    found = world.mainstem("record", NUMBER, "--output", "json")
    if found.returncode != 0:
        return None
    return [entry for entry in orjson.loads(found.stdout)["entries"] if entry["kind"] == "allergy"]


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("patient", "number", "status"), [("e2e-hl7-3", "9991231226", "NSTS01"), ("e2e-hl7-4", "9991231234", "")],
                         ids=["verified", "not traced"])
def test_a_number_that_only_hl7_gave_leads_to_the_record(world: World, tmp_path: Path, patient: str, number: str, status: str) -> None:
    allergy = ALLERGY | {"id": f"{patient}-allergy", "patient": {"reference": f"Patient/{patient}"}}
    ingested(world, "fhir", tmp_path / "allergy.json", orjson.dumps(allergy))
    admitted = adt("A28", "20260104080000", f"PID|||{patient}^^^RXZ^MR~{number}^{status}^^NHS^NH||NUMBERED^NELL||19610203|F")
    ingested(world, "hl7", tmp_path / "admitted.hl7", admitted.encode())
    shown = eventually(lambda: world.mainstem("record", number, "--output", "json").stdout, "the record under the number", 60)
    assert [entry["kind"] for entry in orjson.loads(shown)["entries"]] == ["allergy"]


@pytest.mark.timeout(300)
def test_test_data_is_of_nobody_until_it_is_said_that_the_feed_is_of_training(world: World, tmp_path: Path) -> None:
    """The same bytes in two raw messages, each read by what its own header says, by capture and whoever reads it again."""
    patient, number = "e2e-hl7-5", "9991231242"
    allergy = ALLERGY | {"id": f"{patient}-allergy", "patient": {"reference": f"Patient/{patient}"},
                         "meta": ALLERGY["meta"] | {"tag": [{"code": "HTEST"}]}}
    admitted = adt("A28", "20260104080000", f"PID|||{patient}^^^RXZ^MR~{number}^NSTS01^^NHS^NH||TRAINED^TOM||19610203|M")
    for said in ((), ("--processing", "training")):
        ingested(world, "fhir", tmp_path / "allergy.json", orjson.dumps(allergy), *said)
        ingested(world, "hl7", tmp_path / "admitted.hl7", admitted.replace("|P|", "|T|").encode(), *said)
        report = world.verify("--wait", "60", "--deep")
        assert report["passed"], report["checks"]
        shown = world.mainstem("record", number, "--output", "json")
        assert (shown.returncode == 0) is bool(said), shown.stderr
    assert [entry["kind"] for entry in orjson.loads(shown.stdout)["entries"]] == ["allergy"]


@pytest.mark.timeout(240)
def test_an_a40_moves_what_the_merged_number_held(world: World, tmp_path: Path) -> None:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": PATIENT}, {"resource": ALLERGY}]}
    ingested(world, "fhir", tmp_path / "bundle.json", orjson.dumps(bundle))
    ingested(world, "hl7", tmp_path / "admitted.hl7", f"BHS|^~\\&|PAS\r{ADMITTED}BTS|1\r".encode())
    before = eventually(lambda: None if (found := allergies(world)) is None else (found,), "the survivor's record", 60)
    assert before == ([],), "the other number is a person of its own"
    ingested(world, "hl7", tmp_path / "merge.hl7", MERGE.encode())
    found = eventually(lambda: allergies(world), "the allergy of the merged number in the survivor's record", 60)
    assert [entry["content"]["agent"]["codes"][0]["code"] for entry in found] == ["372687004"]
    report = world.verify("--wait", "60")
    assert report["passed"], report["checks"]

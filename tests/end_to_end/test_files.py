"""A FHIR file of a source nobody declared reaches the record of the person it names."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.end_to_end.conftest import World
from tests.eventually import eventually

pytestmark = pytest.mark.stack
NUMBER = "9998765439"
BUNDLE = {
    "resourceType": "Bundle", "type": "collection", "timestamp": "2026-01-05T10:00:00Z",
    "entry": [
        {"resource": {
            "resourceType": "Patient", "id": "e2e-patient-0000000001", "birthDate": "1950-02-03",
            "identifier": [{
                "system": "https://fhir.nhs.uk/Id/nhs-number", "value": NUMBER,
                "extension": [{
                    "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
                    "valueCodeableConcept": {"coding": [{
                        "system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland", "code": "01"}]}}]}],
            "name": [{"family": "Filed", "given": ["Fern"]}]}},
        {"resource": {
            "resourceType": "AllergyIntolerance", "id": "e2e-allergy", "patient": {"reference": "Patient/e2e-patient-0000000001"},
            "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                                           "code": "active"}]},
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "372687004", "display": "Amoxicillin"}]}}},
    ],
}


@pytest.mark.timeout(240)
def test_a_file_is_ingested_into_a_record(world: World, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_bytes(orjson.dumps(BUNDLE))
    done = world.mainstem("ingest", "fhir", str(path), "--source", "RXZ/letters", "--output", "json")
    assert done.returncode == 0, done.stderr

    def allergy() -> dict | None:
        found = world.mainstem("record", NUMBER, "--output", "json")
        if found.returncode != 0:
            return None
        entries = orjson.loads(found.stdout)["entries"]
        return next((entry for entry in entries if entry["kind"] == "allergy"), None)

    entry = eventually(allergy, "the allergy of the file in the record", 120)
    assert entry["sources"] == ["RXZ/letters"]
    assert entry["content"]["agent"]["codes"][0]["code"] == "372687004"

"""A check for opt-outs on a running Mainstem: before the person is known and after, through a merge, and lifted by a later one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.end_to_end.conftest import World
from tests.end_to_end.test_messages import adt
from tests.eventually import eventually

pytestmark = pytest.mark.stack
OUT, IN = "9991231277", "9991231285"
TOLD = "9991231315"
"""Of whom messages alone tell."""
SOURCE = "RXY/pas"
CODES = {OUT: "9990277000001", IN: "9990285000001"}
"""What each of the two is allergic to, and nobody else."""


def bundle(patient: str, number: str, code: str, **more: Any) -> dict[str, Any]:
    """A patient and what they are allergic to. `more`: of the patient."""
    status = {"url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
              "valueCodeableConcept": {"coding": [{
                  "system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland", "code": "01"}]}}
    held = [{"resourceType": "Patient", "id": patient, "meta": {"lastUpdated": "2026-01-03T10:00:00Z"}, "birthDate": "1960-01-02",
             "name": [{"family": "Chosen", "given": [patient]}],
             "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": number, "extension": [status]}], **more},
            {"resourceType": "AllergyIntolerance", "id": f"{patient}-allergy", "patient": {"reference": f"Patient/{patient}"},
             "meta": {"lastUpdated": "2026-01-03T10:00:00Z"},
             "code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]}}]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in held]}


def checked(world: World, folder: Path, at: str, asked: list[str], returned: list[str]) -> dict[str, int]:
    """A check ingested; what was said of how many."""
    for name, numbers in (("asked", asked), ("returned", returned)):
        (folder / f"{name}.dat").write_text("".join(f"{number},\n" for number in numbers))
    done = world.mainstem("ingest", "optout", str(folder / "asked.dat"), str(folder / "returned.dat"), "--checked", at, "--output", "json")
    assert done.returncode == 0, done.stderr
    return {each["type"]: each["count"] for each in orjson.loads(done.stdout)["outcomes"]}


def known_to_analytics(world: World) -> set[str]:
    """Whose allergy is there."""
    done = world.mainstem("query", f"SELECT agent_code FROM allergies WHERE agent_code IN {tuple(CODES.values())}", "--output", "csv")
    return {number for number, code in CODES.items() if code in done.stdout}


def labels(world: World, number: str) -> list[list[str]] | None:
    """Of every entry of the record, for those who care for them; None while there is none."""
    found = world.mainstem("record", number, "--output", "json")
    return [entry["labels"] for entry in orjson.loads(found.stdout)["entries"]] if found.returncode == 0 else None


@pytest.mark.timeout(900)
def test_who_opted_out_is_kept_from_secondary_use_alone_until_a_later_check_lifts_it(world: World, tmp_path: Path) -> None:
    assert checked(world, tmp_path, "2026-02-01T00:00:00Z", [OUT, IN], [IN]) == {"opted out": 1, "not opted out": 1}
    world.verify("--wait", "60")  # every stage has read it
    assert labels(world, OUT) is None, "a check makes nobody known"
    assert world.mainstem("search", OUT, "--people", "--output", "json").stdout.count("person") == 0

    for number, patient in ((OUT, "e2e-opt-1"), (IN, "e2e-opt-2")):
        (tmp_path / f"{patient}.json").write_bytes(orjson.dumps(bundle(patient, number, CODES[number])))
        assert world.mainstem("ingest", "fhir", str(tmp_path / f"{patient}.json"), "--source", SOURCE).returncode == 0
    eventually(lambda: known_to_analytics(world) == {IN}, "the one who did not opt out in the analytics store", 60)
    eventually(lambda: labels(world, OUT) == [["opt-out"], ["opt-out"]], "the record of who did, for their care", 60)
    assert world.mainstem("search", OUT, "--people", "--output", "json").stdout.count("e2e-opt-1")
    (person,) = orjson.loads(world.mainstem("identity", "show", OUT, "--output", "json").stdout)
    assert [(each["by"], each["status"], each["position"][:10]) for each in person["opt_outs"]] == [
        (f"X26/opt-out|{OUT}", "asserted", "2026-02-01")]

    one, other = f"{SOURCE}|e2e-opt-1", f"{SOURCE}|e2e-opt-2"
    assert world.mainstem("identity", "link", one, other, "--why", "test", "--who", "tester").returncode == 0
    eventually(lambda: known_to_analytics(world) == set(), "both gone: one person, who opted out", 60)
    assert world.mainstem("identity", "undo", one, other, "--why", "test", "--who", "tester").returncode == 0
    eventually(lambda: known_to_analytics(world) == {IN}, "the other back", 60)

    message = adt("A28", "20260104080000", f"PID|||e2e-opt-3^^^RXZ^MR~{TOLD}^NSTS01^^NHS^NH||CHOSEN^TIM||19600102")
    (tmp_path / "e2e-opt-3.hl7").write_bytes(message.encode())
    assert world.mainstem("ingest", "hl7", str(tmp_path / "e2e-opt-3.hl7"), "--source", "RXZ/pas").returncode == 0
    checked(world, tmp_path, "2026-02-01T00:00:00Z", [TOLD], [])
    messages = "RXZ/pas|e2e-opt-3"
    eventually(lambda: world.mainstem("identity", "link", other, messages, "--why", "test", "--who", "tester").returncode == 0, "tied", 60)
    eventually(lambda: known_to_analytics(world) == set(), "gone: one person with one of whom only a message told, who opted out", 60)
    eventually(lambda: labels(world, IN) == [["opt-out"], ["opt-out"]], "and labelled for who cares for them", 60)
    report = world.verify("--wait", "60")
    assert report["passed"], report["checks"]
    assert world.mainstem("identity", "undo", other, messages, "--why", "test", "--who", "tester").returncode == 0
    eventually(lambda: known_to_analytics(world) == {IN}, "back without it", 60)

    checked(world, tmp_path, "2026-01-31T00:00:00Z", [OUT, IN], [OUT])
    report = world.verify("--wait", "60")
    assert report["passed"], report["checks"]
    assert known_to_analytics(world) == {IN}, "an older check changes nothing"
    checked(world, tmp_path, "2026-02-08T00:00:00Z", [OUT, IN], [OUT, IN])
    eventually(lambda: known_to_analytics(world) == {OUT, IN}, "lifted", 60)
    eventually(lambda: labels(world, OUT) == [[], []], "and no label left", 60)
    report = world.verify("--wait", "60", "--deep")
    assert report["passed"], report["checks"]

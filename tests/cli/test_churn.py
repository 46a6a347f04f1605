"""`mainstem churn` on small exports: what is counted, what is published, and that neither order nor names of files matter."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mainstem.cli.churn import app
from mainstem.terminology import Shelf, builtin

ALLERGY = {
    "resourceType": "AllergyIntolerance", "id": "a-1", "patient": {"reference": "Patient/patient-one"},
    "identifier": [{"system": "https://EMISWeb/A82038", "value": "one"}],
    "clinicalStatus": {"coding": [{"code": "active"}]}, "note": [{"text": "Minor - seen once"}],
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "91936005", "display": "Penicillin allergy"}]},
}
STATEMENT = {
    "resourceType": "MedicationStatement", "id": "m-1", "status": "active", "subject": {"reference": "Patient/patient-one"},
    "medicationReference": {"reference": "Medication/x-1"}, "dosage": [{"text": "one daily"}],
}
MEDICATION = {"resourceType": "Medication", "id": "x-1", "code": {"coding": [{"system": "http://snomed.info/sct", "code": "1"}]}}


def bundle(day: str, *resources: dict) -> dict:
    patient = {"resourceType": "Patient", "id": "patient-one"}
    return {"resourceType": "Bundle", "type": "collection", "timestamp": f"{day}T10:00:00Z",
            "entry": [{"resource": each} for each in (patient, *resources)]}


def write(folder: Path, *bundles: dict) -> Path:
    folder.mkdir()
    for number, each in enumerate(bundles):
        (folder / f"{number}.json").write_text(json.dumps(each))
    return folder


def churn(before: Path, after: Path, *options: str, exit_code: int = 0):
    found = CliRunner().invoke(app, [str(before), str(after), "--source", "RXA/fhir", *options])
    assert found.exit_code == exit_code, found.output
    return found


def report(before: Path, after: Path, *options: str) -> dict:
    return json.loads(churn(before, after, "--output", "json", *options).stdout)


@pytest.fixture
def before(tmp_path: Path) -> Path:
    return write(tmp_path / "before", bundle("2024-01-01", ALLERGY, STATEMENT, MEDICATION))


def changed(resource: dict, **fields) -> dict:
    return {**copy.deepcopy(resource), **fields}


def test_test_data_are_compared_only_where_it_is_said_that_they_are(before, tmp_path):
    marked = changed(ALLERGY, note=[{"text": "Major"}], meta={"tag": [{"code": "HTEST"}]})
    after = write(tmp_path / "after", bundle("2024-02-01", marked, STATEMENT, MEDICATION))
    ignored = churn(before, after, "--output", "json")
    assert json.loads(ignored.stdout)["published"] == 0 and "--processing training" in ignored.stderr
    assert report(before, after, "--processing", "training")["published"] == 1


def test_other_bytes_for_the_same_publish_nothing(before, tmp_path):
    allergy = changed(ALLERGY, note=[{"text": "Minor\nseen once"}], identifier=[{"system": "https://EMISWeb/A82038", "value": "two"}])
    allergy["code"]["coding"][0]["display"] = "Allergy to penicillin"
    after = write(tmp_path / "after", bundle("2024-06-01", changed(MEDICATION, id="x-2"),
                  changed(STATEMENT, medicationReference={"reference": "Medication/x-2"}), allergy))
    found = report(before, after)
    assert {name: found[name] for name in ("in_common", "byte_different", "published", "new", "vanished")} == {
        "in_common": 3, "byte_different": 2, "published": 0, "new": 1, "vanished": 1}
    assert found["changes"] == []
    assert found["new_resources"] == [{"patient": "patient-one", "type": "Medication", "id": "x-2"}]
    assert "Nothing that both sides hold would be published." in churn(before, after).stdout


def test_a_change_names_its_fields_and_both_values(before, tmp_path):
    allergy = changed(ALLERGY, note=[{"text": "Minor\nseen once"}], criticality="high")
    after = write(tmp_path / "after", bundle("2024-06-01", allergy, changed(STATEMENT, dosage=[{"text": "two daily"}]), MEDICATION))
    found = report(before, after)
    assert [(each["type"], each["id"], each["change"], each["fields"]) for each in found["changes"]] == [
        ("AllergyIntolerance", "a-1", "updated", [{"field": "criticality", "before": None, "after": "high"}]),
        ("MedicationStatement", "m-1", "updated", [{"field": "dose", "before": "one daily", "after": "two daily"}]),
    ]
    table = churn(before, after).stdout
    assert "AllergyIntolerance/a-1" in table
    assert "+ two daily" in table


def test_a_resource_entered_in_error_is_a_change(before, tmp_path):
    allergy = changed(ALLERGY, verificationStatus={"coding": [{"code": "entered-in-error"}]})
    after = write(tmp_path / "after", bundle("2024-06-01", allergy, STATEMENT, MEDICATION))
    [change] = report(before, after)["changes"]
    assert (change["id"], change["change"]) == ("a-1", "withdrawn")
    assert all(each["after"] is None for each in change["fields"])


AMOXICILLIN = {"coding": [{"system": "http://snomed.info/sct", "code": "292967008", "display": "Allergy to amoxicillin"}]}


def test_entries_are_those_of_the_terminology(before, tmp_path):
    """Allergy to amoxicillin is of the class of the penicillins: a change of the agent is one of the class too, and by a release that
    knows no class it is not."""
    after = write(tmp_path / "after", bundle("2024-06-01", changed(ALLERGY, code=AMOXICILLIN), STATEMENT, MEDICATION))
    shelf = Shelf(tmp_path / "home" / "terms")
    shelf.load("empty", None, None, with_builtin=False)
    [kept] = (tmp_path / "home" / "terms").glob("empty@*.terms")
    for options, release, fields in (((), builtin().release, ["agent", "classes"]),
                                     (("--terminology", str(kept)), kept.stem, ["agent"]),
                                     (("--terminology", "empty", "--home", str(tmp_path / "home")), kept.stem, ["agent"])):
        found = report(before, after, *options)
        assert (found["terminology"], [each["field"] for each in found["changes"][0]["fields"]]) == (release, fields)


@pytest.mark.parametrize("others", ["low", "high"])
def test_of_two_records_of_one_entry_the_one_that_changed_is_named(tmp_path, others):
    """Whether what it said was shown (the worst criticality is) or only what the other said."""
    substance = {"coding": [{"system": "http://snomed.info/sct", "code": "764146007", "display": "Penicillin"}]}
    one = changed(ALLERGY, criticality=others, recordedDate="2020-01-01")
    other = changed(ALLERGY, id="a-2", code=substance, criticality="high", recordedDate="2019-01-01")
    found = report(write(tmp_path / "before", bundle("2024-01-01", one, other)),
                   write(tmp_path / "after", bundle("2024-06-01", one, changed(other, criticality="low"))))
    assert [(each["id"], each["fields"]) for each in found["changes"]] == [
        ("a-2", [{"field": "criticality", "before": "high", "after": "low"}])]


def medicine(*issues: tuple[str, str, str]) -> list[dict]:
    """A GP Connect medicine and its issues: id, day and status of each."""
    of = {"meta": {"profile": ["https://fhir.nhs.uk/STU3/StructureDefinition/CareConnect-GPC-MedicationRequest-1"]},
          "resourceType": "MedicationRequest", "subject": {"reference": "Patient/patient-one"},
          "medicationReference": {"reference": "Medication/x-1"}}
    return [MEDICATION, {**of, "id": "plan", "intent": "plan", "status": "active"},
            *({**of, "id": name, "intent": "order", "status": status, "basedOn": [{"reference": "MedicationRequest/plan"}],
               "dispenseRequest": {"validityPeriod": {"start": day}}} for name, day, status in issues)]


FIRST, SECOND = ("i-1", "2024-01-01", "completed"), ("i-2", "2024-02-01", "completed")


def test_an_issue_that_another_overtakes_is_not_what_changed(tmp_path):
    after = write(tmp_path / "after", bundle("2024-06-01", *medicine(FIRST, SECOND)))
    found = report(write(tmp_path / "before", bundle("2024-01-01", *medicine(FIRST))), after)
    assert (found["published"], [each["id"] for each in found["new_resources"]]) == (0, ["i-2"])


@pytest.mark.parametrize(("issues", "left"), [([FIRST, SECOND], "2024-01-01"), ([SECOND], None)])
def test_the_latest_issue_that_is_cancelled_is_what_changed(tmp_path, issues, left):
    after = write(tmp_path / "after", bundle("2024-06-01", *medicine(*issues[:-1], (*SECOND[:2], "cancelled"))))
    found = report(write(tmp_path / "before", bundle("2024-01-01", *medicine(*issues))), after)
    assert [(each["id"], each["fields"]) for each in found["changes"]] == [
        ("i-2", [{"field": "last_issued", "before": "2024-02-01", "after": left}])]


def test_a_release_that_is_not_there_is_named(before):
    assert "uk-1999" in churn(before, before, "--terminology", "uk-1999", exit_code=2).stderr


def test_neither_order_nor_names_of_files_matter(tmp_path):
    allergies = [changed(ALLERGY, id=f"a-{number}") for number in range(3)]
    old = [bundle("2024-01-01", each) for each in allergies]
    new = [bundle("2024-06-01", changed(each, criticality="low")) for each in allergies]
    one = report(write(tmp_path / "1", *old), write(tmp_path / "2", *new))
    other = report(write(tmp_path / "3", *reversed(old)), write(tmp_path / "4", *new[1:], new[0], new[0]))
    assert one == other
    assert one["published"] == 3


def test_what_cannot_be_read_is_named_and_the_rest_compared(before, tmp_path):
    after = write(tmp_path / "after", bundle("2024-06-01", ALLERGY))
    (after / "broken.json").write_text("{")
    found = churn(before, after, "--output", "json", exit_code=1)
    assert "broken.json" in found.stderr
    assert json.loads(found.stdout)["in_common"] == 2


def test_a_contained_allergy_and_a_deep_extension_are_compared_like_others(tmp_path):
    def export(day: str, status: str) -> dict:
        ended = changed(ALLERGY, clinicalStatus={"coding": [{"code": status}]})
        for _ in range(300):
            ended["extension"] = [{"url": "x", "extension": ended.pop("extension", [])}]
        return bundle(day, ALLERGY, {"resourceType": "List", "id": "l", "contained": [ended]})
    before, after = export("2024-01-01", "inactive"), export("2024-06-01", "resolved")
    found = report(write(tmp_path / "before", before), write(tmp_path / "after", after))
    assert [(each["type"], each["id"], [field["field"] for field in each["fields"]]) for each in found["changes"]] == [
        ("List/l/AllergyIntolerance", "a-1", ["clinical_status"])]

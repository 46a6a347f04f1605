"""`mainstem ingest fhir`: the dry run's report, and messages for what is wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mainstem.cli.ingest import app
from producers.fhir.reasons import Reason
from producers.fhir.types import CONTEXT, NO_KIND
from tests.producers.fhir.resources import ALLERGY_R4, MEDICATION

DOCS = Path(__file__).resolve().parents[3] / "docs" / "fhir.md"


def ingest(*arguments: str):
    return CliRunner().invoke(app, ["fhir", *arguments])


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "bundle.json"
    bad = ALLERGY_R4 | {"id": "bad", "code": 5}
    path.write_text(json.dumps({"resourceType": "Bundle", "entry": [{"resource": each} for each in (ALLERGY_R4, bad, MEDICATION)]}))
    return str(path)


def test_a_dry_run_reports_every_outcome(file: str):
    done = ingest(file, "--source", "RXA/epr", "--dry-run", "--output", "json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert (found["files"], found["published"], found["sources"]) == (1, 0, {"RXA/epr": 1})
    assert [(each["type"], each["result"], each["reason"], each["count"]) for each in found["outcomes"]] == [
        ("AllergyIntolerance", "assertions", "", 1),
        ("AllergyIntolerance", "quarantined", "bad-element", 1),
        ("Bundle", "ignored", "container", 1),
        ("Medication", "ignored", "context", 1),
    ]
    assert found["quarantined"][0]["item"] == "AllergyIntolerance/bad"
    assert "correct it at the source" in found["quarantined"][0]["what to do"]


def test_the_table_says_what_to_do(file: str):
    shown = " ".join(ingest(file, "--source", "RXA/epr", "--dry-run").stdout.split())
    assert "element `code` is not a complex element; correct it at the source" in shown
    assert "nothing published: 1; sources: RXA/epr (1)" in shown


def test_who_gives_test_data_is_told_which_option_takes_it_in(tmp_path: Path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(ALLERGY_R4 | {"meta": ALLERGY_R4["meta"] | {"tag": [{"code": "HTEST"}]}}))
    ignored, taken = (ingest(str(path), "--source", "RXA/epr", "--dry-run", *said) for said in ((), ("--processing", "training")))
    assert "ignored as test data: 1 resources" in ignored.stderr and "--processing training" in ignored.stderr
    assert "not-production" in ignored.stdout and "assertions" in taken.stdout and "ignored" not in taken.stderr


def test_files_of_an_unnamed_system_are_pointed_out(tmp_path: Path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(ALLERGY_R4 | {"patient": {"reference": "Patient/7f1e0f3a-0000-4000-8000-000000000001"}}))
    assert "--source ODS/system" in ingest(str(path), "--dry-run").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("nowhere.json", "--dry-run"), "no such file or folder"), ((__file__, "--source", "x", "--dry-run"), "is not a source")],
)
def test_mistakes_get_a_message(arguments: tuple[str, ...], message: str):
    done = ingest(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr


def test_the_documentation_has_every_reason_and_every_type():
    text = DOCS.read_text()
    for reason in Reason:
        assert f"| `{reason}` | {reason.todo} |" in text
    from producers.fhir.mapping import MAPPERS

    named = set(re.findall(r"\b[A-Z][A-Za-z]+\b", text))
    assert named >= {*MAPPERS, *CONTEXT, *NO_KIND}

"""What files hold is text in a terminal: no command lets it obey what a source wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mainstem.cli import churn, fold, ingest

HOSTILE = "\x1b]0;owned\x07"
OTHER = f"{HOSTILE}other"


def bundle(path: Path, display: str) -> str:
    """An allergy and one that cannot be taken in, both with such an id."""
    allergy = {"resourceType": "AllergyIntolerance", "id": f"a{HOSTILE}", "patient": {"reference": "Patient/p"},
               "code": {"text": display}}
    resources = [{"resourceType": "Patient", "id": "p"}, allergy, allergy | {"id": f"b{HOSTILE}", "recordedDate": ["no", "day"]}]
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "timestamp": "2026-01-01T10:00:00Z",
                                "entry": [{"resource": each} for each in resources]}))
    return str(path)


@pytest.mark.parametrize(("app", "more"), [(fold.app, ()), (churn.app, ()), (ingest.app, ("--dry-run",))], ids=["fold", "churn", "ingest"])
def test_a_terminal_obeys_nothing_that_a_file_holds(app, more, tmp_path):
    before, after = bundle(tmp_path / "before.json", HOSTILE), bundle(tmp_path / "after.json", OTHER)
    paths = {churn.app: [before, after], fold.app: [after], ingest.app: ["fhir", after]}[app]
    done = CliRunner().invoke(app, [*paths, "--source", "RXA/fhir", *more])
    assert "owned" in done.output
    assert "\x1b]" not in done.output and "\x07" not in done.output

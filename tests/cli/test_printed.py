"""What files hold is text in a terminal: no command lets it obey what a source wrote."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mainstem.cli import churn, fold, ingest
from mainstem.cli.printed import table

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


ROW = {"source": "RXC/community", "what": "Amoxicillin 500 mg capsules", "file": f"/srv/mainstem/{'x' * 60}",
       **{f"column {n}": n for n in range(9)}}


@pytest.mark.parametrize("width", [30, 80, 110, 200])
def test_no_table_cuts_what_is_in_it(width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    table("of one row", [ROW])
    printed = capsys.readouterr().out
    assert all(len(line) <= width for line in printed.splitlines())
    assert not Counter("".join(map(str, (*ROW, *ROW.values()))).replace(" ", "")) - Counter(printed)


def test_into_a_pipe_a_row_is_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    table("", [ROW])
    assert any(all(str(value) in line for value in ROW.values()) for line in capsys.readouterr().out.splitlines())

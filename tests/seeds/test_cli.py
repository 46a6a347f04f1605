"""The command line: examples in the help, JSON that is only JSON, errors that say what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mainstem.cli.seeds import app

run = CliRunner().invoke


@pytest.mark.parametrize("command", ["make", "play", "describe", "score"])
def test_help_has_an_example(command: str) -> None:
    result = run(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"mainstem seeds {command}" in result.output


def test_dry_run_counts_without_a_server(tmp_path: Path) -> None:
    result = run(app, ["make", "--dry-run", "--persons", "30", "--output", "json", "--truth", str(tmp_path / "truth.jsonl")])
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["persons"] == 30
    assert found["rows"]["RXA/epr"]["epr.patient"] > 0
    assert not (tmp_path / "truth.jsonl").exists() and "truth.jsonl is not written" in result.stderr


def test_score_is_json_by_kind() -> None:
    found = json.loads(run(app, ["score", "--persons", "20", "--kind", "problem", "--output", "json"]).stdout)
    assert found["kinds"].keys() == {"problem"}
    assert found["kinds"]["problem"]["members"] > 20


def test_make_play_describe(postgres: str) -> None:
    made = run(app, ["make", "--persons", "60", "--dsn", postgres, "--replace", "--output", "json"])
    assert made.exit_code == 0, made.output
    played = run(app, ["play", "--dsn", postgres, "--rate", "0", "--changes", "100", "--output", "json"])
    assert json.loads(played.stdout)["changes"] >= 100
    described = run(app, ["describe", "--dsn", postgres, "--output", "json"])
    assert json.loads(described.stdout).keys() == {"RXA/epr", "A82038/gp", "RXC/community"}


def test_errors_say_what_to_do() -> None:
    unknown = run(app, ["make", "--dry-run", "--profile", "nope"])
    assert unknown.exit_code == 1
    assert "everyday, messy, unseen" in unknown.stderr
    nobody = run(app, ["describe", "--dsn", "postgresql://127.0.0.1:1/x"])
    assert nobody.exit_code == 1
    assert "mainstem stack up" in nobody.stderr


@pytest.mark.parametrize("command", ["make", "play"])
@pytest.mark.parametrize(("given", "said"), [
    (("--truth", "nowhere/truth.jsonl", "--dsn", "postgresql://127.0.0.1:1/x"), "nowhere/truth.jsonl: No such file or directory"),
    (("--truth", "/", "--dsn", "postgresql://127.0.0.1:1/x"), "--truth /: Is a directory"),
    (("--dsn", "nonsense"), "--dsn is none (missing"), (("--dsn", "postgresql://["), "--dsn is none (")])
def test_what_cannot_be_used_is_said_before_anything_is_made(command: str, given: tuple[str, ...], said: str) -> None:
    done = run(app, [command, *given])
    assert (done.exit_code, type(done.exception)) == (1, SystemExit)
    assert done.stderr.startswith("mainstem seeds: ") and said in done.stderr

"""`mainstem chaos`: what it says and how it exits. Nothing is started: the arena is none."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.chaos import arena, run
from deploy.chaos.home import MARKER, claim
from deploy.chaos.registers import NoRegisterError
from deploy.platform.alone import alone
from deploy.stack.errors import PortTakenError
from mainstem.cli.chaos import app
from tests.deploy.chaos.test_report import report


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def enter(patch: pytest.MonkeyPatch, fault: Exception | None = None) -> None:
    @contextmanager
    def instead(*_: object) -> Iterator[None]:
        if fault:
            raise fault
        yield

    patch.setattr(arena, "arena", instead)


def test_the_plan_is_json_where_that_is_asked_for() -> None:
    done = CliRunner().invoke(app, ["--seed", "7", "--faults", "3", "--plan", "--output", "json"])
    told = json.loads(done.stdout)
    shown = CliRunner().invoke(app, ["--seed", "7", "--faults", "3", "--plan"]).stdout.splitlines()
    assert told["seed"] == 7
    assert [(one["kind"], one["target"]) for one in told["faults"]] == [(line[:10].strip(), line[11:26].strip()) for line in shown]


@pytest.mark.parametrize(("output", "said"), [("table", "no fault that hit something and no acknowledged write"),
                                              ("json", '"missing"')])
def test_a_run_in_which_nothing_happened_says_so_and_exits_with_1(output: str, said: str, tmp_path: Path,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch)
    monkeypatch.setattr(run, "run", lambda *_, **__: report(met=(), acknowledged=0))
    done = CliRunner().invoke(app, ["--seed", "1", "--home", str(tmp_path), "--output", output])
    assert done.exit_code == 1
    assert said in " ".join(done.stdout.split()) and "nothing lost" not in done.stdout
    assert json.loads((tmp_path / "chaos.json").read_bytes())["passed"] is False


def test_one_at_a_time_runs_in_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, AssertionError("the arena was entered"))
    claim(tmp_path)
    with alone(tmp_path):
        done = CliRunner().invoke(app, ["--seed", "1", "--home", str(tmp_path)])
    assert done.exit_code == 1
    assert f"chaos: Mainstem runs in {tmp_path} already" in done.stderr


@pytest.mark.parametrize("fault", [PortTakenError("redis", 1, "MAINSTEM_REDIS_PORT"), NoRegisterError()])
def test_what_prevents_a_run_is_a_message(fault: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, fault)
    done = CliRunner().invoke(app, ["--seed", "1", "--home", str(tmp_path)])
    assert (done.exit_code, type(done.exception)) == (1, SystemExit)
    assert f"chaos: {fault}" in done.stderr


@pytest.mark.parametrize("made", ["stack/state.json", "file"])
def test_a_home_that_is_not_chaos_own_is_refused_before_anything_starts(made: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, AssertionError("started"))
    home = tmp_path / "home"
    inside = home if made == "file" else home / made
    inside.parent.mkdir(parents=True, exist_ok=True)
    inside.write_text("{}")
    done = CliRunner().invoke(app, ["--seed", "1", "--home", str(home)])
    assert (done.exit_code, type(done.exception)) == (2, SystemExit)
    assert f"{home} is neither new nor a former chaos run's" in done.stderr and "another --home" in done.stderr
    assert not (home / MARKER).exists() and inside.read_text() == "{}"


@pytest.mark.parametrize("empty", [True, False])
def test_a_new_home_is_taken_and_taken_again_however_the_run_ended(empty: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path if empty else tmp_path / "new" / "home"
    enter(monkeypatch, PortTakenError("redis", 1, "MAINSTEM_REDIS_PORT"))
    assert CliRunner().invoke(app, ["--seed", "1", "--home", str(home)]).exit_code == 1
    (home / "stack").mkdir()
    enter(monkeypatch)
    monkeypatch.setattr(run, "run", lambda *_, **__: report())
    assert CliRunner().invoke(app, ["--seed", "1", "--home", str(home)]).exit_code == 0

"""Where /metrics is, told in files that Prometheus reads, and by the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mainstem.observe.serving import DIRECTORY, targets

ROOT = Path(__file__).parents[2]
PROCESS = "import time; from mainstem.observe import begin; begin('made'); print('up', flush=True); time.sleep(60)"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {"MAINSTEM_METRICS_DIR": str(tmp_path / DIRECTORY)}
    process = subprocess.Popen([sys.executable, "-c", PROCESS], stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT)
    assert process.stdout is not None and process.stdout.readline() == "up\n"
    yield process
    process.kill()
    process.wait(10)


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "mainstem.cli", "metrics", "--home", str(home), *arguments], capture_output=True,
                          text=True, check=False, cwd=ROOT)


def test_a_process_serves_on_loopback_and_says_where(made: subprocess.Popen[str], tmp_path: Path) -> None:
    [target] = targets(tmp_path / DIRECTORY)
    assert (target.process, target.pid, target.alive) == ("made", made.pid, True)
    assert target.address.startswith("127.0.0.1:")
    assert "mainstem_events_in_total" in httpx.get(target.url).text
    [group] = json.loads((tmp_path / DIRECTORY / "made.json").read_text())
    assert group["targets"] == [target.address]


def test_the_command_prints_where_and_scrapes(made: subprocess.Popen[str], tmp_path: Path) -> None:
    told = command(tmp_path, "--output", "json")
    assert told.returncode == 0
    assert [(one["process"], one["answers"]) for one in json.loads(told.stdout)] == [("made", True)]
    scraped = command(tmp_path, "--scrape", "--only", "made")
    assert "# process made\n" in scraped.stdout and "mainstem_lag_messages" in scraped.stdout
    made.kill()
    made.wait(10)
    dead = command(tmp_path, "--output", "json")
    assert dead.returncode == 1 and not json.loads(dead.stdout)[0]["answers"]


def test_without_processes_the_command_says_what_to_start(tmp_path: Path) -> None:
    told = command(tmp_path)
    assert told.returncode == 1 and "mainstem run" in told.stderr

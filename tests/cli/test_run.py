"""`mainstem run`: when it refuses, and that it ends in order; servers and processes are stand-ins."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.platform.alone import AlreadyRunsError, alone
from deploy.stack.ports import free_port
from mainstem.cli.run import app

STANDING_IN = """
import os
import signal
import sys
from pathlib import Path
from unittest.mock import Mock

from deploy import stack
from deploy.platform import launch
from mainstem.cli.run import app
from processors.apps import releases

signal.signal(signal.SIGHUP, signal.SIG_DFL)    # the tests may be run where nobody hangs up
home = Path(sys.argv[2])
(home / "trusts.json").write_text("{}")
def up(home, say):
    if "--persons" in sys.argv:    # while servers are being started
        os.kill(os.getpid(), signal.SIGINT)
        launch.prepare.side_effect = AssertionError("it went on")


stack.endpoints = launch.prepare = launch.start = launch.capture_trusts = releases.ship = Mock()
stack.down = lambda home, say: (say("down"), (home / "stopped").touch())
stack.up = up
app()
"""


@pytest.fixture
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def up(*_: object, **__: object) -> None:
        raise AssertionError("servers were started")

    monkeypatch.setattr("deploy.stack.up", up)


def refused(*arguments: str) -> str:
    done = CliRunner().invoke(app, [*arguments])
    assert (done.exit_code, type(done.exception)) == (1, SystemExit)
    return done.stderr


def test_one_at_a_time_runs_in_a_home(nothing_starts: None, tmp_path: Path) -> None:
    with alone(tmp_path):
        assert f"runs in {tmp_path} already (process {os.getpid()})" in refused("--home", str(tmp_path))
        with alone(tmp_path / "another"):
            pass
    with alone(tmp_path):
        pass


def test_the_home_of_one_that_was_killed_is_free(tmp_path: Path) -> None:
    held = "import sys, time; from pathlib import Path; from deploy.platform.alone import alone\n" \
           "with alone(Path(sys.argv[1])): print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", held, str(tmp_path)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(AlreadyRunsError, match=str(other.pid)), alone(tmp_path):
            pass
        other.kill()
    with alone(tmp_path):
        pass


def test_a_page_that_would_be_somebody_elses_is_not_promised(nothing_starts: None, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert f"port {port}, of the web page, is held" in refused("--home", str(tmp_path), "--port", str(port))


def test_a_profile_that_is_none_is_told_before_servers_start(nothing_starts: None, tmp_path: Path) -> None:
    assert "choose one of everyday, messy, unseen" in refused("--home", str(tmp_path), "--profile", "nope")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGHUP, "closed pipe"])
def test_whatever_ends_it_stops_the_servers(how: signal.Signals | str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", STANDING_IN, "--home", str(tmp_path), "--rate", "0", "--port", str(free_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        if isinstance(how, signal.Signals):
            while "verify --source" not in run.stdout.readline():
                pass
            run.send_signal(how)
        else:
            run.stdout.close()
        assert (run.wait(60), run.stderr.read()) == (0, "")
    assert (tmp_path / "stopped").exists()


def test_ended_while_servers_start_it_starts_no_more(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STANDING_IN, "--home", str(tmp_path), "--persons", "5", "--port", str(free_port())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "ending; what is just being started is waited for" in done.stdout
    assert (tmp_path / "stopped").exists()

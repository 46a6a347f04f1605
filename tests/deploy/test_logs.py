"""A log in a home has an end to its growth, while whoever writes it goes on writing, and whoever follows it goes on reading."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest

from deploy.platform import supervisor as platform_supervisor
from deploy.platform.processes import Process
from deploy.platform.supervisor import Supervisor
from deploy.stack import tail
from deploy.stack.tail import follow, shorten
from tests.eventually import eventually

TALKS = "import itertools, time\nfor n in itertools.count(): print(n, 'x' * 1000, flush=True); time.sleep(0.001)"


@pytest.fixture
def talking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder in which a process that never stops talking has its log, of which 50 kB are kept."""
    monkeypatch.setattr(platform_supervisor, "_LOGS_LOOKED_AT", 0.2)
    monkeypatch.setattr(tail.shorten, "__defaults__", (50_000,))
    beside = tmp_path / "servers"
    beside.mkdir()
    (beside / "kafka.log").write_text("y" * 60_000)
    made = Supervisor([Process("talker", (sys.executable, "-c", TALKS))], tmp_path / "logs", lambda _: None, logs_beside=beside)
    made.start()
    yield tmp_path
    made.stop()


def test_what_a_process_prints_does_not_fill_the_disk(talking: Path) -> None:
    log, older = talking / "logs" / "talker.log", talking / "logs" / "talker.log.1"
    eventually(older.exists, "the log was started afresh")
    first = int(older.read_text().split()[0])
    eventually(lambda: int(older.read_text().split()[0] or 0) > first if older.stat().st_size > 50_000 else False, "and once more")
    last = eventually(lambda: tail.tail(log, 1), "the process goes on")
    assert int(last[0].split()[0]) > 50 and b"\0" not in log.read_bytes()
    assert (talking / "servers" / "kafka.log.1").stat().st_size == 60_000 and (talking / "servers" / "kafka.log").stat().st_size == 0


def test_who_follows_a_log_that_is_started_afresh_misses_nothing_after(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    log.write_text("before\n")
    seen: Queue[str] = Queue()

    def read() -> None:
        for line in follow(log, 0.01):
            seen.put(line)

    def said(line: str) -> str:
        with log.open("a") as file:
            file.write(f"{line}\n")
        return line

    Thread(target=read, daemon=True).start()
    eventually(lambda: said("a line that is long enough") and not seen.empty(), "it follows")
    shorten(tmp_path, 10)
    assert log.stat().st_size == 0
    said("after")
    eventually(lambda: not seen.empty() and seen.get() == "after", "what came after", 10)

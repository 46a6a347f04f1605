"""The command line, each command a process of its own, forked from one that has imported what commands import: that is most of what a
short one takes."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson

_IMPORTED = ("mainstem.cli.identity", "mainstem.cli.ingest", "mainstem.cli.query", "mainstem.cli.record_past", "mainstem.cli.record_shown",
             "mainstem.cli.search", "mainstem.cli.stack", "mainstem.cli.state", "mainstem.cli.terms", "mainstem.cli.verify",
             "mainstem.verify", "mainstem.web.live", "processors.apps.releases", "producers.formats", "producers.mapping.load",
             "sinks.contents")
"""Nothing is done with them before the fork."""


class Commands:
    """Runs one command at a time. A context: at its end the process that forks ends."""

    def __init__(self, folder: Path) -> None:
        """`folder`: what the last command said goes there."""
        self._told, self._complained = folder / "told", folder / "complained"
        self._forking = subprocess.Popen([sys.executable, "-m", "tests.end_to_end.commands"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> Commands:
        return self

    def __exit__(self, *_: object) -> None:
        self._forking.communicate(timeout=60)

    def run(self, arguments: list[str], seconds: float) -> subprocess.CompletedProcess[str]:
        """`mainstem ARGUMENTS`, which is killed after so many seconds."""
        assert self._forking.stdin is not None and self._forking.stdout is not None
        self._forking.stdin.write(orjson.dumps([arguments, str(self._told), str(self._complained), seconds]) + b"\n")
        self._forking.stdin.flush()
        code = int(self._forking.stdout.readline())
        assert code != -signal.SIGALRM, f"{arguments} took longer than {seconds:.0f} s: {self._complained.read_text()}"
        return subprocess.CompletedProcess(arguments, code, self._told.read_text(), self._complained.read_text())


def _command() -> list[str] | None:
    """What this process is to do: it is a fork, and ends as any process of the command line does. None in the one that forks."""
    for line in sys.stdin:
        request: list[Any] = orjson.loads(line)
        arguments, told, complained, seconds = request
        if (pid := os.fork()) == 0:
            for number, path in enumerate((os.devnull, told, complained)):
                os.dup2(os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
            signal.setitimer(signal.ITIMER_REAL, seconds)
            return arguments
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
    return None


if __name__ == "__main__":
    for name in _IMPORTED:
        importlib.import_module(name)
    gc.freeze()  # or a fork would touch, and so copy, all of it
    if (arguments := _command()) is not None:
        from mainstem.cli import main

        sys.argv = ["mainstem", *arguments]
        main()

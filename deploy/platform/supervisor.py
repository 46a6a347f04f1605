"""Keeps processes running: starts them, restarts those that end, stops them in order; and keeps logs short.

Restarts back off from 0.5 s to 15 s and never give up: a dependency that is down comes back, and input waits in the log.
Children die with the supervisor (Linux parent-death signal), so that a killed `mainstem run` leaves nothing behind.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.platform.processes import Process
from deploy.stack import tail

_PR_SET_PDEATHSIG = 1
_FIRST_WAIT, _LONGEST_WAIT, _SETTLED = 0.5, 15.0, 30.0
_LOGS_LOOKED_AT = 10.0
_LIBC = ctypes.CDLL(None)


@dataclass(slots=True)
class _Running:
    process: Process
    log: Path
    popen: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    restarts: int = 0
    wait: float = _FIRST_WAIT
    due: float = field(default=0.0)


class Supervisor:
    """`say` is told of starts and restarts, one line each."""

    def __init__(self, processes: Sequence[Process], logs: Path, say: Callable[[str], None],
                 environment: Mapping[str, str] | None = None, logs_beside: Path | None = None) -> None:
        """`environment`: what the processes get beyond ours. `logs_beside`: those of the servers, which are kept short too."""
        logs.mkdir(parents=True, exist_ok=True)
        self._all = {process.name: _Running(process, logs / f"{process.name}.log") for process in processes}
        self._logs = [logs, *([logs_beside] if logs_beside else [])]
        self._say = say
        self._environment = os.environ | (environment or {})
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def pids(self) -> dict[str, int]:
        """Name -> pid of those that are running now."""
        return {name: one.popen.pid for name, one in self._all.items() if one.popen and one.popen.poll() is None}

    def restarts(self) -> dict[str, int]:
        return {name: one.restarts for name, one in self._all.items()}

    def stop(self, grace: float = 15.0) -> None:
        """SIGTERM to all, SIGKILL to those still there after `grace` seconds."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        running = [one.popen for one in self._all.values() if one.popen and one.popen.poll() is None]
        for popen in running:
            popen.terminate()
        deadline = time.monotonic() + grace
        for popen in running:
            try:
                popen.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                popen.kill()
                popen.wait()

    def _watch(self) -> None:
        # Parent-death signals follow the *thread* that forked: all children are started here, in the thread that lives longest.
        looked = -_LOGS_LOOKED_AT
        while not self._stopping.is_set():
            now = time.monotonic()
            if now - looked >= _LOGS_LOOKED_AT:
                looked = now
                for folder in self._logs:
                    tail.shorten(folder)
            for one in self._all.values():
                self._attend(one, now)
            self._stopping.wait(0.2)

    def _attend(self, one: _Running, now: float) -> None:
        if one.popen is not None:
            code = one.popen.poll()
            if code is None:
                if now - one.started > _SETTLED:
                    one.wait = _FIRST_WAIT
                return
            self._say(f"{one.process.name} ended with {_reason(code)}; it starts again in {one.wait:.1f} s (log: {one.log})")
            one.popen, one.due = None, now + one.wait
            one.restarts += 1
            one.wait = min(one.wait * 2, _LONGEST_WAIT)
        elif now >= one.due:
            with one.log.open("ab") as log:
                one.popen = subprocess.Popen(one.process.argv, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                             env={**self._environment, **one.process.environment}, start_new_session=True,
                                             preexec_fn=_die_with_parent)  # noqa: PLW1509
            one.started = now


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

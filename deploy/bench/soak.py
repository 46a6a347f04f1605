"""Memory of every process of a whole Mainstem while the trusts make millions of changes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from deploy.bench import machine, memory
from deploy.bench.memory import Sample
from deploy.bench.whole import Whole, family, whole
from schemas import log, topics

_EVERY_SECONDS = 20.0
_TOLD_SECONDS = 60.0
_DRAIN_SECONDS = 3600.0
_BEATS = 200
"""Heartbeats looked at: some seconds of all stages."""
_TOUCHED = {"JAVA_TOOL_OPTIONS": "-XX:+AlwaysPreTouch"}
"""Heaps of Java have a fixed size, but each page counts only once it is used: all are used from the start, so that what grows is seen."""


def run(home: Path, changes: int, rate: float, persons: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Samples until all changes have reached every store. Raises NotDrainedError, RuntimeError where the trusts stopped early."""
    samples: list[Sample] = []
    os.environ.update(_TOUCHED)
    with whole(home, persons, say) as made:
        loaded, held = _captured(made), machine.logged(home)
        restarts = made.platform.supervisor.restarts()
        player = made.play("--rate", str(rate), "--changes", str(changes), "--seed", "1")
        began = told = time.monotonic()
        while player.poll() is None or _captured(made) - loaded < changes:
            time.sleep(_EVERY_SECONDS)
            samples.append(Sample(_captured(made) - loaded, _held(made)))
            if time.monotonic() - told >= _TOLD_SECONDS:
                told = time.monotonic()
                say(_so_far(samples[-1], changes, told - began))
            if player.poll():
                raise RuntimeError(f"the trusts stopped with code {player.returncode} after {samples[-1].changes:,} changes")
        made.drain(_DRAIN_SECONDS)
        samples.append(Sample(_captured(made) - loaded, _held(made)))
        seconds = time.monotonic() - began
        if made.platform.supervisor.restarts() != restarts:
            raise RuntimeError(f"a process ended and was started again, so that its memory tells nothing: see {home / 'logs'}")
        logged = {topic: (size - held.get(topic, 0)) / samples[-1].changes for topic, size in machine.logged(home).items()}
    return {"changes": samples[-1].changes, "persons": persons, "seconds": seconds, "load": machine.load(),
            "log_bytes_a_change": {topic: size for topic, size in logged.items() if size > 1},
            "samples": [{"changes": each.changes, "mb": each.mb} for each in samples],
            "verdicts": [each._asdict() | {"growth": each.growth, "flat": each.flat} for each in memory.verdicts(samples)]}


def _captured(made: Whole) -> int:
    """Raw messages taken in by capture."""
    decode = made.codec.decoder(topics.HEARTBEATS)
    beats = [decode(message.value()) for message in log.read(made.endpoints.kafka, topics.HEARTBEATS, tail=_BEATS)]
    return max((beat.processed for beat in beats if beat.stage == "capture"), default=0)


def _held(made: Whole) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, pid in made.pids().items():
        try:
            found[name] = round(sum(_anonymous(each.pid) for each in family(pid)) / 1e6, 1)
        except (psutil.NoSuchProcess, ProcessLookupError, FileNotFoundError):
            continue
    return found


def _anonymous(pid: int) -> int:
    """Bytes in memory that no file backs: mapped files of a store are the page cache's, which gives them back when asked."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Anonymous:"))


def _so_far(sample: Sample, changes: int, seconds: float) -> str:
    return (f"{sample.changes:,} of {changes:,} changes captured, {sample.changes / seconds:,.0f} a second; MB: "
            + ", ".join(f"{name} {mb:.0f}" for name, mb in sorted(sample.mb.items())))

"""Freshness of the whole platform on this machine: from a commit in a trust's database to visible in each store, at several rates."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
import psutil

from deploy.bench import machine
from deploy.platform import launch
from deploy.stack import down, status, up
from deploy.stack.ports import free_port
from mainstem.freshness import measure
from mainstem.terminology import Shelf
from mainstem.verify import drain
from processors.apps import releases
from schemas import topics
from schemas.codec import Codec
from seeds.trusts import TRUSTS

_WARM_SECONDS = 8
_DRAIN_SECONDS = 240


def run(home: Path, rates: Sequence[int], seconds: int, persons: int, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """For each rate: what the trusts made of it, percentiles by store, and processor time a change by process."""
    sources = [trust.source for trust in TRUSTS]
    platform = None
    try:
        endpoints = up(home, say=say)
        codec = launch.prepare(endpoints, sources)
        releases.ship(endpoints.kafka, codec, Shelf(home / "terms"), say)
        _command(home, "seeds", "make", "--persons", str(persons), "--replace").check_returncode()
        platform = launch.start(endpoints, home, sources, free_port(), _quietly)
        launch.capture_trusts(endpoints, _quietly)
        drain.wait(endpoints.kafka, codec, _stages(), _DRAIN_SECONDS, _quietly)
        found = []
        for rate in rates:
            found.append(_at(home, endpoints.kafka, codec, platform, rate, seconds))
            say(f"{rate} changes a second: " + "; ".join(f"{one['stage']} p50 {one['p50']:.2f} s, p99 {one['p99']:.2f} s"
                                                         for one in found[-1]["stores"]))
            drain.wait(endpoints.kafka, codec, _stages(), _DRAIN_SECONDS, _quietly)
        return found
    finally:
        if platform is not None:
            platform.stop()
        down(home, say=say)


def _at(home: Path, kafka: str, codec: Codec, platform: launch.Platform, rate: int, seconds: int) -> dict[str, Any]:
    player = subprocess.Popen([sys.executable, "-m", "mainstem.cli", "seeds", "play", "--rate", str(rate), "--for",
                               str(seconds + _WARM_SECONDS), "--seed", str(rate), "--output", "json", "--home", str(home)],
                              stdout=subprocess.PIPE)
    time.sleep(_WARM_SECONDS)
    before = _spent(home, platform)
    stores = measure(kafka, codec, seconds)
    after, load = _spent(home, platform), machine.load()
    played = orjson.loads(player.communicate(timeout=120)[0])
    cpu = {name: round((after[name] - before[name]) / seconds / played["rate"] * 1e6) for name in after if name in before}
    return {"rate": rate, "made": played["rate"], "stores": [dataclasses.asdict(one) for one in stores], "cpu_us": cpu, "load": load}


def _spent(home: Path, platform: launch.Platform) -> dict[str, float]:
    """Processor seconds so far, by process: ours, and the servers with their children. Not PostgreSQL: its children come and go."""
    servers = {one.service: one.pid for one in status(home) if one.pid is not None and one.service != "postgres"}
    pids = platform.supervisor.pids() | servers
    return {name: _cpu(psutil.Process(pid)) for name, pid in pids.items()}


def _cpu(process: psutil.Process) -> float:
    """Of a process and those of its children that live, ended ones included as far as the system counts them."""
    total = 0.0
    for each in (process, *process.children(recursive=True)):
        times = each.cpu_times()
        total += times.user + times.system
    return total


def _stages() -> dict[str, Any]:
    return drain.readers([topics.raw(trust.source) for trust in TRUSTS], ("search", "analytics", "cache"))


def _command(home: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "mainstem.cli", *arguments, "--home", str(home)], check=False, stdout=subprocess.DEVNULL)


def _quietly(_text: str) -> None:
    """Of steps that interest nobody here."""

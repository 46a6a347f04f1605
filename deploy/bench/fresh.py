"""Freshness of the whole platform on this machine: from a commit in a trust's database to visible in each store, at several rates."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

from deploy.bench import hops, machine, phases
from deploy.bench.whole import Whole, family, whole
from mainstem.freshness import measure
from mainstem.observe.serving import DIRECTORY
from seeds.trusts import SOURCES

_WARM_SECONDS = 8
_COMPILING_RATE = 500
_COMPILING_SECONDS = (90, 300)
"""Before the first rate: just started, Kafka and Connect spend up to half of a core each on compiling what they run. At least and at most;
between these until their compilers take less than `_COMPILED` of a core over `_LOOK_SECONDS`."""
_COMPILED = 0.03
_LOOK_SECONDS = 15


def run(home: Path, rates: Sequence[int], seconds: int, persons: int, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """For each rate: what the trusts made of it, percentiles by store, and processor time a change by process."""
    found: list[dict[str, Any]] = []
    with whole(home, persons, say) as made:
        _compile(made, say)
        made.drain()
        for rate in rates:
            found.append(_at(made, rate, seconds))
            say(f"{rate} changes a second: " + "; ".join(f"{one['stage']} p50 {one['p50']:.2f} s, p99 {one['p99']:.2f} s"
                                                         for one in found[-1]["stores"]))
            made.drain()
    return found


def _compile(made: Whole, say: Callable[[str], None]) -> None:
    """Changes until the JVMs have compiled what they run."""
    least, most = _COMPILING_SECONDS
    say(f"{least} to {most} s at {_COMPILING_RATE} changes a second, until the JVMs have compiled")
    player = made.play("--rate", str(_COMPILING_RATE), "--for", str(most), "--seed", "0")
    share, began = 1.0, time.monotonic()
    while player.poll() is None and (share > _COMPILED or time.monotonic() - began < least):
        before = _compilers(made)
        time.sleep(_LOOK_SECONDS)
        share = (_compilers(made) - before) / _LOOK_SECONDS
    player.terminate()
    player.communicate()
    say(f"compilers take {share:.3f} of a core after {time.monotonic() - began:.0f} s")


def _compilers(made: Whole) -> float:
    """Processor seconds that the compiler threads of the Java servers have taken so far."""
    return sum(machine.thread_seconds(pid, "C1 Comp", "C2 Comp") for name, pid in made.pids().items() if name in ("kafka", "connect"))


def _at(made: Whole, rate: int, seconds: int) -> dict[str, Any]:
    player = made.play("--rate", str(rate), "--for", str(seconds + _WARM_SECONDS), "--seed", str(rate))
    time.sleep(_WARM_SECONDS)
    seen = phases.look(made.home / DIRECTORY)
    before, busy, since, began = _spent(made), machine.busy(), int(time.time() * 1000), time.monotonic()
    stores = measure(made.endpoints.kafka, made.codec, seconds)
    after, load = _spent(made), machine.load()
    took = time.monotonic() - began
    cores = (machine.busy() - busy) / took
    batches = phases.between(seen, phases.look(made.home / DIRECTORY), took)
    played = orjson.loads(player.communicate(timeout=120)[0])
    aged = hops.measure(made.endpoints.kafka, made.codec, SOURCES, since)
    cpu = {name: round((after[name] - before[name]) / took / played["rate"] * 1e6) for name in after if name in before}
    return {"rate": rate, "made": played["rate"], "stores": [dataclasses.asdict(one) for one in stores],
            "hops": [dataclasses.asdict(one) for one in aged], "cpu_us": cpu, "load": load, "batches": batches,
            "cores": {"busy": round(cores, 2), "platform": round(sum(cpu.values()) * played["rate"] / 1e6, 2)}}


def _spent(made: Whole) -> dict[str, float]:
    """Processor seconds so far, by process."""
    return {name: sum(sum(each.cpu_times()[:2]) for each in family(pid)) for name, pid in made.pids().items()}

"""Freshness of the whole platform on this machine: from a commit in a trust's database to visible in each store, at several rates."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

from deploy.bench import hops, machine
from deploy.bench.whole import Whole, family, whole
from mainstem.freshness import measure
from seeds.trusts import SOURCES

_WARM_SECONDS = 8
_COMPILING_SECONDS = 90
_COMPILING_RATE = 500
"""Before the first rate: just started, Kafka and Connect spend up to half of a core each on compiling what they run."""


def run(home: Path, rates: Sequence[int], seconds: int, persons: int, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """For each rate: what the trusts made of it, percentiles by store, and processor time a change by process."""
    found: list[dict[str, Any]] = []
    with whole(home, persons, say) as made:
        say(f"{_COMPILING_SECONDS} s at {_COMPILING_RATE} changes a second, until the JVMs have compiled")
        made.play("--rate", str(_COMPILING_RATE), "--for", str(_COMPILING_SECONDS), "--seed", "0").communicate()
        made.drain()
        for rate in rates:
            found.append(_at(made, rate, seconds))
            say(f"{rate} changes a second: " + "; ".join(f"{one['stage']} p50 {one['p50']:.2f} s, p99 {one['p99']:.2f} s"
                                                         for one in found[-1]["stores"]))
            made.drain()
    return found


def _at(made: Whole, rate: int, seconds: int) -> dict[str, Any]:
    player = made.play("--rate", str(rate), "--for", str(seconds + _WARM_SECONDS), "--seed", str(rate))
    time.sleep(_WARM_SECONDS)
    before, since = _spent(made), int(time.time() * 1000)
    stores = measure(made.endpoints.kafka, made.codec, seconds)
    after, load = _spent(made), machine.load()
    played = orjson.loads(player.communicate(timeout=120)[0])
    aged = hops.measure(made.endpoints.kafka, made.codec, SOURCES, since)
    cpu = {name: round((after[name] - before[name]) / seconds / played["rate"] * 1e6) for name in after if name in before}
    return {"rate": rate, "made": played["rate"], "stores": [dataclasses.asdict(one) for one in stores],
            "hops": [dataclasses.asdict(one) for one in aged], "cpu_us": cpu, "load": load}


def _spent(made: Whole) -> dict[str, float]:
    """Processor seconds so far, by process."""
    return {name: sum(sum(each.cpu_times()[:2]) for each in family(pid)) for name, pid in made.pids().items()}

"""Freshness: seconds from a commit in a trust's database to visible in a store, from the stores' own heartbeats."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import quantiles

from mainstem.operations import Heartbeat
from schemas import log, topics
from schemas.codec import Codec


@dataclass(frozen=True, slots=True)
class Freshness:
    """Seconds. `samples` is how many entries were measured (each heartbeat samples those since the last)."""

    stage: str
    samples: int
    p50: float
    p95: float
    p99: float
    worst: float


def percentiles(samples: Sequence[float]) -> tuple[float, float, float]:
    """The 50th, 95th and 99th of at least one sample."""
    if len(samples) == 1:
        return samples[0], samples[0], samples[0]
    cuts = quantiles(samples, n=100, method="inclusive")
    return cuts[49], cuts[94], cuts[98]


def summarise(stage: str, samples: list[float]) -> Freshness | None:
    """None where there are fewer than two samples."""
    if len(samples) < 2:
        return None
    return Freshness(stage, len(samples), *percentiles(samples), max(samples))


def measure(bootstrap: str, codec: Codec, seconds: float) -> list[Freshness]:
    """Wait `seconds`, then read the heartbeats of that time."""
    start = time.time()
    time.sleep(seconds)
    decode = codec.decoder(topics.HEARTBEATS)
    beats = (decode(message.value()) for message in log.read(bootstrap, topics.HEARTBEATS))
    return by_store(beat for beat in beats if beat.at >= start * 1000)


def by_store(beats: Iterable[Heartbeat]) -> list[Freshness]:
    samples: dict[str, list[float]] = {}
    for beat in beats:
        if beat.stage.startswith("sink-"):
            samples.setdefault(beat.stage, []).extend(beat.freshness)
    return [found for stage in sorted(samples) if (found := summarise(stage, samples[stage]))]

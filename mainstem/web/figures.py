"""Figures of the stream, worked out from heartbeats: rates, lag, freshness, and who has fallen silent. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import quantiles

from mainstem.model import Heartbeat

STAGES = ("capture", "linker", "identity", "reconcile", "sink-search", "sink-analytics", "sink-cache")
SILENT_MS = 5_000
_RATE_MS, _FRESH_MS, _BUCKET_MS = 10_000, 60_000, 10_000


@dataclass(frozen=True, slots=True)
class StageFigures:
    """A stage now. `age` is seconds since its last heartbeat; None: never heard in the window."""

    stage: str
    age: float | None
    rate: float
    lag: int
    processed: int
    instances: int
    note: str

    @property
    def silent(self) -> bool:
        return self.age is None or self.age * 1000 >= SILENT_MS


@dataclass(frozen=True, slots=True)
class StoreFigures:
    """Seconds from the commit in the trust's database to visible in this store, over the last minute."""

    stage: str
    samples: int
    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Point:
    """One bucket of the plot. Seconds before now; None: nothing measured."""

    ago: float
    rate: float | None
    p50: dict[str, float]
    p95: dict[str, float]


@dataclass(frozen=True, slots=True)
class Figures:
    at: int
    stages: tuple[StageFigures, ...]
    stores: tuple[StoreFigures, ...]
    points: tuple[Point, ...]

    @property
    def silent(self) -> tuple[str, ...]:
        return tuple(one.stage for one in self.stages if one.silent)

    @property
    def rate(self) -> float:
        """Input items a second: what capture takes in."""
        return next((one.rate for one in self.stages if one.stage == "capture"), 0.0)


class Beats:
    """The heartbeats of the last minutes. `add` in any order; `figures` is a function of what was added and of `now`."""

    def __init__(self, minutes: int) -> None:
        self.window = minutes * 60_000
        self._beats: dict[str, deque[Heartbeat]] = {}

    def add(self, beat: Heartbeat) -> None:
        beats = self._beats.setdefault(beat.stage, deque())
        beats.append(beat)
        while beats and beats[0].at < beat.at - self.window:
            beats.popleft()

    def latest(self, stage: str) -> Heartbeat | None:
        return max(list(self._beats.get(stage, ())), key=lambda beat: beat.at, default=None)

    def figures(self, now: int) -> Figures:
        heard = {stage: [beat for beat in list(beats) if beat.at > now - self.window] for stage, beats in list(self._beats.items())}
        names = [*STAGES, *sorted(heard.keys() - set(STAGES))]
        sinks = [stage for stage in names if stage.startswith("sink-")]
        return Figures(
            now,
            tuple(_stage(stage, heard.get(stage, []), now) for stage in names),
            tuple(_store(stage, heard.get(stage, []), now) for stage in sinks),
            tuple(_points({stage: heard.get(stage, []) for stage in ("capture", *sinks)}, now, self.window)),
        )


def _stage(stage: str, beats: Sequence[Heartbeat], now: int) -> StageFigures:
    last: dict[str, Heartbeat] = {}
    for beat in sorted(beats, key=lambda beat: beat.at):
        last[beat.instance] = beat
    if not last:
        return StageFigures(stage, None, 0.0, 0, 0, 0, "")
    newest = max(last.values(), key=lambda beat: beat.at)
    # An instance that ended leaves its last heartbeat behind; only where all are silent do the silent ones count.
    alive = [beat for beat in last.values() if now - beat.at < SILENT_MS] or [newest]
    return StageFigures(
        stage,
        max(0, now - newest.at) / 1000,
        _rate(beats, now - _RATE_MS, now),
        sum(beat.lag for beat in alive),
        sum(beat.processed for beat in alive),
        len(alive),
        newest.note,
    )


def _rate(beats: Iterable[Heartbeat], since: int, until: int) -> float:
    """Items a second between two times, over all instances."""
    by_instance: dict[str, list[Heartbeat]] = {}
    for beat in beats:
        if since <= beat.at <= until:
            by_instance.setdefault(beat.instance, []).append(beat)
    total = 0.0
    for of_one in by_instance.values():
        of_one.sort(key=lambda beat: beat.at)
        span = of_one[-1].at - of_one[0].at
        if span > 0:
            total += max(0, of_one[-1].processed - of_one[0].processed) * 1000 / span
    return total


def _store(stage: str, beats: Sequence[Heartbeat], now: int) -> StoreFigures:
    samples = [seconds for beat in beats if beat.at > now - _FRESH_MS for seconds in beat.freshness]
    p50, p95 = _percentiles(samples)
    return StoreFigures(stage, len(samples), p50, p95)


def _percentiles(samples: Sequence[float]) -> tuple[float | None, float | None]:
    if not samples:
        return None, None
    if len(samples) == 1:
        return samples[0], samples[0]
    cuts = quantiles(samples, n=100, method="inclusive")
    return cuts[49], cuts[94]


def _points(heard: dict[str, list[Heartbeat]], now: int, window: int) -> Iterable[Point]:
    sinks = [stage for stage in heard if stage != "capture"]
    # Bucket borders stand still on the clock, so that the plot moves by whole buckets and does not flicker.
    end = now // _BUCKET_MS * _BUCKET_MS
    for start in range(end - window // _BUCKET_MS * _BUCKET_MS, end, _BUCKET_MS):
        until = start + _BUCKET_MS
        p50, p95 = {}, {}
        for stage in sinks:
            middle, high = _percentiles([s for beat in heard[stage] if start <= beat.at < until for s in beat.freshness])
            if middle is not None and high is not None:
                p50[stage], p95[stage] = middle, high
        spoken = [beat for beat in heard["capture"] if start - 1_500 <= beat.at < until]
        yield Point((now - until + _BUCKET_MS / 2) / 1000, _rate(spoken, start - 1_500, until) if len(spoken) > 1 else None, p50, p95)

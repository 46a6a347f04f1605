"""Figures of the stream, worked out from heartbeats: rates, lag, freshness, and who has fallen silent."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import islice

from mainstem.freshness import percentiles
from mainstem.operations import IDLE, STOPPED, Heartbeat

STAGES = ("capture", "linker", "identity", "reconcile", "sink-search", "sink-analytics", "sink-cache")
SILENT_MS = 5_000
_STOPPED_MS = 60_000
"""Longer than a process that fails again and again is away between two starts."""
_RATE_MS, _FRESH_MS, _BUCKET_MS = 10_000, 60_000, 10_000
_OVERLAP_MS = 1_500
"""A bucket's rate is taken from the last heartbeat before it, so that no second between buckets is left out."""
_LATEST = 30
"""Heartbeats looked at for positions: some seconds of several instances."""


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
    stuck: float = 0.0
    """Seconds for which an instance, or one partition of it, has processed nothing although its lag grew."""
    stuck_at: str = ""
    """`topic/partition` where one stands still; empty where it is the instance."""
    stopped: tuple[str, float] | None = None
    """Why an instance last ended on purpose, and how many seconds ago; forgotten after a minute in which something is heard."""

    @property
    def silent(self) -> bool:
        return self.age is None or self.age * 1000 >= SILENT_MS

    @property
    def idle(self) -> bool:
        """An instance takes nothing in, at least in part, until somebody helps."""
        return self.note.startswith(IDLE)


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
    def idle(self) -> tuple[str, ...]:
        return tuple(one.stage for one in self.stages if one.idle)

    @property
    def rate(self) -> float:
        """Input items a second: what capture takes in."""
        return next((one.rate for one in self.stages if one.stage == "capture"), 0.0)


@dataclass(frozen=True, slots=True)
class _Bucket:
    rate: float | None
    p50: dict[str, float]
    p95: dict[str, float]


class Beats:
    """The heartbeats of the last minutes. `add` in any order; `figures` is a function of what was added and of `now`.

    Buckets of the plot are worked out once and kept: at hundreds of samples a second, sorting them anew for every look would cost more
    than what is measured. Safe to share between threads.
    """

    def __init__(self, minutes: int) -> None:
        self.window = minutes * 60_000
        self._beats: dict[str, deque[Heartbeat]] = {}
        self._buckets: dict[int, _Bucket] = {}
        self._lock = threading.Lock()

    def add(self, beat: Heartbeat) -> None:
        with self._lock:
            beats = self._beats.setdefault(beat.stage, deque())
            beats.append(beat)
            while beats and beats[0].at < beat.at - self.window:
                beats.popleft()
            for at in (beat.at, beat.at + _OVERLAP_MS):
                self._buckets.pop(at // _BUCKET_MS * _BUCKET_MS, None)

    def positions(self, stage: str) -> dict[str, int]:
        """`topic/partition` -> the furthest position among its latest heartbeats, over all instances."""
        furthest: dict[str, int] = {}
        with self._lock:
            for beat in islice(reversed(self._beats.get(stage, ())), _LATEST):
                for place, offset in beat.positions.items():
                    furthest[place] = max(offset, furthest.get(place, 0))
        return furthest

    def figures(self, now: int) -> Figures:
        with self._lock:
            heard = {stage: [beat for beat in beats if beat.at > now - self.window] for stage, beats in self._beats.items()}
            names = [*STAGES, *sorted(heard.keys() - set(STAGES))]
            sinks = [stage for stage in names if stage.startswith("sink-")]
            return Figures(
                now,
                tuple(_stage(stage, heard.get(stage, []), now) for stage in names),
                tuple(_store(stage, heard.get(stage, []), now) for stage in sinks),
                tuple(self._points(heard, now)),
            )

    def _points(self, heard: dict[str, list[Heartbeat]], now: int) -> Iterator[Point]:
        # Bucket borders stand still on the clock, so that the plot moves by whole buckets and does not flicker.
        end = now // _BUCKET_MS * _BUCKET_MS
        starts = range(end - self.window // _BUCKET_MS * _BUCKET_MS, end, _BUCKET_MS)
        missing = {start for start in starts if start not in self._buckets}
        if missing:
            self._buckets = {start: self._buckets[start] for start in starts if start not in missing} | _buckets(heard, missing)
        for start in starts:
            bucket = self._buckets[start]
            yield Point((now - start - _BUCKET_MS / 2) / 1000, bucket.rate, bucket.p50, bucket.p95)


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
        next((beat.note for beat in reversed(beats) if now - beat.at < SILENT_MS and beat.note.startswith(IDLE)), newest.note),
        *max(_stuck([beat for beat in beats if beat.instance == one.instance]) for one in alive),
        _stopped(beats, newest, now),
    )


def _stuck(beats: Sequence[Heartbeat]) -> tuple[float, str]:
    """Seconds for which one instance, or a partition of it, has stood still while its lag grew, and which partition."""
    ordered = sorted(beats, key=lambda beat: beat.at)
    places = ordered[-1].lags.keys() & ordered[-1].positions.keys()
    whole = _still((beat.at, beat.processed, beat.lag) for beat in reversed(ordered))
    return max([(whole, ""), *((_still(_of(place, ordered)), place) for place in sorted(places))], key=lambda found: found[0])


def _of(place: str, ordered: Sequence[Heartbeat]) -> Iterator[tuple[int, int, int]]:
    """Time, position and lag of a partition, latest first, as far back as the instance has had it without a break."""
    for beat in reversed(ordered):
        if place not in beat.positions or place not in beat.lags:
            return
        yield beat.at, beat.positions[place], beat.lags[place]


def _still(latest_first: Iterable[tuple[int, int, int]]) -> float:
    """Seconds between the latest (time, done, lag) and the earliest that had done as much, where the lag grew meanwhile."""
    stands = iter(latest_first)
    newest = since = next(stands)
    for stand in stands:
        if stand[1] != newest[1]:
            break
        since = stand
    return (newest[0] - since[0]) / 1000 if newest[2] > since[2] else 0.0


def _stopped(beats: Sequence[Heartbeat], newest: Heartbeat, now: int) -> tuple[str, float] | None:
    last = max((beat for beat in beats if beat.note.startswith(STOPPED)), key=lambda beat: beat.at, default=None)
    if last is None or (last is not newest and now - last.at > _STOPPED_MS):
        return None
    return last.note, max(0, now - last.at) / 1000


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
    p50, p95, _ = percentiles(samples) if samples else (None, None, None)
    return StoreFigures(stage, len(samples), p50, p95)


def _buckets(heard: dict[str, list[Heartbeat]], starts: Set[int]) -> dict[int, _Bucket]:
    samples: dict[int, dict[str, list[float]]] = {start: {} for start in starts}
    spoken: dict[int, list[Heartbeat]] = {start: [] for start in starts}
    for stage, beats in heard.items():
        for beat in beats:
            start = beat.at // _BUCKET_MS * _BUCKET_MS
            if stage.startswith("sink-") and start in starts:
                samples[start].setdefault(stage, []).extend(beat.freshness)
            if stage == "capture":
                for one in {start, (beat.at + _OVERLAP_MS) // _BUCKET_MS * _BUCKET_MS} & starts:
                    spoken[one].append(beat)
    return {start: _bucket(spoken[start], samples[start], start) for start in starts}


def _bucket(spoken: list[Heartbeat], samples: dict[str, list[float]], start: int) -> _Bucket:
    p50: dict[str, float] = {}
    p95: dict[str, float] = {}
    for stage, values in samples.items():
        if values:
            p50[stage], p95[stage], _ = percentiles(values)
    rate = _rate(spoken, start - _OVERLAP_MS, start + _BUCKET_MS) if len(spoken) > 1 else None
    return _Bucket(rate, p50, p95)

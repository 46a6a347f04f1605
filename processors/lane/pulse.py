"""What a lane says of its progress once a second: counts, positions, lag, freshness."""

from __future__ import annotations

import time

from mainstem.observe import metrics
from mainstem.operations import Heartbeat
from processors.lane.owner import Done

_SAMPLES = 64


class Pulse:
    """Collects what happened since the last heartbeat."""

    def __init__(self, stage: str, instance: str) -> None:
        self.stage = stage
        self._instance = instance
        self._processed = 0
        self._published = 0
        self._lag = 0
        self._positions: dict[str, int] = {}
        self._lags: dict[str, int] = {}
        self._freshness: list[float] = []
        self._note = ""

    def done(self, done: Done) -> None:
        """A batch was committed."""
        self._processed += done.processed
        self._published += done.published
        if len(self._freshness) < _SAMPLES:
            now = time.time()
            self._freshness.extend(max(0.0, now - at / 1000) for at in done.committed)

    def stand(self, positions: dict[str, int], lags: dict[str, int], lag: int, note: str = "") -> None:
        """`lags`: by partition, what is queued here included. `note`: why something stands idle."""
        self._positions, self._lags, self._lag, self._note = positions, lags, lag, note

    def beat(self, note: str = "") -> Heartbeat:
        """The heartbeat; starts new samples."""
        freshness, self._freshness = self._freshness, []
        metrics.HEARTBEATS.labels(self.stage).inc()
        return Heartbeat(stage=self.stage, instance=self._instance, at=time.time_ns() // 1_000_000, processed=self._processed,
                         published=self._published, lag=self._lag, positions=self._positions, lags=self._lags,
                         freshness=tuple(freshness[:_SAMPLES]), note=note or self._note)

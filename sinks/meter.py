"""What a sink tells /metrics of its batches: a handful of calls a batch, none a message."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from mainstem.observe import metrics
from mainstem.observe.tracing import Followed
from mainstem.operations import Quarantined
from sinks.contract import Place
from sinks.intake import Taken

_SAMPLES = 32


class Meter:
    """Of one sink."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._began, self._began_ns = 0.0, 0
        metrics.EVENTS_IN.labels(stage)  # at zero from the start: Prometheus sees no increase in the first value of a series
        self.waits(False)

    def begin(self) -> None:
        """A batch was taken."""
        self._began, self._began_ns = time.perf_counter(), time.time_ns()

    def applied(self, taken: Taken, *, measured: bool) -> None:
        """The batch is visible in the store."""
        stage, now = self._stage, time.time()
        metrics.PHASE_SECONDS.labels(stage, "apply").observe(time.perf_counter() - self._began)
        metrics.EVENTS_IN.labels(stage).inc(taken.count)
        metrics.BATCH_EVENTS.labels(stage).observe(taken.count)
        metrics.SINK_ROWS.labels(stage).inc(len(taken.batch.entries) + len(taken.batch.summaries))
        if measured:
            for entry in taken.batch.entries[::max(1, len(taken.batch.entries) // _SAMPLES)]:
                if entry.committed is not None:
                    metrics.FRESHNESS.labels(stage).observe(max(0.0, now - entry.committed / 1000))
        if taken.traced:
            followed = Followed(stage, self._began_ns)
            for trace, partition, offset in taken.traced:
                followed.follow(trace, partition, offset)
            followed.done(taken.count)

    def quarantined(self, items: Sequence[Quarantined]) -> None:
        for item in items:
            metrics.QUARANTINED.labels(self._stage, item.raw.topic, metrics.reason(item.reason)).inc()

    def lag(self, lags: Mapping[Place, int]) -> int:
        """Messages behind, over all partitions."""
        for place, lag in lags.items():
            metrics.LAG.labels(self._stage, place.topic, str(place.partition)).set(lag)
        return sum(lags.values())

    def waits(self, waiting: bool) -> None:
        metrics.SINK_WAITING.labels(self._stage).set(int(waiting))

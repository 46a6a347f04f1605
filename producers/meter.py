"""What capture tells /metrics of its batches: a handful of calls a batch, none a message."""

from __future__ import annotations

import time
from collections import Counter

from mainstem.observe import metrics
from mainstem.operations import Result
from producers.batch import Told
from producers.items import STAGE

_SAMPLES = 16
_LEFT_OUT = {Result.QUARANTINED: metrics.QUARANTINED, Result.IGNORED: metrics.IGNORED}


class Meter:
    """Of one batch."""

    def __init__(self) -> None:
        self._mark = time.perf_counter()

    def phase(self, name: str) -> None:
        """What was done since the last mark was this phase."""
        now = time.perf_counter()
        metrics.PHASE_SECONDS.labels(STAGE, name).observe(now - self._mark)
        self._mark = now

    def aborted(self) -> None:
        metrics.ABORTS.labels(STAGE).inc()

    def committed(self, told: Told) -> None:
        """The batch is visible."""
        metrics.EVENTS_IN.labels(STAGE).inc(len(told.taken))
        metrics.BATCH_EVENTS.labels(STAGE).observe(len(told.taken))
        for topic, count in Counter([record.topic for record in told.records]).items():
            metrics.EVENTS_OUT.labels(STAGE, topic).inc(count)
        for (topic, result, reason), count in told.outcomes.items():
            counted = _LEFT_OUT.get(result)
            if counted is not None:
                counted.labels(STAGE, topic, metrics.reason(reason)).inc(count)
        now = time.time()
        for at in told.committed[::max(1, len(told.committed) // _SAMPLES)]:
            if at is not None:
                metrics.FRESHNESS.labels(STAGE).observe(max(0.0, now - at / 1000))
        told.followed.done(len(told.taken), published=len(told.records))

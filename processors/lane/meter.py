"""What a state partition tells /metrics of its batches: a handful of calls a batch, none a message."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence

from mainstem.kinds.facts import OF_FACT, RULE_FAULT
from mainstem.model import Entry
from mainstem.observe import metrics
from mainstem.operations import Quarantined
from mainstem.person_events import Attached
from processors.lane.contract import Output
from processors.lane.store import Store
from schemas import topics

log = logging.getLogger(__name__)
_SIZE_SECONDS = 10.0
"""How often RocksDB is asked how large it is."""


class Meter:
    """Of one owner; one thread at a time."""

    def __init__(self, stage: str, partition: int) -> None:
        self._stage, self._partition = stage, str(partition)
        self._mark = 0.0
        self.began = 0
        """When the batch in hand began, nanoseconds since the epoch."""
        self._size_due = 0.0
        # There from the start, at zero: Prometheus sees no increase in the first value of a series.
        metrics.EVENTS_IN.labels(stage)
        metrics.RECOVERY_SECONDS.labels(stage)
        metrics.INPUT_RESETS.labels(stage)
        metrics.RULE_FAULTS.labels(stage)

    def begin(self) -> None:
        """A batch begins."""
        self._mark, self.began = time.perf_counter(), time.time_ns()

    def phase(self, name: str) -> None:
        """What was done since the last mark was this phase."""
        now = time.perf_counter()
        metrics.PHASE_SECONDS.labels(self._stage, name).observe(now - self._mark)
        self._mark = now

    def committed(self, events: int, outputs: Sequence[Output], source_commits: Sequence[int]) -> None:
        """The batch is visible. `source_commits`: commit times in the source's database, milliseconds."""
        metrics.EVENTS_IN.labels(self._stage).inc(events)
        metrics.BATCH_EVENTS.labels(self._stage).observe(events)
        published = Counter([output.topic.name for output in outputs])
        for topic, count in published.items():
            metrics.EVENTS_OUT.labels(self._stage, topic).inc(count)
        if topics.ATTACHED.name in published:
            answered = sum(isinstance(output.value, Attached) and bool(output.value.person) for output in outputs)
            metrics.HANDOVERS.labels(self._stage).inc(answered)
        if topics.QUARANTINE.name in published:
            for output in outputs:
                if isinstance(output.value, Quarantined):
                    metrics.QUARANTINED.labels(self._stage, output.value.raw.topic, metrics.reason(output.value.reason)).inc()
        if topics.ENTRIES.name in published:
            self._faults([output.value for output in outputs if isinstance(output.value, Entry)])
        now = time.time()
        for at in source_commits:
            metrics.FRESHNESS.labels(self._stage).observe(max(0.0, now - at / 1000))

    def _faults(self, entries: Sequence[Entry]) -> None:
        """Of rules: which contents, by where they came from."""
        found = [entry for entry in entries if entry.rules.get(OF_FACT) == RULE_FAULT.id]
        if found:
            metrics.RULE_FAULTS.labels(self._stage).inc(len(found))
            kinds, raw = sorted({entry.kind for entry in found}), found[0].provenance[0].raw
            log.error("a rule failed on %d entries of %s: shown as they stand; the first rests on %s-%d at %d. This is a fault of Mainstem",
                      len(found), ", ".join(kinds), raw.topic, raw.partition, raw.offset)

    def opened(self, seconds: float, records: int, store: Store) -> None:
        metrics.RECOVERY_SECONDS.labels(self._stage).observe(seconds)
        metrics.RECOVERED.labels(self._stage).inc(records)
        self.size(store)

    def reset(self, inputs: int) -> None:
        """So many inputs are not the logs that they were, and are read anew."""
        metrics.INPUT_RESETS.labels(self._stage).inc(inputs)

    def refused(self) -> None:
        """An input is not the log that it was, and is not read."""
        metrics.INPUT_REFUSED.labels(self._stage, self._partition).set(1)

    def size(self, store: Store) -> None:
        """At most once in ten seconds: call as often as you like."""
        now = time.monotonic()
        if now < self._size_due:
            return
        self._size_due = now + _SIZE_SECONDS
        entries, in_bytes = store.size()
        metrics.STATE_ENTRIES.labels(self._stage, self._partition).set(entries)
        metrics.STATE_BYTES.labels(self._stage, self._partition).set(in_bytes)

    def closed(self) -> None:
        """The partition is another worker's now: its gauges would stand still here."""
        for gauge in (metrics.STATE_ENTRIES, metrics.STATE_BYTES, metrics.INPUT_REFUSED):
            gauge.remove_by_labels({"stage": self._stage, "partition": self._partition})
        metrics.LAG.remove_by_labels({"stage": self._stage, "partition": self._partition})

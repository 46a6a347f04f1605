"""Every metric: its name, type, labels and meaning. Nothing else in the project declares one.

`docs/metrics.md` is checked against this module (`python -m mainstem.observe.metrics` prints the table); dashboards and alert rules
may use no other. Metrics are touched once a batch, never once a message.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector, disable_created_metrics

disable_created_metrics()  # a series more for each counter, which nobody declared

REGISTRY = CollectorRegistry()
"""Of this process. What it holds is what /metrics shows."""
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

LABELS: dict[str, str] = {
    "stage": "`capture`, `linker`, `identity`, `reconcile`, `sink-search`, `sink-analytics`, `sink-cache`",
    "topic": "a topic's name: those of docs/topics.md and one raw topic a source",
    "partition": "a partition's number",
    "phase": "`read`, `wait`, `decode`, `core`, `encode`, `commit`, `state`, `apply`",
    "reason": "a code of why, as in the ledger and the quarantine topic; beyond 100 of them in one process `other`",
    "check": "a check of /healthz",
    "connector": "a connector's name: the database of a source",
    "disk": "`home`: that which holds the home",
}
"""Label -> the values it takes: all bounded, none from a message's content."""


@dataclass(frozen=True, slots=True)
class Declared:
    """One line of the table. `name` is as Prometheus stores it (counters end in `_total`)."""

    name: str
    kind: str
    labels: tuple[str, ...]
    what: str


_declared: list[Declared] = []
_SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)
_FRESH = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 300, 3600)
_SIZES = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)
_OPENING = (0.1, 0.3, 1, 3, 10, 15, 30, 60, 180, 600)


def _counter(name: str, what: str, *labels: str) -> Counter:
    _declared.append(Declared(name, "counter", labels, what))
    return Counter(name.removesuffix("_total"), what, labels, registry=REGISTRY)


def _gauge(name: str, what: str, *labels: str) -> Gauge:
    _declared.append(Declared(name, "gauge", labels, what))
    return Gauge(name, what, labels, registry=REGISTRY)


def _histogram(name: str, what: str, *labels: str, buckets: Sequence[float]) -> Histogram:
    _declared.append(Declared(name, "histogram", labels, what))
    return Histogram(name, what, labels, registry=REGISTRY, buckets=buckets)


EVENTS_IN = _counter("mainstem_events_in_total", "Input messages processed and committed", "stage")
EVENTS_OUT = _counter("mainstem_events_out_total", "Messages published and committed; into a store: nothing, see rows", "stage", "topic")
BATCH_EVENTS = _histogram("mainstem_batch_events", "Input messages of one batch", "stage", buckets=_SIZES)
PHASE_SECONDS = _histogram("mainstem_phase_seconds", "Time one batch spent in one phase of its work", "stage", "phase", buckets=_SECONDS)
ABORTS = _counter("mainstem_transactions_aborted_total", "Transactions given up and tried again", "stage")
INPUT_RESETS = _counter("mainstem_input_resets_total",
                        "Input partitions found made anew, or without their end or unread beginning, since the process started", "stage")
INPUT_REFUSED = _gauge("mainstem_input_refused",
                       "1 while a state partition stands idle, since an input whose offsets count is not the log that it was",
                       "stage", "partition")
LAG = _gauge("mainstem_lag_messages", "Messages between what is processed and the end of the partition", "stage", "topic", "partition")
FRESHNESS = _histogram("mainstem_freshness_seconds",
                       "From the commit in the source's database to committed here, sampled; end to end where the stage is a sink",
                       "stage", buckets=_FRESH)
QUARANTINED = _counter("mainstem_quarantined_total", "Input items put in quarantine", "stage", "topic", "reason")
IGNORED = _counter("mainstem_ignored_total", "Input items ignored for a documented reason", "stage", "topic", "reason")
COLUMNS_UNREAD = _gauge("mainstem_columns_unread",
                        "Columns of captured rows that the mapping neither reads nor leaves on purpose, since the process started", "topic")
RULE_FAULTS = _counter("mainstem_rule_faults_total", "Entries published as they stand, since a rule failed on what is said", "stage")
HANDOVERS = _counter("mainstem_handovers_total", "Source patients taken over whole by another person's record", "stage")
STATE_ENTRIES = _gauge("mainstem_state_entries", "Keys in a state partition, as RocksDB estimates them", "stage", "partition")
STATE_BYTES = _gauge("mainstem_state_bytes", "Bytes of a state partition on disk and in write buffers", "stage", "partition")
RECOVERY_SECONDS = _histogram("mainstem_recovery_seconds", "From owning a state partition to processing: fencing, changelog, all", "stage",
                              buckets=_OPENING)
RECOVERED = _counter("mainstem_recovered_records_total", "Changelog records applied in recoveries", "stage")
SINK_ROWS = _counter("mainstem_sink_rows_total", "Entries and summaries committed to a store", "stage")
SINK_WAITING = _gauge("mainstem_sink_waiting", "1 while the store, the broker or the registry does not answer", "stage")
HEARTBEATS = _counter("mainstem_heartbeats_total", "Heartbeats handed to Kafka", "stage")
HEARTBEAT_AGE = _gauge("mainstem_heartbeat_age_seconds",
                       "Since the stage's last heartbeat, as the web process hears it; +Inf: never, or it cannot tell", "stage")
WELL = _gauge("mainstem_well", "1 where a check of /healthz passes, 0 where it does not or fails itself", "check")
CONNECTOR_RUNNING = _gauge("mainstem_connector_running", "1 while a connector of Kafka Connect and all its tasks run", "connector")
CONNECTOR_HEARD = _gauge("mainstem_connector_heard_seconds",
                         "Seconds since a source's database was heard through its connector", "connector")
CONNECTOR_RESTARTS = _counter("mainstem_connector_restarts_total",
                              "Restarts of a connector that had failed or was no longer heard", "connector")
DISK_FREE = _gauge("mainstem_disk_free_ratio", "Free part of a disk that topics, state and stores grow on", "disk")

ALL: tuple[Declared, ...] = tuple(_declared)

_reasons: dict[str, str] = {}
_CODE = re.compile(r"[a-z][a-z.-]{0,63}")
_MOST_REASONS = 100


def reason(code: str) -> str:
    """The code as a label's value: `other` where it is not shaped as a code, or too many are known already."""
    if code not in _reasons:
        if len(_reasons) >= _MOST_REASONS or not _CODE.fullmatch(code):
            return "other"
        _reasons[code] = code
    return code


def watch_disk(home: Path) -> None:
    """Tell from now on, whenever it is asked, how much of the home's disk is free."""

    def free() -> float:
        found = shutil.disk_usage(home)
        return found.free / found.total

    DISK_FREE.labels("home").set_function(free)


def now(metric: Counter | Gauge | Histogram, **labels: str) -> list[float]:
    """What this process shows of a metric, one value for each series that bears the labels."""
    return [sample.value for family in metric.collect() for sample in family.samples if labels.items() <= sample.labels.items()]


def table() -> str:
    """The metrics as the Markdown tables of `docs/metrics.md`."""
    rows = ["| metric | type | labels | what |", "|---|---|---|---|"]
    rows += [f"| `{one.name}` | {one.kind} | {', '.join(one.labels)} | {one.what} |" for one in ALL]
    rows += ["", "| label | values |", "|---|---|"]
    rows += [f"| `{label}` | {values} |" for label, values in LABELS.items()]
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())

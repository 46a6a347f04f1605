"""The Grafana dashboards as data: `python -m deploy.observability.dashboards` writes them to `deploy/observability/grafana/`.

A test checks that the files are what this module says, and that every metric used is declared in `mainstem/observe/metrics.py`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "grafana"
_WIDTH, _HEIGHT = 12, 8
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True, slots=True)
class Panel:
    """A graph over time: each query with its legend. `unit` is Grafana's."""

    title: str
    what: str
    unit: str
    queries: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    name: str
    title: str
    panels: tuple[Panel, ...]


def _quantile(q: float, metric: str, matcher: str = "") -> str:
    return f"histogram_quantile({q}, sum by (stage, le) (rate({metric}_bucket{matcher}[$__rate_interval])))"


def _rate(metric: str, by: str = "stage") -> str:
    return f"sum by ({by}) (rate({metric}[$__rate_interval]))"


STREAM = Dashboard("stream", "Mainstem: the stream", (
    Panel("Well", "Checks of /healthz: 1 well, 0 not", "short", (("mainstem_well", "{{check}}"),)),
    Panel("Freshness into the stores, 99 %", "From the commit in a trust's database to visible in the store", "s",
          ((_quantile(0.99, "mainstem_freshness_seconds", matcher='{stage=~"sink-.*"}'), "{{stage}}"),)),
    Panel("Freshness into the stores, median", "From the commit in a trust's database to visible in the store", "s",
          ((_quantile(0.5, "mainstem_freshness_seconds", matcher='{stage=~"sink-.*"}'), "{{stage}}"),)),
    Panel("Events taken in", "Input messages processed and committed, a second", "ops",
          ((_rate("mainstem_events_in_total"), "{{stage}}"),)),
    Panel("Events published", "Messages committed, a second", "ops",
          ((_rate("mainstem_events_out_total", "stage, topic"), "{{stage}} → {{topic}}"),)),
    Panel("Lag", "Messages not yet processed", "short", (("sum by (stage) (mainstem_lag_messages)", "{{stage}}"),)),
    Panel("Quarantined", "Items a second that could not be taken in, by where they came from and reason", "ops",
          ((_rate("mainstem_quarantined_total", "stage, topic, reason"), "{{stage}} {{topic}}: {{reason}}"),)),
    Panel("Ignored", "Items a second that say nothing for a record, by where they came from and reason", "ops",
          ((_rate("mainstem_ignored_total", "topic, reason"), "{{topic}}: {{reason}}"),)),
    Panel("Rules that failed", "Entries a second that are shown as they stand, since a rule failed on them", "ops",
          ((_rate("mainstem_rule_faults_total"), "{{stage}}"),)),
    Panel("Heartbeats", "Seconds since each stage was heard", "s", (("mainstem_heartbeat_age_seconds", "{{stage}}"),)),
    Panel("Connectors", "Capture of each source: 1 runs, 0 does not; and restarts a minute after failures", "short",
          (("mainstem_connector_running", "{{connector}}"),
           ("60 * sum by (connector) (rate(mainstem_connector_restarts_total[$__rate_interval]))", "{{connector}} restarts"))),
    Panel("Columns unread", "Columns of captured rows of which nothing is taken, and nobody said so", "short",
          (("sum by (topic) (mainstem_columns_unread)", "{{topic}}"),)),
    Panel("Disk free", "Part of the disk that topics, state and stores grow on", "percentunit",
          (("mainstem_disk_free_ratio", "{{disk}}"),)),
    Panel("Sources heard", "Seconds since each source's database was heard through its connector", "s",
          (("mainstem_connector_heard_seconds", "{{connector}}"),)),
))
ENGINE = Dashboard("engine", "Mainstem: the engine", (
    Panel("Time by phase", "Seconds a second that each stage spends in each phase of its batches", "s",
          ((_rate("mainstem_phase_seconds_sum", "stage, phase"), "{{stage}} {{phase}}"),)),
    Panel("Commit, 99 %", "How long the transaction of a batch takes", "s",
          ((_quantile(0.99, "mainstem_phase_seconds", matcher='{phase="commit"}'), "{{stage}}"),)),
    Panel("Batch size, mean", "Input messages of one batch", "short",
          ((f"{_rate('mainstem_batch_events_sum')} / {_rate('mainstem_batch_events_count')}", "{{stage}}"),)),
    Panel("Lag by partition", "Messages not yet processed", "short",
          (("sum by (stage, topic, partition) (mainstem_lag_messages)", "{{stage}} {{topic}}/{{partition}}"),)),
    Panel("State entries", "Keys of each state partition", "short", (("mainstem_state_entries", "{{stage}}/{{partition}}"),)),
    Panel("State bytes", "On disk and in write buffers", "bytes", (("mainstem_state_bytes", "{{stage}}/{{partition}}"),)),
    Panel("Recoveries", "Partitions taken over, and changelog records applied for it, a second", "short",
          ((_rate("mainstem_recovery_seconds_count"), "{{stage}} partitions"),
           (_rate("mainstem_recovered_records_total"), "{{stage}} records"))),
    Panel("Recovery, longest", "99 % of recoveries took at most", "s", ((_quantile(0.99, "mainstem_recovery_seconds"), "{{stage}}"),)),
    Panel("Transactions aborted", "And tried again, a second", "ops", ((_rate("mainstem_transactions_aborted_total"), "{{stage}}"),)),
    Panel("Inputs reset", "Input partitions found to be other logs than were read, since the process started", "short",
          (("sum by (stage) (mainstem_input_resets_total)", "{{stage}}"),)),
    Panel("Inputs refused", "1 while a state partition stands idle, since an input is another log than was read", "short",
          (("mainstem_input_refused", "{{stage}}/{{partition}}"),)),
    Panel("Handovers", "Source patients taken over by another record, a second", "ops",
          ((_rate("mainstem_handovers_total"), "{{stage}}"),)),
    Panel("Rows into the stores", "Entries and summaries a second", "ops", ((_rate("mainstem_sink_rows_total"), "{{stage}}"),)),
    Panel("Store commit, 99 %", "How long a store takes for a batch", "s",
          ((_quantile(0.99, "mainstem_phase_seconds", matcher='{phase="apply"}'), "{{stage}}"),)),
    Panel("Sinks that wait", "1 while a store or the broker does not answer", "short", (("mainstem_sink_waiting", "{{stage}}"),)),
    Panel("Heartbeats sent", "A second", "ops", ((_rate("mainstem_heartbeats_total"), "{{stage}}"),)),
    Panel("Memory", "Resident bytes of each process", "bytes", (("process_resident_memory_bytes", "{{process}}"),)),
    Panel("Processor", "Cores in use by each process", "short", (("rate(process_cpu_seconds_total[$__rate_interval])", "{{process}}"),)),
))
ALL: tuple[Dashboard, ...] = (STREAM, ENGINE)


def rendered(one: Dashboard) -> str:
    """The JSON that Grafana imports."""
    return json.dumps({
        "uid": f"mainstem-{one.name}", "title": one.title, "tags": ["mainstem"], "schemaVersion": 39, "version": 1, "refresh": "10s",
        "time": {"from": "now-30m", "to": "now"}, "timezone": "utc", "editable": False,
        "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}]},
        "panels": [_panel(number, panel) for number, panel in enumerate(one.panels)],
    }, indent=1, ensure_ascii=False) + "\n"


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    return {
        "id": number + 1, "type": "timeseries", "title": panel.title, "description": panel.what, "datasource": _SOURCE,
        "gridPos": {"x": number % 2 * _WIDTH, "y": number // 2 * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": _targets(panel.queries),
    }


def _targets(queries: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    return [{"refId": chr(ord("A") + number), "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
            for number, (expression, legend) in enumerate(queries)]


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for dashboard in ALL:
        (FOLDER / f"{dashboard.name}.json").write_text(rendered(dashboard))

"""Bringing a whole Mainstem up on one machine: servers, topics, trusts, processes, capture. `Platform` is what then runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from deploy.platform import heaps
from deploy.platform.capture import CaptureWatch
from deploy.platform.processes import processes
from deploy.platform.supervisor import Supervisor
from deploy.stack import Endpoints, rereading
from deploy.stack.connectors import ensure_captured
from deploy.stack.layout import Layout
from mainstem.observe import metrics, serving
from processors.lane.snapshots import RECORDS
from schemas import registered, topics
from schemas.beats import Beats
from schemas.codec import Codec
from schemas.kafka import ensure_topics
from seeds.trusts import TRUSTS, Trust

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Platform:
    """A running Mainstem. `stop` ends our processes; the servers are the stack's."""

    home: Path
    endpoints: Endpoints
    supervisor: Supervisor
    capture: CaptureWatch

    def stop(self) -> None:
        self.capture.stop()
        self.supervisor.stop()


def prepare(endpoints: Endpoints, sources: Sequence[str]) -> Codec:
    """Topics and schemas, made where missing. Raises what `ensure_topics`, `registered.check` and the registry raise."""
    every = (*topics.ALL, *(topics.raw(source) for source in sources))
    ensure_topics(endpoints.kafka, every)
    codec = Codec(endpoints.registry)
    registered.check(endpoints.kafka, codec, topics.ALL)
    codec.register(topics.ALL)
    return codec


def start(endpoints: Endpoints, home: Path, sources: Sequence[str], web_port: int, say: Say, workers: int = 1,
          snapshot_records: int = RECORDS, more: Mapping[str, str] | None = None) -> Platform:
    """Our processes and the connectors, supervised. Topics and schemas must be there (`prepare`). `more`: of their environment."""
    environment = {"MAINSTEM_METRICS_DIR": str(home / serving.DIRECTORY), **heaps.shared(), **(more or {})}
    ours = processes(endpoints, home, sources, web_port, workers, snapshot_records)
    supervisor = Supervisor(ours, home / "logs", say, environment, Layout(home).logs)
    supervisor.start()
    capture = CaptureWatch(endpoints.connect, say, heard=Beats(endpoints.kafka).heard)
    capture.start()
    metrics.watch_disk(home)
    serving.serve("supervisor", home / serving.DIRECTORY)
    return Platform(home, endpoints, supervisor, capture)


def capture_trusts(endpoints: Endpoints, say: Say) -> None:
    """A Debezium connector for each synthetic trust, side by side; returns when their tasks run. Raises ConnectorFailedError,
    KafkaException."""

    def capture(trust: Trust) -> None:
        ensure_captured(endpoints, trust.source, endpoints.postgres, trust.database, trust.tables)
        say(f"capturing {trust.source}")

    rereading.ensure_topic(endpoints.kafka)
    with ThreadPoolExecutor(len(TRUSTS)) as pool:
        list(pool.map(capture, TRUSTS))

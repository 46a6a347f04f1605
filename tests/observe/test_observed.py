"""Real processes on a real broker, observed as an operator would: one trace from capture to a store, metrics of each, and no canary."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from mainstem.observe import metrics
from mainstem.observe.serving import targets
from producers.contract import RawMessage
from schemas import kafka as clients
from schemas import log, topics
from schemas.codec import Codec
from tests.observe.receiver import Receiver, receiving
from tests.producers.changes import ALLERGY, BEGUN, COMMITTED_MS, PATIENT, SMALL, change, message

ROOT = Path(__file__).parents[2]
CANARY, NUMBER, NAME = "Zebedee-Canary", "9990000018", "Penicillin"
SOURCE = "RXZ/observed"
CANARIES = (CANARY, NUMBER, NAME, str(PATIENT["born"]), f"{SOURCE}|1")
MESSAGES = 60


@dataclass
class Observed:
    """capture, worker and the cache's sink, with metrics, JSON logs and a trace of one message in ten."""

    directory: Path
    receiver: Receiver
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, name: str, *command: str, **environment: str) -> None:
        given = os.environ | {"MAINSTEM_METRICS_DIR": str(self.directory / "metrics"), "MAINSTEM_LOG_FORMAT": "json",
                              "MAINSTEM_OTLP_ENDPOINT": self.receiver.endpoint, "MAINSTEM_TRACE_ONE_IN": "10"} | environment
        with (self.directory / f"{name}.log").open("ab") as log:
            self.processes.append(subprocess.Popen([sys.executable, "-m", *command], stdout=log, stderr=log, env=given, cwd=ROOT))

    def scraped(self) -> dict[str, str]:
        return {target.process: httpx.get(target.url, timeout=5).text for target in targets(self.directory / "metrics")}

    def logs(self) -> str:
        return "".join(path.read_text() for path in self.directory.glob("*.log"))


def eventually(holds: Callable[[], bool], what: str, logs: Callable[[], str], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s\n{logs()[-4000:]}"
        time.sleep(0.1)


def rows() -> list[RawMessage]:
    made = [change("c", "patient", after=PATIENT | {"mrn": "1", "nhs": NUMBER}, lsn=BEGUN)]
    made += [change("c", "allergy", after=ALLERGY | {"id": n, "mrn": "1", "note": CANARY, "term": NAME}, lsn=BEGUN + n)
             for n in range(1, MESSAGES - 1)]
    return [*made, message(CANARY.encode())]


@pytest.fixture(scope="module")
def observed(kafka: str, registry: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    directory = tmp_path_factory.mktemp("observed")
    raw = topics.raw(SOURCE)
    clients.ensure_topics(kafka, [*topics.ALL, raw])
    Codec(registry).register(topics.ALL)
    (directory / "mappings").mkdir()
    (directory / "mappings" / "test.yaml").write_text(SMALL.replace("RXX/test", SOURCE))
    producer = clients.producer(kafka)
    for one in rows():
        producer.produce(raw.name, one.value, one.key, partition=0)
    assert producer.flush(30) == 0
    servers = ("--kafka", kafka, "--registry", registry)
    with receiving() as receiver:
        made = Observed(directory, receiver)
        try:
            made.start("capture", "producers.capture", *servers, "--source", SOURCE, "--group", "capture-observed", "--mappings",
                       str(directory / "mappings"))
            made.start("worker", "processors.apps.worker", *servers, "--state-dir", str(directory / "state"), "--instance", "observed")
            made.start("sink-cache", "sinks.runner", *servers, "--store", "cache", "--home", str(directory), "--redis", redis_url)
            yield made
        finally:
            for process in made.processes:
                process.kill()
                process.wait(10)


def test_one_trace_from_the_sources_commit_to_a_store(observed: Observed) -> None:
    def whole() -> bool:
        return any({"capture", "identity", "reconcile", "sink-cache"} <= {span.name for span in spans}
                   for spans in observed.receiver.traces().values())

    eventually(whole, "a trace over all stages", observed.logs)
    spans = next(spans for spans in observed.receiver.traces().values() if "sink-cache" in {span.name for span in spans})
    by_id = {span.span_id: span for span in spans}
    path, at = [], next(span for span in spans if span.name == "sink-cache")
    while True:
        path.append(at)
        if not at.parent_span_id:
            break
        at = by_id[at.parent_span_id]
    assert [span.name for span in path] == ["sink-cache", "reconcile", "identity", "capture"]
    assert path[-1].start_time_unix_nano == COMMITTED_MS * 1_000_000, "it begins with the commit in the source"
    ends = [span.end_time_unix_nano for span in reversed(path)]
    assert ends == sorted(ends)
    linked = {link.span_id for spans in observed.receiver.traces().values() for span in spans if span.name.endswith(" batch")
              for link in span.links}
    eventually(lambda: by_id.keys() <= {link.span_id for spans in observed.receiver.traces().values() for span in spans
                                        for link in span.links}, "a batch span linked to each", observed.logs, 10)
    assert linked


def test_claims_are_followed_to_the_assignment(observed: Observed) -> None:
    """Message 0 is the patient row: its claim goes through the linker, and what the linker decides goes on to the identity stage."""
    eventually(lambda: any({"linker", "identity"} <= {span.name for span in spans} for spans in observed.receiver.traces().values()),
               "a trace through the linker", observed.logs)


def test_only_one_in_so_many_is_followed(observed: Observed) -> None:
    offsets = {attribute.value.int_value for spans in observed.receiver.traces().values() for span in spans if span.name == "capture"
               for attribute in span.attributes if attribute.key == "messaging.kafka.offset"}
    assert offsets and all(offset % 10 == 0 for offset in offsets)


def test_metrics_of_each_process(observed: Observed) -> None:
    def value(process: str, name: str, **labels: str) -> float:
        text = observed.scraped().get(process, "")
        return sum(sample.value for family in text_string_to_metric_families(text) for sample in family.samples
                   if sample.name == name and labels.items() <= sample.labels.items())

    eventually(lambda: value("capture", "mainstem_events_in_total", stage="capture") >= MESSAGES, "capture's count", observed.logs)
    eventually(lambda: value("sink-cache", "mainstem_sink_rows_total") >= 3, "the store's rows", observed.logs)
    assert value("capture", "mainstem_quarantined_total", stage="capture", topic=topics.raw(SOURCE).name, reason="unreadable") == 1
    for stage in ("linker", "identity", "reconcile"):
        assert value("observed", "mainstem_events_in_total", stage=stage) > 0
        assert value("observed", "mainstem_recovery_seconds_count", stage=stage) >= 1
        for phase in ("wait", "decode", "core", "encode", "commit", "state"):
            assert value("observed", "mainstem_phase_seconds_count", stage=stage, phase=phase) > 0, (stage, phase)
    assert value("observed", "mainstem_state_bytes", stage="reconcile") > 0
    assert value("observed", "mainstem_heartbeats_total") > 0
    assert value("sink-cache", "mainstem_freshness_seconds_count", stage="sink-cache") > 0
    eventually(lambda: value("observed", "mainstem_lag_messages") == 0 and "mainstem_lag_messages{" in observed.scraped()["observed"],
               "no lag", observed.logs)


def test_nothing_of_a_patient_is_told(observed: Observed) -> None:
    eventually(lambda: bool(observed.receiver.raw) and len(observed.scraped()) == 3, "spans and metrics", observed.logs)
    told = "".join(observed.scraped().values()) + observed.receiver.raw.decode("latin-1") + observed.logs()
    for canary in (*CANARIES, "1980-"):
        assert canary.lower() not in told.lower()
    declared = {one.name.removesuffix("_total") for one in metrics.ALL}
    for text in observed.scraped().values():
        for family in text_string_to_metric_families(text):
            assert family.name in declared or family.name.startswith(("process_", "python_"))
            assert all(set(sample.labels) <= metrics.LABELS.keys() | {"le"} for sample in family.samples
                       if family.name in declared)


def test_nothing_of_a_patient_is_told_in_headers(kafka: str, observed: Observed) -> None:
    def headers(topic: topics.Topic) -> list[tuple[str, bytes]]:
        return [header for message in log.read(kafka, topic) for header in message.headers() or ()]

    eventually(lambda: {"ce_id", "traceparent"} <= {name for name, _ in headers(topics.ENTRIES)}, "an entry with headers",
               observed.logs)
    for topic in topics.ALL:
        for name, value in headers(topic):
            assert not any(canary.lower() in f"{name}: {value.decode()}".lower() for canary in CANARIES), topic.name

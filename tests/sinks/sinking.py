"""A sink on a real broker for tests: a log of its own, and the sink as a thread or as a process that may be killed."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka.admin import AdminClient

from mainstem.model import Entry, Summary
from schemas import kafka as clients
from schemas import topics
from schemas.codec import Codec
from schemas.partition import partition
from schemas.topics import Topic
from sinks.contract import Store
from sinks.sink import Sink

DEADLINE = 60


class Log:
    """Topics of entries and summaries of a test's own."""

    def __init__(self, kafka: str, registry: str) -> None:
        mark = uuid.uuid4().hex[:8]
        self.kafka, self.registry, self.codec = kafka, registry, Codec(registry)
        self.entries = dataclasses.replace(topics.ENTRIES, name=f"test.{mark}.entries.v1")
        self.summaries = dataclasses.replace(topics.SUMMARIES, name=f"test.{mark}.summaries.v1")
        self.make()

    @property
    def inputs(self) -> tuple[Topic, Topic]:
        return self.entries, self.summaries

    def make(self) -> None:
        clients.ensure_topics(self.kafka, [*self.inputs, topics.HEARTBEATS, topics.QUARANTINE])

    def remove(self) -> None:
        admin = AdminClient({"bootstrap.servers": self.kafka})
        for future in admin.delete_topics([topic.name for topic in self.inputs]).values():
            future.result()
        until(lambda: not {t.name for t in self.inputs} & admin.list_topics(timeout=10).topics.keys())

    def write(self, *values: Entry | Summary | bytes) -> None:
        producer = clients.producer(self.kafka)
        for value in values:
            topic = self.summaries if isinstance(value, Summary) else self.entries
            person = "a" if isinstance(value, bytes) else value.person
            data = value if isinstance(value, bytes) else self.codec.encoder(topic)(value)
            producer.produce(topic.name, data, person, partition=partition(person, topic.partitions))
        assert producer.flush(20) == 0


@contextmanager
def running(store: Store, log: Log, **how: bool) -> Iterator[Sink]:
    sink, stop = Sink(store, log.kafka, log.registry, uuid.uuid4().hex, log.inputs), threading.Event()
    thread = threading.Thread(target=sink.run, args=(stop,), kwargs=how)
    thread.start()
    try:
        yield sink
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def until(holds: Callable[[], bool], patience: float = DEADLINE) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, "did not come about in time"
        time.sleep(0.05)


PROCESS = """
import sys, threading
from pathlib import Path
from dataclasses import replace
from schemas import topics
from sinks.runner import STORES, Where
from sinks.sink import Sink
name, kafka, registry, home, redis, entries, summaries = sys.argv[1:]
store, beside = STORES[name](Where(Path(home), redis))
inputs = replace(topics.ENTRIES, name=entries), replace(topics.SUMMARIES, name=summaries)
with beside:
    Sink(store, kafka, registry, "killed", inputs).run(threading.Event())
"""


def process(name: str, log: Log, home: Path, redis: str) -> subprocess.Popen[bytes]:
    """`name` of a store, as `sinks.runner` has it; the environment says where it lies."""
    command = [sys.executable, "-c", PROCESS, name, log.kafka, log.registry, str(home), redis, log.entries.name, log.summaries.name]
    return subprocess.Popen(command, env=os.environ | {"MAINSTEM_QUERY_PORT": "0"}, stderr=subprocess.DEVNULL)

"""A world for the lane: the toy stage's topics on a real broker, input, workers as processes, and what came out."""

from __future__ import annotations

import re
import subprocess
import sys
import uuid
from collections import Counter as Tally
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from confluent_kafka import Message
from confluent_kafka.admin import AdminClient

from mainstem.model import Assertion, RawRef
from processors.lane import changelog, reader
from processors.lane.contract import Received
from processors.lane.errors import OutputRefusedError, StageError
from processors.lane.lane import SESSION_SECONDS
from processors.lane.owner import Owner, Span
from processors.lane.snapshots import Snapshots
from processors.lane.watch import Watch
from schemas import topics
from schemas.codec import Codec
from schemas.kafka import ensure_topics, producer
from schemas.partition import partition
from schemas.topics import Topic
from tests.eventually import eventually
from tests.processors.lane.toy import Counter

Fault = TypeVar("Fault", StageError, OutputRefusedError)


class World:
    """One toy stage under a prefix of its own."""

    def __init__(self, kafka: str, registry: str, directory: Path, stage: type[Counter] = Counter) -> None:
        self.kafka, self.registry, self.directory = kafka, registry, directory
        self.prefix = f"toy-{uuid.uuid4().hex[:8]}"
        self.stage = stage(self.prefix)
        self.codec = Codec(registry)
        ensure_topics(kafka, [self.stage.source, self.stage.changelog, self.stage.out, topics.HEARTBEATS, topics.QUARANTINE])
        self._encode = self.codec.encoder(self.stage.source)
        self._producer = producer(kafka)
        self.sent: Tally[str] = Tally()
        self.workers: list[subprocess.Popen[bytes]] = []

    def send(self, count: int, *, patients: int = 50, record: str = "allergy/1") -> None:
        """Assertions of patients in turn."""
        for i in range(count):
            value = Assertion(source="RXA/epr", patient=str(i % patients), record=record, kind="allergy", position=f"{i:016x}",
                              raw=RawRef("raw.rxa-epr.v1", 0, i))
            self.send_bytes(value.subject, self._encode(value))
            self.sent[value.subject] += 1
        self._producer.flush()

    def send_bytes(self, key: str, value: bytes) -> None:
        self._producer.produce(self.stage.source.name, value, key.encode(), partition=partition(key, self.stage.source.partitions))
        self._producer.poll(0)

    def flush(self) -> None:
        self._producer.flush()

    def worker(self, name: str, *, instance: str = "", stage: str = "Counter", session: float = SESSION_SECONDS) -> subprocess.Popen[bytes]:
        """Start a worker process; its log is `<name>.log`, its state `<name>`, both in the world's directory. `session`: seconds after
        which its partitions are others'."""
        command = [sys.executable, "-m", "tests.processors.lane.toy_worker", self.prefix, self.kafka, self.registry,
                   str(self.directory / name), instance, str(session), stage]
        with (self.directory / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        self.workers.append(process)
        return process

    def log(self, name: str) -> str:
        return (self.directory / f"{name}.log").read_text()

    def end(self) -> None:
        for process in self.workers:
            if process.poll() is None:
                process.kill()
            process.wait()

    def messages(self, topic: Topic) -> Iterator[Message]:
        """Everything committed in a topic."""
        consumer = changelog.reader(self.kafka)
        try:
            for batch in changelog.batches(consumer, topic.name, dict.fromkeys(range(topic.partitions), 0)):
                yield from batch
        finally:
            consumer.close()

    def processed(self) -> int:
        """How many input messages the markers have passed."""
        found = reader.markers(self.kafka, self.stage.changelog)
        return sum(offset for of_partition in found.values() for offset in of_partition.values())

    def await_all(self, seconds: float = 120) -> None:
        # The toy's input is written without transactions, so that offsets count messages.
        eventually(lambda: self.processed() >= self.sent.total(), "processing all input", seconds)

    def check(self) -> None:
        """Outputs and state are exactly those of the input: nothing lost, nothing doubled, in order."""
        seen: Tally[str] = Tally()
        for message in self.messages(self.stage.out):
            subject = (message.key() or b"").decode()
            seen[subject] += 1
            assert int(message.value() or b"") == seen[subject], f"{subject}: output {message.value()!r} is number {seen[subject]}"
        assert seen == self.sent
        assert self.state() == dict(self.sent)

    def state(self) -> dict[str, int]:
        """Counts by subject, folded from the changelog."""
        partitions = reader.changelog_state(self.kafka, self.stage.changelog)
        return {key.removeprefix(b"count|").decode(): int(value) for state in partitions.values() for key, value in state.items()}


@pytest.fixture
def world(kafka: str, registry: str, tmp_path: Path) -> Iterator[World]:
    made = World(kafka, registry, tmp_path)
    yield made
    made.end()


class Place:
    """Partition 0 of a world, with owners made on demand."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._owners: list[Owner] = []

    def owner(self, directory: str, stage: object = None, snapshots: Snapshots | None = None) -> Owner:
        made = Owner(stage or self.world.stage, 0, kafka=self.world.kafka, codec=self.world.codec,  # type: ignore[arg-type]
                     state_dir=self.world.directory / directory, watch=Watch(pytest.fail), snapshots=snapshots)
        self._owners.append(made)
        return made

    def span(self, start: int = 0, stop: int | None = None) -> Span:
        """What the input partition holds from `start` on."""
        source = self.world.stage.source
        consumer = changelog.reader(self.world.kafka)
        found = [m for batch in changelog.batches(consumer, source.name, {0: start}) for m in batch]
        consumer.close()
        received = [Received(source, 0, m.offset() or 0, m.timestamp()[1], m.key(), m.value()) for m in found]
        received = [r for r in received if stop is None or r.offset < stop]
        return Span(source, received[-1].offset + 1, received)

    def check(self) -> None:
        """Outputs of partition 0 are those of its input."""
        wanted = [m.key for m in self.span().messages if m.value != b"rubbish"]
        found = [m.key() for m in self.world.messages(self.world.stage.out)]
        assert sorted(wanted) == sorted(found)  # type: ignore[type-var]

    def stopped(self, stage: Counter, record: str, kind: type[Fault]) -> Fault:
        """What an owner of the stage raises at the first of some messages of this record: it names that one, and what lies before it is
        processed."""
        before = self.span().next
        self.world.send(50, record=record)
        owner = self.owner("a", stage)
        owner.open()
        with pytest.raises(kind) as raised:
            owner.run([self.span()])
        assert raised.value.offset == before
        owner.run([self.span(stop=before)])
        assert owner.markers == {self.world.stage.source.name: before}
        return raised.value

    def close(self) -> None:
        for owner in self._owners:
            owner.close()


@pytest.fixture
def place(world: World) -> Iterator[Place]:
    world.send(400)
    made = Place(world)
    yield made
    made.close()


def opened(world: World, name: str) -> list[int]:
    """Partitions in the order in which the worker opened them."""
    return [int(found) for found in re.findall(rf"{world.stage.name}-(\d+): opened", world.log(name))]


def make_anew(kafka: str, topic: Topic) -> None:
    admin = AdminClient({"bootstrap.servers": kafka})
    for future in admin.delete_topics([topic.name]).values():
        future.result()
    eventually(lambda: topic.name not in admin.list_topics().topics, "deletion")
    ensure_topics(kafka, [topic])

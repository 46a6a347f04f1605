"""One run of one candidate: the input laid out but not yet committed, the processes started and ready, then the commit, and the clock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue

import psutil
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from deploy.bench.candidates.core import PARTITIONS, changelog, events
from mainstem.person_events import PersonEvent
from processors.lane.changelog import bounds, reader
from schemas import kafka, log, topics
from schemas.codec import Codec
from schemas.log import Stretch
from schemas.partition import partition

_OPEN_MS = 600_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """`letter` as in docs/bench.md. `python`: whose environment it runs in. `processes` of it share the partitions."""

    letter: str
    name: str
    module: str
    python: Path
    processes: int = 1


@dataclass(frozen=True, slots=True)
class Run:
    """`cpu`: seconds of processor time of the candidate's processes, from the commit of the input to the last event's commit."""

    candidate: str
    events: int
    seconds: float
    cpu: float
    rss: int
    """Bytes, the most that one process had."""
    topic: str


class CandidateFailedError(Exception):
    """A candidate ended early, stood still, or came to other records than the fold."""


@dataclass(slots=True)
class Input:
    """The encoded input, and what it must come to."""

    messages: Sequence[tuple[bytes, bytes, int]]
    """Key, value, partition."""
    digests: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ring:
    """Where runs take place: a broker and a registry of the bench's own."""

    bootstrap: str
    registry: str
    folder: Path
    patience: float = 400
    """Seconds that a run may take."""

    def encoded(self, made: Sequence[PersonEvent], digests: dict[str, str]) -> Input:
        encode = Codec(self.registry).encoder(topics.PERSON_EVENTS)
        return Input([(each.person.encode(), encode(each), partition(each.person, PARTITIONS)) for each in made], digests)

    def run(self, candidate: Candidate, given: Input, *, keep: bool = False) -> Run:
        """Raises CandidateFailedError. `keep`: leave its topics where they are."""
        topic = f"bench-{candidate.letter}-{uuid.uuid4().hex[:8]}"
        kafka.ensure_topics(self.bootstrap, [events(topic), changelog(topic), *topics.ALL])
        before = self._summaries()
        laid = self._lay(topic, given)
        processes = [_Process(candidate, self, topic, len(given.messages), number) for number in range(candidate.processes)]
        try:
            _await_ready(processes, self.patience)
            start, spent = time.monotonic(), [each.spent() for each in processes]
            for each in processes:
                each.go()
            laid.commit_transaction(30)
            _await_done(processes, len(given.messages), self.patience)
            ends = [each.last for each in processes]
            run = Run(candidate.letter, len(given.messages), max(end["at"] for end in ends) - start,
                      sum(end["cpu"] for end in ends) - sum(spent), max(int(end["rss"]) for end in ends), topic)
        finally:
            for each in processes:
                each.end()
        self._check(candidate, before, given)
        if not keep:
            self.forget(topic)
        return run

    def forget(self, topic: str) -> None:
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 3})
        mine = [name for name in admin.list_topics(timeout=15).topics if topic in name]
        for done in admin.delete_topics(mine).values():
            done.result()

    def _lay(self, topic: str, given: Input) -> Producer:
        """All events written in a transaction that is still open: a committed reader sees none of them yet."""
        producer = kafka.producer(self.bootstrap, transactional_id=f"lay-{topic}", transaction_timeout_ms=_OPEN_MS)
        producer.init_transactions(30)
        producer.begin_transaction()
        for key, value, place in given.messages:
            producer.produce(topic, value, key, partition=place)
            producer.poll(0)
        producer.flush(60)
        return producer

    def _summaries(self) -> dict[int, int]:
        """Partition -> end offset."""
        consumer = reader(self.bootstrap)
        try:
            return {place: bounds(consumer, topics.SUMMARIES.name, place)[1] for place in range(topics.SUMMARIES.partitions)}
        finally:
            consumer.close()

    def _check(self, candidate: Candidate, before: dict[int, int], given: Input) -> None:
        """The summaries that the run published say the digests of the fold."""
        decode = Codec(self.registry).decoder(topics.SUMMARIES)
        wanted = {place: Stretch(before.get(place, 0), end) for place, end in self._summaries().items()}
        latest: dict[str, tuple[int, str]] = {}
        for message in log.read_stretches(self.bootstrap, topics.SUMMARIES, wanted):
            summary = decode(message.value())
            latest[summary.person] = max(latest.get(summary.person, (0, "")), (summary.revision, summary.digest))
        found = {person: digest for person, (_, digest) in latest.items()}
        if found != given.digests:
            wrong = sum(found.get(person) != digest for person, digest in given.digests.items())
            raise CandidateFailedError(f"({candidate.letter}) {candidate.name}: {wrong} of {len(given.digests)} records are not those of "
                                       "the fold; its figures would mean nothing")


class _Process:
    def __init__(self, candidate: Candidate, ring: Ring, topic: str, count: int, number: int) -> None:
        folder = ring.folder / topic / str(number)
        folder.mkdir(parents=True)
        command = [str(candidate.python), "-m", candidate.module, "--kafka", ring.bootstrap, "--registry", ring.registry,
                   "--topic", topic, "--folder", str(folder), "--events", str(count)]
        self.what = f"({candidate.letter}) {candidate.name}"
        self.log = folder / "log"
        with self.log.open("wb") as errors:
            self._popen = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
                                           env={**os.environ, "PYTHONUNBUFFERED": "1"})
        self.lines: Queue[dict[str, float]] = Queue()
        self.ready = 0
        self.last: dict[str, float] = {"done": 0, "at": 0.0, "cpu": 0.0, "rss": 0}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            if line.startswith("{"):
                found = json.loads(line)
                if "ready" in found:
                    self.ready = int(found["ready"])
                else:
                    self.last = found
                self.lines.put(found)

    def spent(self) -> float:
        """Processor seconds so far."""
        times = psutil.Process(self._popen.pid).cpu_times()
        return times.user + times.system

    def go(self) -> None:
        assert self._popen.stdin is not None
        self._popen.stdin.write("go\n")
        self._popen.stdin.flush()

    def ended(self) -> bool:
        return self._popen.poll() is not None

    def end(self) -> None:
        self._popen.terminate()
        try:
            self._popen.wait(15)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()


def _await_ready(processes: Sequence[_Process], patience: float) -> None:
    """Every partition is owned, each process has its share, and so it stays for a moment."""
    def even() -> bool:
        return sum(each.ready for each in processes) == PARTITIONS and all(each.ready == PARTITIONS // len(processes) for each in processes)

    deadline, since = time.monotonic() + patience, 0.0
    while True:
        _listen(processes, deadline, "be ready")
        if not even():
            since = 0.0
        elif not since:
            since = time.monotonic()
        elif time.monotonic() - since > 1.0:
            return


def _await_done(processes: Sequence[_Process], count: int, patience: float) -> None:
    deadline = time.monotonic() + patience
    while sum(each.last["done"] for each in processes) < count:
        _listen(processes, deadline, "take all in")


def _listen(processes: Sequence[_Process], deadline: float, what: str) -> None:
    for each in processes:
        if each.ended() and not each.last["done"]:
            raise CandidateFailedError(f"{each.what} ended before it could {what}; its log is {each.log}")
        try:
            each.lines.get(timeout=0.05)
        except Empty:
            continue
    if time.monotonic() > deadline:
        raise CandidateFailedError(f"{processes[0].what} did not {what} in time; its log is {processes[0].log}")


def ours(letter: str, name: str, module: str, processes: int = 1) -> Candidate:
    """One that runs in our environment."""
    return Candidate(letter, name, f"deploy.bench.candidates.{module}", Path(sys.executable), processes)

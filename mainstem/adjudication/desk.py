"""What lies on the desk of whoever decides: open review tasks and decisions made, from topics read up to their end when asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from mainstem.adjudication.blast import Radius
from mainstem.adjudication.errors import LogUnavailableError
from mainstem.adjudication.explain import Shown, Why, found, show, why
from mainstem.adjudication.history import Passed
from mainstem.adjudication.reach import Reach
from mainstem.adjudication.standing import Decided, Proposal, Standing
from mainstem.model import Claim, Task
from mainstem.shelf import ReleaseError
from processors.identity.scoring.shelf import Opened, only_shipped
from schemas import kafka, log, topics
from schemas.codec import Codec
from schemas.errors import RegistryUnavailableError, UndecodableError
from schemas.readable import Readable

T = TypeVar("T")
OPEN = "open"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A review task that is open."""

    task: Task
    since: int
    """When it opened, in milliseconds: append time."""


class Desk:
    """Over claims and tasks that somebody else brings: `Standing`, and the latest word on each task."""

    def __init__(self, key: bytes, models: Opened = only_shipped) -> None:
        self.standing = Standing(key, models)
        self._waiting: dict[str, Waiting] = {}
        self._closed: dict[str, Task] = {}

    def put(self, task: Task, at: int) -> None:
        if task.status == OPEN:
            held = self._waiting.get(task.id)
            self._waiting[task.id] = Waiting(task, held.since if held else at)
            self._closed.pop(task.id, None)
        else:
            self._waiting.pop(task.id, None)
            self._closed[task.id] = task

    def waiting(self) -> list[Waiting]:
        """Open tasks, the oldest first."""
        return sorted(self._waiting.values(), key=lambda each: (each.since, each.task.id))

    def task(self, beginning: str) -> Waiting | None:
        """The one open task whose id begins so."""
        found = self._waiting.get(beginning)
        begin = [found] if found else [each for name, each in self._waiting.items() if beginning and name.startswith(beginning)]
        return begin[0] if len(begin) == 1 else None

    def closed(self, id_: str) -> bool:
        return id_ in self._closed


class KafkaDesk:
    """The desk of a running Mainstem. Safe to share between threads; every call first reads the topics up to their end."""

    def __init__(self, bootstrap: str, codec: Codec, key: bytes, models: Opened = only_shipped, *, seconds: float = 20.0) -> None:
        self._bootstrap, self._codec, self._seconds = bootstrap, codec, seconds
        self._desk, self._key, self._models = Desk(key, models), key, models
        self._next: dict[tuple[str, int], int] = {}
        self._lock = threading.Lock()

    def waiting(self) -> Sequence[Waiting]:
        return self._asked(lambda desk: desk.waiting())

    def task(self, beginning: str) -> Waiting | None:
        return self._asked(lambda desk: desk.task(beginning))

    def closed(self, id_: str) -> bool:
        return self._asked(lambda desk: desk.closed(id_))

    def decisions(self) -> Sequence[Decided]:
        return self._asked(lambda desk: list(desk.standing.decisions()))

    def decision(self, id_: str) -> Decided | None:
        return self._asked(lambda desk: desk.standing.decision(id_))

    def about(self, one: str, other: str) -> Sequence[Decided]:
        return self._asked(lambda desk: desk.standing.about(one, other))

    def person_of(self, subject: str) -> str:
        return self._asked(lambda desk: desk.standing.where(subject).person)

    def members(self, person: str) -> Sequence[str]:
        return self._asked(lambda desk: desk.standing.members(person))

    def carriers(self, number: str) -> Sequence[str]:
        return self._asked(lambda desk: desk.standing.carriers(number))

    def proposal(self, one: str, other: str, *, apart: bool, who: str, why: str, undo: bool = False) -> Proposal:
        """Raises NotDecidableError and LogUnavailableError."""
        when = now()
        return self._asked(lambda desk: desk.standing.proposal(one, other, apart=apart, who=who, when=when, why=why, undo=undo))

    def radius(self, one: str, other: str) -> Sequence[Radius]:
        return Reach(self._bootstrap, self._codec, self._key, self._models, seconds=self._seconds).of([(one, other)])

    def found(self, whom: str) -> Sequence[str]:
        """The persons meant by a source patient, a person id or an NHS number. Raises UnknownError."""
        return self._asked(lambda desk: found(whom, desk.standing))

    def show(self, person: str) -> Shown:
        """Raises UnknownError."""
        return self._asked(lambda desk: show(person, desk.standing))

    def why(self, one: str, other: str) -> Why:
        """Raises UnknownError."""
        return self._asked(lambda desk: why(one, other, desk.standing))

    def history(self, person: str) -> tuple[Sequence[Passed], Sequence[Radius]]:
        """Who came to a person and who left, and what it did that they were one with whoever is not with them now."""
        return Reach(self._bootstrap, self._codec, self._key, self._models, seconds=self._seconds).of_person(person, self.members(person))

    def record(self, claim: Claim) -> None:
        """Returns when the broker has it. Raises LogUnavailableError."""
        failed: list[Any] = []
        try:
            producer = kafka.producer(self._bootstrap, message_timeout_ms=int(self._seconds * 1000), linger_ms=0)
            value = self._codec.encoder(topics.CLAIMS)(claim)
            producer.produce(topics.CLAIMS.name, value, claim.subject.encode(), partition=0,
                             on_delivery=lambda error, _: failed.append(error) if error else None)
            if producer.flush(self._seconds + 1) or failed:
                raise LogUnavailableError("the broker did not take the decision")
        except (KafkaException, BufferError, RegistryUnavailableError) as fault:
            raise LogUnavailableError(type(fault).__name__) from None

    def _asked(self, ask: Callable[[Desk], T]) -> T:
        if not self._lock.acquire(timeout=self._seconds):
            raise LogUnavailableError("the claims are still being read")
        try:
            self._read()
            self._desk.standing.settle()
            return ask(self._desk)
        except (RegistryUnavailableError, UndecodableError) as fault:
            raise LogUnavailableError(type(fault).__name__) from None
        except ReleaseError as fault:
            raise LogUnavailableError(str(fault)) from None
        except KafkaException as fault:
            raise LogUnavailableError(fault.args[0].name()) from None
        finally:
            self._lock.release()

    def _read(self) -> None:
        """What the topics hold beyond what has been read. A fault half-way leaves what was read, and the rest for the next time."""
        consumer = kafka.consumer(self._bootstrap, "mainstem-desk", enable_partition_eof=True)
        try:
            open_ = {(topic.name, p) for topic in (topics.CLAIMS, topics.TASKS) for p in range(topic.partitions)}
            consumer.assign([TopicPartition(name, p, self._next.get((name, p), 0)) for name, p in sorted(open_)])
            self._drain(consumer, open_)
        finally:
            consumer.close()

    def _drain(self, consumer: Consumer, open_: set[tuple[str, int]]) -> None:
        of_claims, of_tasks = (Readable(self._bootstrap, self._codec, topic) for topic in (topics.CLAIMS, topics.TASKS))
        heard = time.monotonic()
        while open_:
            if time.monotonic() - heard > self._seconds:
                raise LogUnavailableError("the broker does not answer")
            for message in consumer.consume(2000, timeout=0.05):
                heard = time.monotonic()
                number, offset = log.place(message)
                place, fault = (message.topic() or "", number), message.error()
                if fault is None:
                    if message.topic() == topics.CLAIMS.name:
                        if (claim := of_claims.value(message)) is not None:
                            self._desk.standing.take([(offset, message.timestamp()[1], claim)])
                    elif message.value() is not None and (task := of_tasks.value(message)) is not None:
                        self._desk.put(task, message.timestamp()[1])
                    self._next[place] = offset + 1
                elif fault.code() == KafkaError._PARTITION_EOF:
                    self._next[place] = max(self._next.get(place, 0), offset)
                    open_.discard(place)
                else:
                    raise KafkaException(fault)


def now() -> str:
    """As decisions are dated."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

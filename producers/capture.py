"""The capture process: raw topics in, assertions, claims, quarantine and ledger out, in one transaction a batch.

    python -m producers.capture --kafka 127.0.0.1:9092 --registry http://127.0.0.1:8080/apis/ccompat/v7 --source RXA/epr

It keeps no state: where it reads on is committed with what it wrote. SIGTERM ends it cleanly; kill -9 loses and doubles nothing.
Exit codes: 0 asked to end, 2 a mistake in a mapping or in the topics, 3 fenced, 4 quarantine cannot be written, 5 stuck.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from mainstem import collector, observe
from mainstem.observe import metrics
from producers import positions
from producers.batch import Batches
from producers.contract import RawMessage
from producers.errors import AbortedError, FencedError, NotTakenError, QuarantineFailedError, StoppedError
from producers.formats import Readers
from producers.items import STAGE
from producers.mapping.errors import MappingError
from producers.mapping.load import BUILT_IN, load_all
from producers.mapping.rows import Mapping
from producers.meter import Meter
from producers.pulse import Pulse
from producers.transaction import Transactions
from producers.unread import Unread
from producers.watchdog import Watchdog
from schemas import kafka, registered, topics
from schemas.codec import Codec
from schemas.errors import KafkaUnavailableError, RegistryUnavailableError, TopicDiffersError
from schemas.log import TruncatedReadError
from schemas.transaction import pauses

log = logging.getLogger("producers.capture")

WRITES = (topics.ASSERTIONS, topics.CLAIMS, topics.LEDGER, topics.QUARANTINE, topics.HEARTBEATS)
_BATCH = 2000
_LINGER_SECONDS = 0.1
_NEW_TOPICS_MS = 2_000
"""How soon a raw topic made later is noticed: the first file of a source nobody declared."""
_CALL_SECONDS = 5.0
_LOOK_SECONDS = 15.0
_NOT_NOW = (KafkaException, RegistryUnavailableError, TruncatedReadError)
_STUCK_SECONDS = 60.0
_REFUSED_SECONDS = 2.0
"""Before what a topic does not take is tried again."""
_HELD_SECONDS = 60.0
"""For the messages of one call, a fifth of what the group allows between two."""


class Capture:
    """One capture process. `run` returns when `stop` is set."""

    def __init__(self, bootstrap: str, registry: str, mappings: dict[str, Mapping], sources: Sequence[str], group: str, instance: str,
                 stop: threading.Event, *, others: bool = False) -> None:
        """`others`: also every raw topic of a source not named, which has a mapping or whose messages tell whose they are."""
        self._bootstrap = bootstrap
        self._codec = Codec(registry)
        self._sources = tuple(sources)
        self._readers = Readers(mappings, sources)
        self._raw = [topics.raw(source) for source in sources]
        self._subscribed = [topics.RAW_PATTERN] if others else [topic.name for topic in self._raw]
        self._instance = instance
        self._stop = stop
        self._next: dict[tuple[str, int], int] = {}
        self._id = f"{group}-{instance}"
        self._watchdog = Watchdog(_STUCK_SECONDS)
        self._unread = Unread()
        self._transactions = Transactions(bootstrap, self._id, stop, self._watchdog.alive)
        self._consumer = kafka.consumer(bootstrap, group, group_instance_id=self._id, enable_partition_eof=True,
                                        topic_metadata_refresh_interval_ms=_NEW_TOPICS_MS,
                                        fetch_wait_max_ms=kafka.FETCH_WAIT_MS, fetch_min_bytes=kafka.FETCH_BYTES)

    def run(self) -> None:
        """Raises FencedError, QuarantineFailedError, TopicDiffersError; waits for servers that are away."""
        pulse = None
        try:
            batches, pulse = self._prepare()
            self._transactions.open()
            self._consumer.subscribe(self._subscribed, on_assign=self._assigned)
            log.info("capturing %s", ", ".join(self._sources))
            collector.settle()
            while not self._stop.is_set():
                came = self._consumer.consume(_BATCH, _LINGER_SECONDS)
                if self._take([_raw(message) for message in came if self._good(message)], batches, pulse):
                    self._reached(came)
                pulse.beat(self._stand)
                self._watchdog.alive()
            pulse.close()
        except StoppedError:
            pass
        except (FencedError, QuarantineFailedError) as fault:
            if pulse is not None:
                pulse.last(str(fault))
            raise
        finally:
            self._watchdog.alive()
            self._transactions.close()
            self._consumer.close()
            self._watchdog.stop()

    def _prepare(self) -> tuple[Batches, Pulse]:
        for _ in pauses(self._stop):
            try:
                kafka.ensure_topics(self._bootstrap, [*WRITES, *self._raw], seconds=_CALL_SECONDS)
                self._watchdog.alive()
                registered.check(self._bootstrap, self._codec, WRITES, _LOOK_SECONDS)
                self._watchdog.alive()
                self._codec.register(WRITES)
                return Batches(self._codec, self._readers), Pulse(self._bootstrap, self._codec, self._instance)
            except (KafkaUnavailableError, *_NOT_NOW) as fault:
                self._watchdog.alive()
                log.warning("waiting: %s", _why(fault))
        raise StoppedError

    def _take(self, messages: list[RawMessage], batches: Batches, pulse: Pulse) -> bool:
        """Whether all of them were taken, in as many transactions as it takes. Where it takes long, the rest is read again: who does not
        ask for messages for some minutes is no member of the group any more."""
        began, done = time.monotonic(), 0
        while done < len(messages) and not self._stop.is_set():
            if done and time.monotonic() - began > _HELD_SECONDS:
                self._rewind()
                return False
            taken = self._transact(messages[done:], batches, pulse)
            if not taken:
                return False
            done += taken
            pulse.beat(self._stand)
        return done == len(messages)

    def _reached(self, came: list[Message]) -> None:
        """What came is captured: where it reached an end, the marks of transactions before that (Connect writes in them) are passed too."""
        for message in came:
            place = (message.topic() or "", message.partition() or 0)
            if _at_end(message) and place in self._next:
                self._next[place] = max(self._next[place], message.offset() or 0)

    def _transact(self, messages: list[RawMessage], batches: Batches, pulse: Pulse) -> int:
        """How many of them are captured: none where the transaction was aborted, which is then read again."""
        meter = Meter()
        with self._watchdog.resting():
            told = batches.tell(messages)
        meter.phase("read")
        ends = {(message.topic, message.partition): message.offset + 1 for message in told.taken}
        positions = [TopicPartition(topic, number, offset) for (topic, number), offset in ends.items()]
        try:
            self._transactions.commit(told.records, positions, self._consumer.consumer_group_metadata())
        except AbortedError as fault:
            log.warning("%s", fault)
            meter.aborted()
            if isinstance(fault, NotTakenError):
                self._stop.wait(_REFUSED_SECONDS)
            self._rewind()
            return 0
        self._next.update(ends)
        pulse.done(len(told.taken), len(told.records), told.committed)
        meter.phase("commit")
        meter.committed(told)
        self._unread.tell(told.unread)
        return len(told.taken)

    def _rewind(self) -> None:
        """Back to what is committed. Where a rebalance took a partition away, its new owner reads on."""
        for attempt in pauses(self._stop):
            if attempt == 1:
                continue
            try:
                assigned = self._resumed(self._consumer, self._consumer.assignment())
                if assigned:
                    self._consumer.assign(assigned)
                return
            except _NOT_NOW as fault:
                self._watchdog.alive()
                log.warning("waiting to read the batch again (%s)", _why(fault))

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Go on where the last owner stopped, and note it, so that heartbeats tell it before anything new comes."""
        self._next = {}
        metrics.LAG.remove_by_labels({"stage": STAGE})
        for _ in pauses(self._stop):
            try:
                found = self._resumed(consumer, partitions)
                self._next = {(each.topic, each.partition): each.offset for each in found}
                consumer.assign(found)
                return
            except _NOT_NOW as fault:
                self._watchdog.alive()
                log.warning("waiting to know where to go on (%s)", _why(fault))

    def _resumed(self, consumer: Consumer, partitions: list[TopicPartition]) -> list[TopicPartition]:
        """The partitions with their next offsets. Raises what _NOT_NOW names."""
        committed = {(each.topic, each.partition): each.offset for each in consumer.committed(partitions, _CALL_SECONDS)}
        found = positions.resumed(self._bootstrap, self._codec.decoder(topics.LEDGER), committed, _CALL_SECONDS, self._watchdog.alive)
        for (topic, number), offset in found.items():
            if offset > max(0, committed[topic, number]):
                log.warning("%s/%d: the group's position is %d, the ledger's %d: going on there", topic, number, committed[topic, number],
                            offset)
        return [TopicPartition(topic, number, offset) for (topic, number), offset in found.items()]

    def _stand(self) -> tuple[dict[str, int], dict[str, int]]:
        lags = {}
        for (topic, number), position in self._next.items():
            try:
                _, high = self._consumer.get_watermark_offsets(TopicPartition(topic, number), cached=True)
            except KafkaException:
                continue
            lags[f"{topic}/{number}"] = lag = max(0, high - position)
            metrics.LAG.labels(STAGE, topic, str(number)).set(lag)
        return {f"{topic}/{number}": position for (topic, number), position in self._next.items()}, lags

    def _good(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            return True
        if _at_end(message):
            return False
        if error.fatal() or error.code() == KafkaError._FATAL:
            raise FencedError(self._id, error.str())
        log.warning("waiting for the broker (%s)", error.name())
        return False


def _at_end(message: Message) -> bool:
    error = message.error()
    return error is not None and error.code() == KafkaError._PARTITION_EOF


def _why(fault: Exception) -> str:
    return fault.args[0].name() if isinstance(fault, KafkaException) else str(fault)


def _raw(message: Message) -> RawMessage:
    headers = {name: value.encode() if isinstance(value, str) else value or b"" for name, value in dict(message.headers() or ()).items()}
    return RawMessage(message.topic() or "", message.partition() or 0, message.offset() or 0, message.timestamp()[1],
                      _bytes(message.key()), _bytes(message.value()), headers)


def _bytes(given: str | bytes | None) -> bytes | None:
    return given.encode() if isinstance(given, str) else given


def main(
    kafka: Annotated[str, typer.Option(help="Bootstrap servers, host:port.")],
    registry: Annotated[str, typer.Option(help="Schema registry with the Confluent API.")],
    source: Annotated[list[str], typer.Option(help="Source to capture, ODS code and system: RXA/epr. May be given several times.")],
    group: Annotated[str, typer.Option(help="Consumer group; also the transactional id's first half.")] = "mainstem-capture",
    instance: Annotated[str, typer.Option(help="Which of several capture processes this is; the same one fences its predecessor.")] = "1",
    mappings: Annotated[Path, typer.Option(help="Directory of mapping files.")] = BUILT_IN,
    others: Annotated[bool, typer.Option("--others", help="Also take in sources not named: mapped ones, and files that tell whose they "
                                                          "are.")] = False,
) -> None:
    """Turn raw topics into assertions and claims until told to stop."""
    observe.begin("capture" if instance == "1" else f"capture-{instance}")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        loaded = load_all(mappings)
        for each in source:
            if each not in loaded:
                log.info("%s has no mapping in %s: only files with a format of their own (fhir) are taken in", each, mappings.name)
        Capture(kafka, registry, loaded, source, group, instance, stop, others=others).run()
    except (MappingError, TopicDiffersError) as fault:
        log.error("%s", fault)
        raise typer.Exit(2) from None
    except (FencedError, QuarantineFailedError) as fault:
        log.error("%s", fault)
        raise typer.Exit(fault.exit_code) from None


if __name__ == "__main__":
    typer.run(main)

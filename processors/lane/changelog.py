"""Reading a changelog partition: to recover a state partition, and to fold the whole state from nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from mainstem import faults
from processors.lane.errors import ChangelogCutError, LaneStoppedError, RecoveryError
from processors.lane.store import MARKERS, Store, decode_markers
from schemas.topics import Topic

log = logging.getLogger(__name__)
_SECONDS = 10.0
_PATIENCE_SECONDS = 60.0
_PASSING = frozenset({
    KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT, KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE, KafkaError.UNKNOWN_TOPIC_OR_PART,
})
"""What a starting or restarting broker answers for a while."""
_BATCH = 5_000


def identities(bootstrap: str, topics: Iterable[Topic]) -> dict[str, str]:
    """Of each topic, cluster id and topic id: another value means that the topic was created anew. Raises KafkaException."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 3})
    cluster = admin.describe_cluster(request_timeout=_SECONDS).result()
    described = admin.describe_topics(TopicCollection([topic.name for topic in topics]), request_timeout=_SECONDS)
    return {name: f"{cluster.cluster_id}/{found.result().topic_id}" for name, found in described.items()}


def identity(bootstrap: str, topic: Topic) -> str:
    """Of one topic. Raises KafkaException."""
    return identities(bootstrap, [topic])[topic.name]


def reader(bootstrap: str) -> Consumer:
    """A consumer outside any group that sees committed messages only and says where a partition ends."""
    return Consumer({
        "bootstrap.servers": bootstrap,
        "group.id": "mainstem-changelog-reader",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": 50,
        "queued.max.messages.kbytes": 32_768,
        "log_level": 3,
    })


def bounds(consumer: Consumer, topic: str, partition: int, stopped: Callable[[], bool] = lambda: False) -> tuple[int, int]:
    """First offset, and the end offset of what is committed. Waits out leader changes. Raises LaneStoppedError, KafkaException."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return consumer.get_watermark_offsets(TopicPartition(topic, partition), _SECONDS)
        except KafkaException as fault:
            if stopped():
                raise LaneStoppedError from None
            if not _passes(fault.args[0]) or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def batches(consumer: Consumer, topic: str, starts: Mapping[int, int], stopped: Callable[[], bool] = lambda: False,
            reached: dict[int, int] | None = None) -> Iterator[list[Message]]:
    """Committed messages from `starts`, partition -> offset, to the ends as they are when reached; `reached` is told the ends.

    Raises LaneStoppedError, KafkaException.
    """
    consumer.assign([TopicPartition(topic, partition, start) for partition, start in starts.items()])
    unfinished = set(starts)
    while unfinished:
        if stopped():
            raise LaneStoppedError
        # `consume` waits out its time at the end of a partition, `poll` does not.
        first = consumer.poll(0.5)
        found = []
        for message in [first, *consumer.consume(_BATCH, 0.0)] if first is not None else ():
            error = message.error()
            if error is None:
                found.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                unfinished.discard(message.partition())
                if reached is not None:
                    reached[message.partition() or 0] = message.offset() or 0
            elif not _passes(error):
                raise KafkaException(error)
        if found:
            yield found


def beyond(bootstrap: str, topic: str, partition: int, position: int, stopped: Callable[[], bool] = lambda: False) -> bool:
    """Whether anything committed lies at or after `position`. Raises LaneStoppedError, KafkaException."""
    consumer = reader(bootstrap)
    try:
        return any(True for _ in batches(consumer, topic, {partition: position}, stopped))
    finally:
        consumer.close()


def recover(bootstrap: str, store: Store, identity: str, topic: str, partition: int, now_ms: int, stopped: Callable[[], bool],
            until: int | None = None) -> int:
    """Bring `store` up to the end of its changelog partition; a store that claims more than the changelog holds starts anew.

    Call after `init_transactions`, so that no earlier owner can add to it. `until`: only what lies before this offset. Returns the number
    of records applied. Raises RecoveryError where the changelog was not read whole, ChangelogCutError where it is not whole.
    """
    consumer = reader(bootstrap)
    try:
        first, end = bounds(consumer, topic, partition, stopped)
        if store.position > end:
            log.warning("%s/%d: local state is ahead of the changelog and is rebuilt", topic, partition)
            store.reset(identity, now_ms)
        if store.position < first:  # compaction leaves a log's first offset what it is
            raise ChangelogCutError(topic, partition, first, store.position)
        if store.position == end:
            store.stamp(now_ms)
            return 0
        applied = 0
        reached: dict[int, int] = {}
        last: bytes | None = MARKERS
        for found in batches(consumer, topic, {partition: store.position}, stopped, reached):
            messages = found if until is None else [message for message in found if (message.offset() or 0) < until]
            if not messages:
                break
            changes = [(message.key() or b"", message.value()) for message in messages]
            stated = next((value for key, value in reversed(changes) if key == MARKERS), None)
            markers = store.markers if stated is None else decode_markers(stated)
            # `apply` writes the markers last: those among the changes do no harm.
            store.apply(changes, markers, (messages[-1].offset() or 0) + 1, store.written)
            applied += len(messages)
            last = messages[-1].key()
            faults.at("recovering")
        if until is None:
            if reached.get(partition, 0) < end:
                raise RecoveryError(topic, partition, f"reading ended at offset {reached.get(partition, 0)} of {end}")
            # Every transaction writes its markers last.
            if last != MARKERS:
                raise RecoveryError(topic, partition, f"the last record read, at offset {store.position - 1}, ends no batch")
            store.stamp(now_ms)
        return applied
    finally:
        consumer.close()


def _passes(error: KafkaError) -> bool:
    return error.retriable() or error.code() in _PASSING

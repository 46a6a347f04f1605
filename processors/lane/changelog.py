"""Reading a changelog partition: to recover a state partition, and to fold the whole state from nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from processors.lane.errors import LaneStoppedError
from processors.lane.store import MARKERS, Store, decode_markers
from schemas.topics import Topic

log = logging.getLogger(__name__)
_SECONDS = 10.0
_BATCH = 5_000


def identity(bootstrap: str, topic: Topic) -> str:
    """Cluster id and topic id: another value means that the topic was created anew. Raises KafkaException."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 3})
    cluster = admin.describe_cluster(request_timeout=_SECONDS).result()
    [found] = admin.describe_topics(TopicCollection([topic.name]), request_timeout=_SECONDS).values()
    return f"{cluster.cluster_id}/{found.result().topic_id}"


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


def batches(consumer: Consumer, topic: str, partition: int, start: int, stopped: Callable[[], bool]) -> Iterator[list[Message]]:
    """Committed messages from `start` to the end as it is when reached. Raises LaneStoppedError, KafkaException."""
    consumer.assign([TopicPartition(topic, partition, start)])
    ended = False
    while not ended:
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
                ended = True
            elif not error.retriable():
                raise KafkaException(error)
        if found:
            yield found


def recover(bootstrap: str, store: Store, identity: str, topic: str, partition: int, now_ms: int, stopped: Callable[[], bool]) -> int:
    """Bring `store` up to the end of its changelog partition; a store that claims more than the changelog holds starts anew.

    Call after `init_transactions`, so that no earlier owner can add to it. Returns the number of records applied.
    """
    consumer = reader(bootstrap)
    try:
        _, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), _SECONDS)
        if store.position > end:
            log.warning("%s/%d: local state is ahead of the changelog and is rebuilt", topic, partition)
            store.reset(identity)
        if store.position == end:
            return 0
        applied = 0
        for messages in batches(consumer, topic, partition, store.position, stopped):
            markers = store.markers
            for message in messages:
                if message.key() == MARKERS:
                    markers = decode_markers(message.value())
            store.apply(((m.key(), m.value()) for m in messages if m.key() != MARKERS), markers, messages[-1].offset() + 1, now_ms)
            applied += len(messages)
        return applied
    finally:
        consumer.close()

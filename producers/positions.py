"""Where capture goes on reading: what its group has committed, unless the ledger says that it was further.

Outcomes and the group's positions are written in one transaction, so that they agree. But a broker's group coordinator, killed and
started again, was seen to answer with a position of some 40 minutes ago: 130,000 messages were captured twice (`make chaos`, an hour).
The ledger is read, never the coordinator believed alone: it is a log like any other, and what it holds has been captured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, TopicPartition

from mainstem.operations import Ledger
from schemas import kafka, log
from schemas.partition import partition
from schemas.topics import LEDGER

Place = tuple[str, int]
"""Raw topic and partition."""
_MARGIN_MS = 60_000
"""Brokers' clocks differ."""


def resumed(bootstrap: str, decode: Callable[[bytes | None], Ledger], committed: Mapping[Place, int], seconds: float,
            alive: Callable[[], None] = lambda: None) -> dict[Place, int]:
    """Next offset of each raw partition. `committed`: what the group says; negative where it says nothing. `decode`: of the ledger.

    Reads the ledger from when the first message was appended that the group calls unread: as a rule the last minute of it. `seconds`: of
    one call to the broker; `alive` is called after each. Raises KafkaException, TruncatedReadError, UndecodableError.
    """
    found = {place: max(0, offset) for place, offset in committed.items()}
    since: dict[int, int] = {}
    with _reader(bootstrap) as consumer:
        for (topic, number), offset in found.items():
            at = _appended(consumer, topic, number, offset, seconds, alive)
            if at is not None:
                ledger = partition(topic, LEDGER.partitions)
                since[ledger] = min(at, since.get(ledger, at))
        for number, at in since.items():
            for message in _from(consumer, number, max(0, at - _MARGIN_MS), seconds, alive):
                told = decode(message.value())
                place = (told.topic, told.partition)
                if place in found:
                    found[place] = max(found[place], told.last + 1)
    return found


@contextmanager
def _reader(bootstrap: str) -> Iterator[Consumer]:
    consumer = kafka.consumer(bootstrap, "mainstem-capture-positions", enable_partition_eof=True)
    try:
        yield consumer
    finally:
        consumer.close()


def _appended(consumer: Consumer, topic: str, number: int, offset: int, seconds: float, alive: Callable[[], None]) -> int | None:
    """When the first message from `offset` on was appended, milliseconds; None where there is none."""
    consumer.assign([TopicPartition(topic, number, offset or OFFSET_BEGINNING)])
    message = next(log.to_end(consumer, topic, {number: None}, seconds, alive), None)
    return None if message is None else message.timestamp()[1]


def _from(consumer: Consumer, number: int, at: int, seconds: float, alive: Callable[[], None]) -> Iterator[Message]:
    (start,) = consumer.offsets_for_times([TopicPartition(LEDGER.name, number, at)], seconds)
    if start.error is not None:
        raise KafkaException(start.error)
    alive()
    if start.offset >= 0:  # else nothing was appended since
        consumer.assign([start])
        yield from log.to_end(consumer, LEDGER.name, {number: None}, seconds, alive)

"""The scheduler: one pseudo-record a partition, that says where it lies and what it holds."""

from __future__ import annotations

from aiokafka.structs import ConsumerRecord
from faust.types import TP

from processors.lane.feed import BatchScheduler, Fetched


def record(topic: str, partition: int, offset: int) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(topic, partition, offset, 1_000 + offset, 1, b"k", b"v", None, 1, 1, ())


def test_one_pseudo_record_a_partition() -> None:
    records = {TP(topic, partition): Fetched([record(topic, partition, o) for o in range(3, 9)], 2, 9)
               for topic in ("a", "b") for partition in (0, 1)}
    found = list(BatchScheduler().iterate(records))
    assert [tp for tp, _ in found] == list(records)
    for tp, pseudo in found:
        assert (pseudo.topic, pseudo.partition, pseudo.offset, pseudo.timestamp) == (tp.topic, tp.partition, 8, 1_008)
        assert pseudo.value is records[tp]
        assert pseudo.key is None

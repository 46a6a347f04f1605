"""How Faust is fed in batches: each fetch of a partition becomes one pseudo-record whose value is a `Fetched`.

Faust's machinery costs about 100 microseconds an event, whatever the event is (docs/decisions); so an event is a batch.
`Fetched` also says which stretch of the partition it covers, from what was fetched before it, so that a skipped or repeated
stretch is noticed whatever the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import aiokafka
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.structs import ConsumerRecord, TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.transports import SchedulingStrategyT

from schemas.kafka import FETCH_BYTES, FETCH_WAIT_MS

_METADATA_MS = 30_000
"""Until a topic that was away is looked for again, as it is after it was made anew."""


class Fetched:
    """The records of one fetch of one partition: everything committed from `start` up to, not including, `next`.

    Where they lie before `start`, that was beyond the log's end, and the client has gone back to the log's beginning.
    """

    __slots__ = ("next", "records", "start")

    def __init__(self, records: list[ConsumerRecord], start: int, next_: int) -> None:
        self.records = records
        self.start = start
        self.next = next_

    @property
    def reset(self) -> bool:
        return self.records[0].offset < self.start


class PseudoRecord:
    """What Faust's consumer needs to see of a record."""

    __slots__ = ("offset", "partition", "timestamp", "topic", "value")
    timestamp_type = 1
    headers = ()
    key = None
    checksum = None
    serialized_key_size = 0
    serialized_value_size = 0

    def __init__(self, tp: TP, fetched: Fetched) -> None:
        self.topic, self.partition = tp
        # Faust drops what lies before what it has read.
        self.offset = fetched.start if fetched.reset else fetched.records[-1].offset
        self.timestamp = fetched.records[-1].timestamp
        self.value = fetched


class BatchScheduler(SchedulingStrategyT):
    """Faust's `ConsumerScheduler`: one pseudo-record a partition and fetch, partitions in turn."""

    def iterate(self, records: Mapping[TP, Any]) -> Iterator[tuple[TP, PseudoRecord]]:
        for tp, fetched in records.items():
            yield tp, PseudoRecord(tp, fetched)


class FeedThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread, with read_committed, co-partitioned assignment, short fetch waits, and stamped fetches."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._expected: dict[TopicPartition, int] = {}

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        conf = self.app.conf
        return aiokafka.AIOKafkaConsumer(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            bootstrap_servers=driver.server_list(transport.url, transport.default_port),
            # Range gives partition p of all topics of equal size to one member: what co-partitioning needs.
            partition_assignment_strategy=[RangePartitionAssignor],
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=conf.broker_max_poll_records,
            max_poll_interval_ms=int((conf.broker_max_poll_interval or 0) * 1000),
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            # One fetch is in flight a broker; a partition that was consumed meanwhile waits for it. Faust's own is 1500.
            fetch_max_wait_ms=FETCH_WAIT_MS,
            fetch_min_bytes=FETCH_BYTES,
            metadata_max_age_ms=_METADATA_MS,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
        )

    async def _fetch_records(self, consumer: aiokafka.AIOKafkaConsumer, active_partitions: set[TP], timeout: float | None = None,
                             max_records: int | None = None) -> dict[TP, Any]:
        found = await super()._fetch_records(consumer, active_partitions, timeout, max_records)
        stamped = {}
        for tp, records in found.items():
            start, after = self._expected.get(tp, records[0].offset), records[-1].offset + 1
            self._expected[tp] = after
            stamped[TP(tp.topic, tp.partition)] = Fetched(records, start, after)
        return stamped

    async def seen(self) -> None:
        """Alive, with nothing to fetch: aiokafka has a member that has not fetched for `max_poll_interval` leave its group, and not come
        back."""
        await self.call_thread(self._seen)

    async def _seen(self) -> None:
        with self._ensure_consumer()._subscription.fetch_context():
            pass

    async def rewind(self, positions: Mapping[TP, int]) -> None:
        """Fetch from these positions on."""
        await self.call_thread(self._rewind, positions)

    async def _rewind(self, positions: Mapping[TP, int]) -> None:
        consumer = self._ensure_consumer()
        assigned = consumer.assignment()
        for tp, offset in positions.items():
            place = TopicPartition(tp.topic, tp.partition)
            if place in assigned:
                consumer.seek(place, offset)
                self._expected[place] = offset

    def unread(self) -> dict[TP, int]:
        """Assigned partitions -> messages (control records included) between the fetch position and the end last heard of."""
        subscription = self._ensure_consumer()._subscription.subscription
        assignment = subscription.assignment if subscription else None
        if assignment is None:
            return {}
        states = ((tp, assignment.state_value(tp)) for tp in assignment.tps)
        return {TP(tp.topic, tp.partition): state.highwater - state.position for tp, state in states
                if state.highwater is not None and state.has_valid_position}


class FeedConsumer(driver.Consumer):
    """Faust's consumer; where it would go to its committed offsets it goes to the lane's markers."""

    def _new_consumer_thread(self) -> FeedThread:
        return FeedThread(self, loop=self.loop, beacon=self.beacon)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        positions: dict[TP, int] = self.app.lane_positions(self.assignment())  # type: ignore[attr-defined]
        await cast(FeedThread, self._thread).rewind(positions)
        return positions

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """But those that stand idle."""
        super().resume_partitions({tp for tp in tps if not self.app.lane_idle(tp)})  # type: ignore[attr-defined]

    async def _wait_next_records(self, timeout: float) -> tuple[Any, set[TP] | None]:
        if self.flow_active and not self._get_active_partitions():
            await cast(FeedThread, self._thread).seen()
        return await super()._wait_next_records(timeout)

    async def rewind(self, tp: TP, offset: int) -> None:
        self._read_offset[tp] = offset
        await cast(FeedThread, self._thread).rewind({tp: offset})

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Not kept: between two pseudo-records lie the offsets that the second one covers, and Faust would list them one by one."""

    def _new_offset(self, tp: TP) -> int | None:
        """What to commit: batches of a partition are acknowledged in their order (`Slot`)."""
        acked = self._acked[tp]
        if not acked:
            return None
        offset = max(acked)
        acked.clear()
        self._acked_index[tp].clear()
        return offset + 1

    def unread(self) -> dict[TP, int]:
        return cast(FeedThread, self._thread).unread()


class FeedTransport(driver.Transport):
    Consumer = FeedConsumer



"""A stage as a Faust app: one agent an input topic hands what was fetched to the owner of the state partition.

Faust keeps membership, assignment, fetching, agents and lifecycle. The lane keeps the truth of what was processed: the markers.
Faust's offset commits are only what other tools see; on each assignment fetching starts at the markers.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import faust
from faust.types import TP, EventT, StreamT

from processors.lane.contract import Received, Stage
from processors.lane.errors import LaneStoppedError
from processors.lane.feed import BatchScheduler, Fetched, FeedConsumer, FeedTransport
from processors.lane.owner import Done, Owner, Span
from processors.lane.pulse import Pulse
from schemas.codec import Codec
from schemas.topics import Topic

log = logging.getLogger(__name__)
_BATCH_RECORDS = 2_000
_BATCH_BYTES = 4 << 20
_WAITING_RECORDS = 4_000
"""Of one state partition, before its agents wait."""


@dataclass(frozen=True, slots=True)
class LaneSettings:
    """What a lane needs of its surroundings. `instance` makes membership static: a restart under the same name resumes at once."""

    kafka: str
    registry: str
    state_dir: Path
    instance: str | None = None


class LaneApp(faust.App):
    """Faust's app with the feed's transport."""

    lane: Lane

    def _new_transport(self) -> FeedTransport:
        return FeedTransport(self.conf.broker_consumer, self)

    def lane_positions(self, assigned: Iterable[TP]) -> dict[TP, int]:
        return self.lane.positions(assigned)


class Lane:
    """Runs the stage that `make_stage` makes, once a state partition. `on_fatal` is called at most once and should end the process."""

    def __init__(self, make_stage: Callable[[], Stage], settings: LaneSettings, on_fatal: Callable[[Exception], None]) -> None:
        self._make_stage = make_stage
        self._settings = settings
        self._on_fatal = on_fatal
        self.stage = make_stage()
        self._inputs = {topic.name: topic for topic in self.stage.inputs}
        self._codec = Codec(settings.registry)
        self._slots: dict[int, Slot] = {}
        self._pool = ThreadPoolExecutor(max_workers=max(t.partitions for t in self.stage.inputs), thread_name_prefix=self.stage.name)
        self.pulse = Pulse(self.stage.name, settings.instance or "")
        self.app = self._app()

    def _app(self) -> LaneApp:
        settings = self._settings
        faust_dir = settings.state_dir / ".faust"
        faust_dir.mkdir(parents=True, exist_ok=True)
        app = LaneApp(
            f"mainstem-{self.stage.name}", broker=f"kafka://{settings.kafka}", ConsumerScheduler=BatchScheduler,
            datadir=str(faust_dir / self.stage.name), store="memory://",
            web_enabled=False, topic_allow_declare=False, topic_disable_leader=True, autodiscover=False,
            consumer_group_instance_id=f"{self.stage.name}-{settings.instance}" if settings.instance else None,
            broker_session_timeout=10.0, broker_heartbeat_interval=2.0, broker_rebalance_timeout=30.0, broker_commit_interval=5.0,
            broker_max_poll_records=_BATCH_RECORDS, consumer_max_fetch_size=_BATCH_BYTES,
            # Un-acked batches are fetched again from the markers, so a revocation need not wait for the queues.
            stream_wait_empty=False, stream_buffer_maxsize=2, worker_redirect_stdouts=False,
        )
        app.lane = self
        for topic in self.stage.inputs:
            channel = app.topic(topic.name, key_serializer="raw", value_serializer="raw")
            app.agent(channel, name=f"{self.stage.name}.{topic.name}", concurrency=1)(self._agent)
        app.on_partitions_revoked.connect(self._revoked)
        app.on_rebalance_complete.connect(self._assigned)
        app.on_before_shutdown.connect(self._shut_down)
        return app

    def positions(self, assigned: Iterable[TP]) -> dict[TP, int]:
        """Where to fetch from: the markers of partitions that are open here."""
        return {tp: self._slots[tp.partition].expected(tp.topic) for tp in assigned
                if tp.partition in self._slots and tp.topic in self._inputs}

    def beat(self) -> None:
        """Tell the pulse where the partitions stand."""
        unread = sum(cast(FeedConsumer, self.app.consumer).unread().values()) if self._slots else 0
        positions = {f"{topic}/{slot.owner.partition}": offset for slot in self._slots.values()
                     for topic, offset in slot.owner.markers.items()}
        self.pulse.stand(positions, unread + sum(slot.waiting for slot in self._slots.values()))

    async def _agent(self, stream: StreamT[Any]) -> None:
        async for event in stream.noack().events():
            slot = self._slots.get(event.message.partition)
            if slot is not None:
                await slot.put(event)

    async def _assigned(self, *_: object, **__: object) -> None:
        await self._close()
        assigned = {tp for tp in self.app.consumer.assignment() if tp.topic in self._inputs}
        generation = self.app.consumer_generation_id
        slots = [Slot(self, self._owner(partition), generation) for partition in sorted({tp.partition for tp in assigned})]
        self._slots = {slot.owner.partition: slot for slot in slots}
        await asyncio.gather(*(slot.open() for slot in slots))

    async def _revoked(self, *_: object, **__: object) -> None:
        await self._close()

    async def _shut_down(self, *_: object, **__: object) -> None:
        await self._close()

    async def _close(self) -> None:
        slots, self._slots = list(self._slots.values()), {}
        await asyncio.gather(*(slot.close() for slot in slots))

    def _owner(self, partition: int) -> Owner:
        return Owner(self._make_stage(), partition, kafka=self._settings.kafka, codec=self._codec, state_dir=self._settings.state_dir)

    async def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)

    def topic(self, name: str) -> Topic:
        return self._inputs[name]

    async def rewind(self, tp: TP, offset: int) -> None:
        await cast(FeedConsumer, self.app.consumer).rewind(tp, offset)

    def fatal(self, fault: Exception) -> None:
        self._on_fatal(fault)


class Slot:
    """An owner with its queue: strictly one batch at a time, from whichever input topic, merged while the last was being committed."""

    def __init__(self, lane: Lane, owner: Owner, generation: int) -> None:
        self.owner = owner
        self.waiting = 0
        self._lane = lane
        self._generation = generation
        self._expected: dict[str, int] = {}
        self._queue: deque[tuple[EventT, Span, int]] = deque()
        self._changed = asyncio.Condition()
        self._closed = False
        self._opening = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        async with self._opening:
            try:
                await self._lane.call(self.owner.open)
            except LaneStoppedError:
                return
            except Exception as fault:
                return self._lane.fatal(fault)
        if not self._closed:
            self._expected = dict(self.owner.markers)
            self._task = asyncio.create_task(self._work(), name=self.owner.name)

    def expected(self, topic: str) -> int:
        """The offset that must come next."""
        return self._expected.get(topic, 0)

    async def put(self, event: EventT) -> None:
        """Queue what was fetched, waiting while the queue is full. What is out of its order is fetched again."""
        message, fetched = event.message, cast(Fetched, event.value)
        if self._closed or message.generation_id != self._generation:
            return
        topic = self._lane.topic(message.topic)
        expected = self.expected(topic.name)
        if fetched.start > expected:
            log.warning("%s: %s was handed over from offset %d on, %d was expected; fetching it again", self.owner.name, message.topic,
                        fetched.start, expected)
            return await self._lane.rewind(message.tp, expected)
        if fetched.next <= expected:
            event.ack()
            return
        received = [Received(topic, r.partition, r.offset, r.timestamp, r.key, r.value) for r in fetched.records]
        size = sum(len(r.value) for r in received if r.value is not None)
        self._expected[topic.name] = fetched.next
        async with self._changed:
            await self._changed.wait_for(lambda: self._closed or self.waiting < _WAITING_RECORDS)
            self._queue.append((event, Span(topic, fetched.next, received), size))
            self.waiting += len(received)
            self._changed.notify_all()

    async def close(self) -> None:
        """Let the batch in flight end, forget the rest, release everything."""
        self._closed = True
        self.owner.stop()
        async with self._changed:
            self._changed.notify_all()
        if self._task is not None:
            await self._task
        async with self._opening:
            await self._lane.call(self.owner.close)

    async def _work(self) -> None:
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._closed or self._queue)
                if self._closed:
                    return
                taken = self._take()
                self._changed.notify_all()
            try:
                done: Done = await self._lane.call(self.owner.run, [span for _, span, _ in taken])
            except LaneStoppedError:
                return
            except Exception as fault:
                return self._lane.fatal(fault)
            self._lane.pulse.done(done)
            for event, span, _ in taken:
                self.waiting -= len(span.messages)
                event.ack()

    def _take(self) -> list[tuple[EventT, Span, int]]:
        taken = [self._queue.popleft()]
        records, size = len(taken[0][1].messages), taken[0][2]
        while self._queue:
            _, span, more = self._queue[0]
            if records + len(span.messages) > _BATCH_RECORDS or size + more > _BATCH_BYTES:
                break
            taken.append(self._queue.popleft())
            records, size = records + len(span.messages), size + more
        return taken

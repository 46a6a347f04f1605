"""A stage as a Faust app: one agent an input topic hands what was fetched to the owner of the state partition.

Faust keeps membership, assignment, fetching, agents and lifecycle. The lane keeps the truth of what was processed: the markers.
Faust's offset commits are only what other tools see; on each assignment fetching starts at the markers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import faust
from faust.types import TP, StreamT

from mainstem.observe import metrics
from mainstem.operations import IDLE
from processors.lane.contract import Stage
from processors.lane.errors import InputLostError, InputResetError, LaneStoppedError
from processors.lane.feed import BatchScheduler, FeedConsumer, FeedTransport
from processors.lane.owner import Owner
from processors.lane.pulse import Pulse
from processors.lane.slot import BATCH_BYTES, BATCH_RECORDS, Slot
from processors.lane.snapshots import RECORDS, Snapshots
from processors.lane.watch import Watch
from schemas.codec import Codec
from schemas.topics import Topic

log = logging.getLogger(__name__)
SESSION_SECONDS = 9.0
"""After a kill others take the partitions within this, a heartbeat and the opening; a worker that is started again sooner keeps them."""


@dataclass(frozen=True, slots=True)
class LaneSettings:
    """What a lane needs of its surroundings. `instance` makes membership static: a restart under the same name resumes at once."""

    kafka: str
    registry: str
    state_dir: Path
    instance: str | None = None
    snapshots: Path | None = None
    """Where snapshots of state partitions are kept, for all workers; none are taken where it is not given."""
    snapshot_records: int = RECORDS
    accepted: str = ""
    """Identity of an input that is to be taken for the one that was read (InputLostError)."""
    session_seconds: float = SESSION_SECONDS
    """A worker that gives no sign of life for so long has lost its partitions to others."""


class LaneApp(faust.App):
    """Faust's app with the feed's transport."""

    lane: Lane

    def _new_transport(self) -> FeedTransport:
        return FeedTransport(self.conf.broker_consumer, self)

    def lane_positions(self, assigned: Iterable[TP]) -> dict[TP, int]:
        return self.lane.positions(assigned)

    def lane_idle(self, tp: TP) -> bool:
        return self.lane.idle(tp)


class Lane:
    """Runs the stage that `make_stage` makes, once a state partition. `on_fatal` is called at most once and should end the process."""

    def __init__(self, make_stage: Callable[[], Stage], settings: LaneSettings, on_fatal: Callable[[Exception], None]) -> None:
        self._make_stage = make_stage
        self._settings = settings
        self._on_fatal = on_fatal
        self._watch = Watch(on_fatal)
        self.stage = make_stage()
        self._inputs = {topic.name: topic for topic in self.stage.inputs}
        self._codec = Codec(settings.registry)
        self._slots: dict[int, Slot] = {}
        self._told: set[str] = set()
        """Refusals that the log holds: a slot is opened with each rebalance."""
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
            broker_session_timeout=settings.session_seconds, broker_heartbeat_interval=1.0, broker_rebalance_timeout=30.0,
            broker_commit_interval=5.0,
            broker_max_poll_records=BATCH_RECORDS, consumer_max_fetch_size=BATCH_BYTES,
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

    def idle(self, tp: TP) -> bool:
        """Whether nothing is to be taken of it, so that nothing need be fetched."""
        slot = self._slots.get(tp.partition)
        return slot is not None and slot.idle is not None

    def beat(self) -> None:
        """Tell the pulse where the partitions stand."""
        unread = cast(FeedConsumer, self.app.consumer).unread() if self._slots else {}
        lags: dict[str, int] = {}
        for tp, count in unread.items():
            if (slot := self._slots.get(tp.partition)) is not None:
                lags[f"{tp.topic}/{tp.partition}"] = behind = count + slot.behind(tp.topic)
                metrics.LAG.labels(self.stage.name, tp.topic, str(tp.partition)).set(behind)
        positions = {f"{topic}/{slot.owner.partition}": offset for slot in self._slots.values() if slot.idle is None
                     for topic, offset in slot.owner.markers.items()}
        idle = " ".join(str(slot.idle) for slot in self._slots.values() if slot.idle)
        self.pulse.stand(positions, lags, sum(unread.values()) + sum(slot.waiting for slot in self._slots.values()),
                         f"{IDLE}{idle}" if idle else "")

    async def _agent(self, stream: StreamT[Any]) -> None:
        async for event in cast(faust.Stream, stream).noack().events():
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
        settings = self._settings
        snapshots = None
        if settings.snapshots is not None:
            snapshots = Snapshots(settings.snapshots, self.stage.name, partition, settings.snapshot_records)
        return Owner(self._make_stage(), partition, kafka=settings.kafka, codec=self._codec, state_dir=settings.state_dir,
                     watch=self._watch, snapshots=snapshots, accepted=settings.accepted)

    async def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)

    def topic(self, name: str) -> Topic:
        return self._inputs[name]

    async def rewind(self, tp: TP, offset: int) -> None:
        await cast(FeedConsumer, self.app.consumer).rewind(tp, offset)

    async def reset(self, topic: Topic, fault: InputResetError) -> None:
        """One partition has lost its end. Others may have too, and could grow past their markers while the process is started again: all
        go back, since what is read twice changes nothing."""
        done = await asyncio.gather(*(slot.reset(topic) for slot in self._slots.values()), return_exceptions=True)
        faults = [each for each in done if isinstance(each, Exception) and not isinstance(each, LaneStoppedError)]
        self._on_fatal(faults[0] if faults else fault)

    def refused(self, fault: InputLostError) -> None:
        if str(fault) not in self._told:
            self._told.add(str(fault))
            log.critical("%s-%d %s%s", self.stage.name, fault.partition, IDLE, fault)

    def fatal(self, fault: Exception) -> None:
        self._on_fatal(fault)

"""An owner with its queue: strictly one batch at a time, from whichever input topic, merged while the last was being committed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, cast

from faust.types import TP, EventT

from processors.lane.contract import Received
from processors.lane.errors import InputLostError, InputResetError, LaneStoppedError, RestartNeededError
from processors.lane.feed import Fetched
from processors.lane.owner import Done, Owner, Span
from processors.lane.pulse import Pulse
from schemas.topics import Topic

log = logging.getLogger(__name__)
BATCH_RECORDS = 2_000
BATCH_BYTES = 4 << 20
_PACE_SECONDS = 0.1
"""From one small batch to the next: a transaction costs the broker the same for one record as for a hundred, and after a quiet moment
the first record does not wait."""
_PACED_RECORDS = 500
_TEND_SECONDS = 60.0
"""Without input, until the owner looks after the age of its state."""
_WAITING_RECORDS = 4_000
"""Of one state partition, before its agents wait."""
_WAITING_BYTES = 4 * BATCH_BYTES
"""Likewise: a slice of a handover alone may hold 1 MB."""


class Surroundings(Protocol):
    """What a slot needs of its lane."""

    pulse: Pulse

    async def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run it in a thread that may wait."""
        ...

    def topic(self, name: str) -> Topic: ...

    async def rewind(self, tp: TP, offset: int) -> None:
        """Fetch from this offset on."""
        ...

    async def reset(self, topic: Topic, fault: InputResetError) -> None:
        """Have the topic's markers go back in all slots, and end the process."""
        ...

    def refused(self, fault: InputLostError) -> None:
        """Tell that a slot stands idle."""
        ...

    def fatal(self, fault: Exception) -> None:
        """End the process."""
        ...


class Slot:
    """Opened and closed once; `put` by the agents. Batches are acknowledged in the order in which they came."""

    def __init__(self, lane: Surroundings, owner: Owner, generation: int) -> None:
        self.owner = owner
        self.waiting = 0
        """Records queued or in the batch in flight."""
        self.idle: InputLostError | None = None
        """Why it takes nothing in until the worker is started again: only then can it be told that the input is to be accepted."""
        self._bytes = 0
        """Of those."""
        self._lane = lane
        self._generation = generation
        self._expected: dict[str, int] = {}
        self._queue: deque[tuple[EventT, Span, int]] = deque()
        self._changed = asyncio.Condition()
        self._closed = False
        self._opening = asyncio.Lock()
        self._using = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        async with self._opening:
            try:
                await self._lane.call(self.owner.open)
            except LaneStoppedError:
                return
            except InputLostError as fault:
                self.idle = fault
                self._lane.refused(fault)
            except Exception as fault:
                self._lane.fatal(fault)
                return
        if not self._closed:
            if self.idle is None:
                self._expected = dict(self.owner.markers)
            self._task = asyncio.create_task(self._work(), name=self.owner.name)

    def expected(self, topic: str) -> int:
        """The offset that must come next."""
        return self._expected.get(topic, 0)

    def behind(self, topic: str) -> int:
        """Offsets between what is processed and what is queued. None before it is open, and of one that stands idle: nothing there counts
        as processed."""
        return 0 if self._task is None or self.idle else self.expected(topic) - self.owner.markers.get(topic, 0)

    async def put(self, event: EventT) -> None:
        """Queue what was fetched, waiting while the queue is full. What is out of its order is fetched again."""
        message, fetched = event.message, cast(Fetched, event.value)
        if self._closed or self.idle or message.generation_id != self._generation:
            return
        topic = self._lane.topic(message.topic)
        expected = self.expected(topic.name)
        if fetched.reset:
            fault = InputResetError(message.topic, message.partition, fetched.records[0].offset, fetched.start)
            await self._lane.reset(topic, fault)
            return
        if fetched.start > expected:
            log.warning("%s: %s was handed over from offset %d on, %d was expected; fetching it again", self.owner.name, message.topic,
                        fetched.start, expected)
            await self._lane.rewind(message.tp, expected)
            return
        if fetched.next <= expected:
            event.ack()
            return
        received = [Received(topic, r.partition, r.offset, r.timestamp, r.key, r.value, r.headers) for r in fetched.records]
        size = sum(len(r.value) for r in received if r.value is not None)
        self._expected[topic.name] = fetched.next
        async with self._changed:
            await self._changed.wait_for(lambda: self._closed or self._room())
            self._queue.append((event, Span(topic, fetched.next, received), size))
            self.waiting += len(received)
            self._bytes += size
            self._changed.notify_all()

    async def close(self) -> None:
        """Let the batch in flight end, forget the rest, release everything."""
        self._closed = True
        self.owner.stop()
        async with self._changed:
            self._changed.notify_all()
        if self._task is not None:
            await self._task
        async with self._opening, self._using:
            await self._lane.call(self.owner.close)

    async def _work(self) -> None:
        clock = asyncio.get_running_loop().time
        begun = 0.0
        while True:
            async with self._changed:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait_for(lambda: self._closed or self._queue), _TEND_SECONDS)
            if not self._closed and not self._queue:
                await self._tend()
                continue
            if self.waiting < _PACED_RECORDS:
                await asyncio.sleep(begun + _PACE_SECONDS - clock())
            begun = clock()
            async with self._changed:
                if self._closed:
                    return
                taken = self._take()
                self._changed.notify_all()
            try:
                async with self._using:
                    if self._closed:
                        return
                    done: Done = await self._lane.call(self.owner.run, [span for _, span, _ in taken])
            except LaneStoppedError:
                return
            except Exception as fault:
                self._lane.fatal(fault)
                return
            self._lane.pulse.done(done)
            async with self._changed:
                for event, span, size in taken:
                    self.waiting -= len(span.messages)
                    self._bytes -= size
                    event.ack()
                self._changed.notify_all()

    def _room(self) -> bool:
        """Always where nothing is queued, however large what is in flight."""
        return not self._queue or (self.waiting < _WAITING_RECORDS and self._bytes < _WAITING_BYTES)

    async def reset(self, topic: Topic) -> None:
        """The topic has lost its end: its marker goes back. Nothing is taken from then on, since all that is queued and fetched is of a log
        that is no more. Raises what the owner's does."""
        async with self._using:
            if not self._closed:
                self._closed = True
                await self._lane.call(self.owner.reset, topic)

    async def _tend(self) -> None:
        """What fails here is tried again, and costs a new owner time at worst."""
        try:
            async with self._using:
                await self._lane.call(self.owner.tend)
        except RestartNeededError as fault:
            self._lane.fatal(fault)
        except Exception as fault:
            log.warning("%s: its state was not renewed: %s", self.owner.name, type(fault).__name__)

    def _take(self) -> list[tuple[EventT, Span, int]]:
        taken = [self._queue.popleft()]
        records, size = len(taken[0][1].messages), taken[0][2]
        while self._queue:
            _, span, more = self._queue[0]
            if records + len(span.messages) > BATCH_RECORDS or size + more > BATCH_BYTES:
                break
            taken.append(self._queue.popleft())
            records, size = records + len(span.messages), size + more
        return taken

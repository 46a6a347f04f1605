"""What an agent hands to a slot out of its order: fetched again when something is missing before it, dropped when it is known."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from aiokafka.structs import ConsumerRecord
from faust.types import TP

from processors.lane import changelog
from processors.lane import slot as slots
from processors.lane.errors import InputLostError
from processors.lane.feed import Fetched
from processors.lane.owner import Done, Owner, Span
from processors.lane.pulse import Pulse
from processors.lane.slot import Slot
from processors.lane.watch import Watch
from schemas.topics import Topic
from tests.processors.lane.conftest import World
from tests.processors.lane.toy import topic


@dataclass
class Message:
    topic: str
    partition: int
    generation_id: int = 1

    @property
    def tp(self) -> TP:
        return TP(self.topic, self.partition)


@dataclass
class Event:
    """As much of Faust's as a slot looks at."""

    message: Message
    value: Fetched
    acked: bool = False

    def ack(self) -> bool:
        self.acked = True
        return True


@dataclass
class Around:
    """A slot's surroundings that write down what was asked of them."""

    source: Topic
    pulse: Pulse
    rewound: list[tuple[TP, int]] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    told: list[Exception] = field(default_factory=list)

    async def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.to_thread(function, *arguments)

    def topic(self, name: str) -> Topic:
        return self.source

    async def rewind(self, tp: TP, offset: int) -> None:
        self.rewound.append((tp, offset))

    async def reset(self, topic: Topic, fault: Exception) -> None:
        self.faults.append(fault)

    def refused(self, fault: Exception) -> None:
        self.told.append(fault)

    def fatal(self, fault: Exception) -> None:
        self.faults.append(fault)


@pytest.mark.stack
def test_gaps_repeats_and_other_generations(world: World) -> None:
    world.send(400)
    source = world.stage.source
    consumer = changelog.reader(world.kafka)
    messages = [m for batch in changelog.batches(consumer, source.name, {0: 0}) for m in batch]
    consumer.close()
    count = len(messages)

    def event(start: int, stop: int, generation: int = 1) -> Event:
        records = [ConsumerRecord(source.name, 0, m.offset(), m.timestamp()[1], 1, m.key(), m.value(), None, 0, 0, ())
                   for m in messages[start:stop]]
        return Event(Message(source.name, 0, generation), Fetched(records, start, stop))

    async def play() -> None:
        around = Around(source, Pulse("toy", ""))
        slot = Slot(around, Owner(world.stage, 0, kafka=world.kafka, codec=world.codec, state_dir=world.directory,
                                  watch=Watch(around.fatal)), 1)
        await slot.open()
        first, missed, other, again, rest = event(0, 10), event(20, 30), event(10, 20, 2), event(0, 10), event(10, count)
        await slot.put(first)
        await slot.put(missed)
        assert around.rewound == [(TP(source.name, 0), 10)]
        await slot.put(other)
        await slot.put(again)
        assert slot.expected(source.name) == 10
        await slot.put(event(5, 15))
        await slot.put(rest)
        async with asyncio.timeout(30):
            while slot.waiting:
                await asyncio.sleep(0.01)
        assert slot.owner.markers == {source.name: count}
        await slot.close()
        assert (first.acked, missed.acked, other.acked, again.acked, rest.acked) == (True, False, False, True, True)
        assert around.faults == []

    asyncio.run(play())
    assert sorted(m.key() or b"" for m in world.messages(world.stage.out)) == sorted(m.key() or b"" for m in messages)


@pytest.mark.stack
def test_where_nothing_comes_the_owner_looks_after_its_state(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "_TEND_SECONDS", 0.05)
    tended: list[float] = []

    class Tended(Owner):
        def tend(self) -> None:
            tended.append(time.monotonic())
            if len(tended) == 1:
                raise ConnectionError  # and is asked again

    async def play() -> None:
        around = Around(world.stage.source, Pulse("toy", ""))
        slot = Slot(around, Tended(world.stage, 0, kafka=world.kafka, codec=world.codec, state_dir=world.directory,
                                   watch=Watch(around.fatal)), 1)
        await slot.open()
        async with asyncio.timeout(30):
            while len(tended) < 3:
                await asyncio.sleep(0.01)
        await slot.close()
        assert around.faults == []

    asyncio.run(play())


class Held:
    """An owner whose batches take until they are released."""

    name = "held-0"

    def __init__(self) -> None:
        self.markers: dict[str, int] = {}
        self.released = threading.Event()

    def run(self, spans: Sequence[Span]) -> Done:
        self.released.wait(30)
        self.markers[spans[-1].topic.name] = spans[-1].next
        return Done(sum(len(span.messages) for span in spans), 0, ())

    def open(self) -> None: ...

    def stop(self) -> None: ...

    def close(self) -> None: ...


@pytest.mark.parametrize(("size", "most"), [(1 << 20, 16), (20 << 20, 2)], ids=["many", "each larger than all that may wait"])
def test_what_waits_is_bounded_by_its_bytes(size: int, most: int) -> None:
    source, count, value = topic("slot.in.v1", "Assertion"), 40, bytes(size)
    events = [Event(Message(source.name, 0), Fetched([ConsumerRecord(source.name, 0, n, 0, 1, b"k", value, None, 0, 0, ())], n, n + 1))
              for n in range(count)]

    async def play() -> None:
        around, owner = Around(source, Pulse("toy", "")), Held()
        slot = Slot(around, cast(Owner, owner), 1)
        await slot.open()

        async def feed() -> None:
            for each in events:
                await slot.put(each)

        feeding = asyncio.create_task(feed())
        async with asyncio.timeout(30):
            while slot.waiting < most:
                await asyncio.sleep(0.01)
        await asyncio.wait([feeding], timeout=0.3)
        assert slot.waiting == most
        owner.released.set()
        async with asyncio.timeout(30):
            await feeding
            while slot.waiting:
                await asyncio.sleep(0.01)
        assert owner.markers == {source.name: count}
        assert all(each.acked for each in events)
        await slot.close()
        assert around.faults == []

    asyncio.run(play())


class Recovering(Held):
    """An owner that knows its markers some time before it is open."""

    def open(self) -> None:
        self.markers = {"slot.in.v1": 83}
        self.released.wait(30)


def test_one_that_is_being_opened_is_not_ahead_of_its_input() -> None:
    async def play() -> None:
        around, owner = Around(topic("slot.in.v1", "Assertion"), Pulse("toy", "")), Recovering()
        slot = Slot(around, cast(Owner, owner), 1)
        opening = asyncio.create_task(slot.open())
        async with asyncio.timeout(30):
            while not owner.markers:
                await asyncio.sleep(0.01)
        assert slot.behind("slot.in.v1") == 0, "a lag of -83 that then grew to 0 is what a partition that stands still looks like"
        owner.released.set()
        await opening
        assert slot.behind("slot.in.v1") == 0
        await slot.close()

    asyncio.run(play())


class Refusing(Held):
    """An owner that refuses its input."""

    def __init__(self) -> None:
        super().__init__()
        self.markers = {"slot.in.v1": 7}
        self.calls: list[str] = []

    def open(self) -> None:
        raise InputLostError("toy", "slot.in.v1", 0, "was made anew", "cluster/topic")

    def run(self, spans: Sequence[Span]) -> Done:
        self.calls.append("run")
        return super().run(spans)

    def tend(self) -> None:
        self.calls.append("tend")

    def close(self) -> None:
        self.calls.append("close")


def test_one_that_stands_idle_takes_nothing_and_keeps_its_state_young(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "_TEND_SECONDS", 0.05)
    source = topic("slot.in.v1", "Assertion")

    async def play() -> None:
        around, owner = Around(source, Pulse("toy", "")), Refusing()
        slot = Slot(around, cast(Owner, owner), 1)
        await slot.open()
        assert around.told == [slot.idle]
        for start in (0, 50):  # what it begins with, and what is said to be beyond an end
            record = ConsumerRecord(source.name, 0, 0, 0, 1, b"k", b"v", None, 0, 0, ())
            event = Event(Message(source.name, 0), Fetched([record], start, 1))
            await slot.put(event)  # type: ignore[arg-type]
            assert not event.acked
        assert (slot.waiting, slot.expected(source.name), slot.behind(source.name)) == (0, 0, 0)
        async with asyncio.timeout(30):
            while "tend" not in owner.calls:
                await asyncio.sleep(0.01)
        await slot.close()
        assert set(owner.calls) == {"tend", "close"}
        assert (around.faults, around.rewound) == ([], [])

    asyncio.run(play())


class Noting(Held):
    """Writes down when its calls begin and end."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def run(self, spans: Sequence[Span]) -> Done:
        self.calls.append("run")
        done = super().run(spans)
        self.calls.append("ran")
        return done

    def reset(self, topic: Topic) -> None:
        self.calls.append("reset")
        time.sleep(0.1)
        self.markers[topic.name] = 0
        self.calls.append("was reset")

    def close(self) -> None:
        self.calls.append("close")


def test_a_reset_waits_for_the_batch_in_flight_and_nothing_comes_between_or_after() -> None:
    source = topic("slot.in.v1", "Assertion")

    async def play() -> None:
        around, owner = Around(source, Pulse("toy", "")), Noting()
        slot = Slot(around, cast(Owner, owner), 1)
        await slot.open()
        for n in range(3):
            record = ConsumerRecord(source.name, 0, n, 0, 1, b"k", b"v", None, 0, 0, ())
            await slot.put(Event(Message(source.name, 0), Fetched([record], n, n + 1)))  # type: ignore[arg-type]
            while not owner.calls:
                await asyncio.sleep(0.01)
        resetting = asyncio.create_task(slot.reset(source))
        await asyncio.sleep(0.05)
        owner.released.set()
        async with asyncio.timeout(30):
            while "reset" not in owner.calls:
                await asyncio.sleep(0.01)
            await slot.close()  # a rebalance, as where a topic is deleted
            await resetting
        assert owner.calls == ["run", "ran", "reset", "was reset", "close"]

    asyncio.run(play())

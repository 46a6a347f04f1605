"""(b) The same core as a QuixStreams application, one event at a time: exactly-once, RocksDB state, changelog, its checkpoints.

QuixStreams gives a function `State` by message key, without ordered look-up; that is added here as its own windowed stores do it:
from the partition's iterator and the checkpoint's updates of this key. Runs in an environment of its own (requirements.lock).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import quixstreams
from quixstreams.state.rocksdb.transaction import RocksDBPartitionTransaction

from deploy.bench.candidates.core import OUTPUTS, Core
from deploy.bench.candidates.progress import Task, done, ready
from processors.lane.contract import Received
from schemas.codec import Codec
from schemas.partition import partition

BATCH_RECORDS = 2_000
"""The lane's, so that a checkpoint has as many events as a batch of ours at its largest."""


class QuixState:
    """`State` of one person over QuixStreams' transaction; it must be within one person's keys, as the core's look-ups are."""

    def __init__(self, transaction: RocksDBPartitionTransaction, person: bytes) -> None:
        self._transaction, self._person = transaction, person
        self._head = person + b"|"

    def get(self, key: bytes) -> bytes | None:
        return self._transaction.get_bytes(key, self._person)

    def multi_get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return [self._transaction.get_bytes(key, self._person) for key in keys]

    def put(self, key: bytes, value: bytes) -> None:
        self._transaction.set_bytes(key, value, self._person)

    def delete(self, key: bytes) -> None:
        self._transaction.delete(key, self._person)

    def prefix(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        low = self._head + prefix
        found = dict(self._stored(low, _beyond(low)))
        found.update((key, value) for key, value in self._updated().items() if key.startswith(low))
        cut = len(self._head)
        return iter([(key[cut:], found[key]) for key in sorted(found)])

    def before(self, key: bytes, within: bytes) -> tuple[bytes, bytes] | None:
        low, high = self._head + within, self._head + key
        theirs = next((pair for pair in self._stored(low, high, backwards=True) if pair[0] < high), None)
        return self._nearest(max, theirs, lambda each: low <= each < high)

    def after(self, key: bytes, within: bytes) -> tuple[bytes, bytes] | None:
        low, start = self._head + within, self._head + key
        theirs = next((pair for pair in self._stored(start, _beyond(low)) if pair[0] > start), None)
        return self._nearest(min, theirs, lambda each: each > start and each.startswith(low))

    def _stored(self, low: bytes, high: bytes, *, backwards: bool = False) -> Iterator[tuple[bytes, bytes]]:
        """What is in the store and was not written since."""
        updated, deleted = self._updated(), self._transaction._update_cache.get_deletes()
        for key, value in self._transaction._partition.iter_items(low, high, backwards=backwards):
            if key not in updated and key not in deleted:
                yield key, value

    def _updated(self) -> dict[bytes, bytes]:
        return self._transaction._update_cache.get_updates().get(self._person, {})

    def _nearest(self, best: Any, theirs: tuple[bytes, bytes] | None, fits: Callable[[bytes], bool]) -> tuple[bytes, bytes] | None:
        ours = best(((key, value) for key, value in self._updated().items() if fits(key)), default=None)
        found = best(ours, theirs) if ours and theirs else ours or theirs
        return None if found is None else (found[0][len(self._head):], found[1])


def main() -> None:
    task = Task.given()
    app = quixstreams.Application(
        task.kafka, consumer_group=task.topic, auto_offset_reset="earliest", processing_guarantee="exactly-once",
        commit_every=BATCH_RECORDS, commit_interval=1.0, state_dir=str(task.folder / "quix"), loglevel="WARNING",
        consumer_extra_config={"fetch.wait.max.ms": 20, "queued.min.messages": 20_000},
        producer_extra_config={"compression.type": "lz4", "linger.ms": 5, "queue.buffering.max.messages": 500_000},
    )
    frame = app.dataframe(app.topic(task.topic, value_deserializer="bytes"))
    _watch(app, task)
    frame.update(_function(task, app), stateful=True, metadata=True)
    app.run()


def _function(task: Task, app: quixstreams.Application) -> Callable[..., None]:
    codec, core = Codec(task.registry), Core(task.topic)
    (source,) = core.inputs
    decode = codec.decoder(source)
    encoders: dict[str, Callable[[Any], bytes]] = {topic.name: codec.encoder(topic) for topic in OUTPUTS}
    producer = app._producer

    def take(value: bytes, key: bytes, timestamp: int, _headers: Any, state: Any) -> None:
        received = Received(source, 0, 0, timestamp, key, value)
        for output in core.process([(received, decode(value))], QuixState(state._transaction, key)):
            topic = output.topic
            producer.produce(topic.name, encoders[topic.name](output.value), output.key,
                             partition=partition(output.partition_by, topic.partitions))

    return take


def _watch(app: quixstreams.Application, task: Task) -> None:
    """Tell of assignments and of committed checkpoints."""
    context, assign = app._processing_context, app._on_assign
    commit, store = context.commit_checkpoint, context.store_offset
    taken = told = 0

    def counted(*arguments: Any, **named: Any) -> None:
        nonlocal taken
        store(*arguments, **named)
        taken += 1

    def committed(*arguments: Any, **named: Any) -> None:
        nonlocal told
        before = context.checkpoint
        commit(*arguments, **named)
        if context.checkpoint is not before and taken > told:
            told = taken
            done(taken)

    def assigned(consumer: Any, partitions: Any) -> None:
        assign(consumer, partitions)
        ready(sum(each.topic == task.topic for each in partitions))

    context.commit_checkpoint, context.store_offset, app._on_assign = committed, counted, assigned


def _beyond(prefix: bytes) -> bytes:
    """The least key greater than all keys with this prefix."""
    trimmed = prefix.rstrip(b"\xff")
    return trimmed[:-1] + bytes([trimmed[-1] + 1])


if __name__ == "__main__":
    main()

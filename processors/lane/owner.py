"""The owner of one state partition: its store, its producer, its markers, and what happens to a batch, in order.

Everything here blocks and belongs in a thread; one call at a time. Only `stop` may be called from another thread.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mainstem import faults
from processors.lane import changelog, inputs
from processors.lane.computing import Computed, Computing
from processors.lane.contract import Received, Stage
from processors.lane.damage import damaged
from processors.lane.errors import ChangelogLostError, InputLostError, LaneStoppedError, OutputRefusedError, RefusedError
from processors.lane.meter import Meter
from processors.lane.snapshots import RENEWED_MS, Snapshots
from processors.lane.store import INPUTS, MARKERS, Store, encode_markers, young
from processors.lane.transaction import Transactions
from processors.lane.watch import Watch
from schemas.codec import Codec
from schemas.topics import Topic
from schemas.transaction import Record

log = logging.getLogger(__name__)
_WORTH_RECORDS = 500
"""A snapshot is taken over instead of reading so much of the changelog."""


class Span(NamedTuple):
    """Consecutive messages of one input partition. `next` is the offset after them, control records included."""

    topic: Topic
    next: int
    messages: Sequence[Received]


class Done(NamedTuple):
    """What became of a batch."""

    processed: int
    published: int
    committed: tuple[int, ...]
    """Commit times in the source's database of some of what was processed, milliseconds."""


class Owner:
    """`open` fences the previous owner and recovers; then `run` batches; `close` at the end."""

    def __init__(self, stage: Stage, partition: int, *, kafka: str, codec: Codec, state_dir: Path, watch: Watch,
                 snapshots: Snapshots | None = None, accepted: str = "") -> None:
        """`accepted`: identity of an input that is to be taken for the one that was read."""
        self.name = f"{stage.name}-{partition}"
        self.partition = partition
        self._stage = stage
        self._kafka = kafka
        self._path = state_dir / stage.name / str(partition)
        self._stop = threading.Event()
        self._transactions = Transactions(kafka, self.name, self._stop, watch)
        self._store: Store | None = None
        self._meter = Meter(stage.name, partition)
        self._computing = Computing(stage, partition, codec, self._meter, self._stop)
        self._identity = ""
        self._accepted = accepted
        self._inputs: dict[str, str] = {}
        """Identity of each input topic."""
        self._snapshots = snapshots

    @property
    def markers(self) -> dict[str, int]:
        """Input topic -> next offset to process."""
        return self._store.markers if self._store else {}

    def open(self) -> int:
        """Returns how many changelog records were applied. Raises FencedError, StateBusyError, LaneStoppedError, KafkaException; and
        InputLostError: the partition is recovered and held, and may be tended, but not run."""
        began = time.monotonic()
        topic = self._stage.changelog
        self._inputs = changelog.identities(self._kafka, [*self._stage.inputs, topic])
        identity = self._identity = self._inputs.pop(topic.name)
        self._transactions.open()
        faults.at("fenced")
        self._store = self._nearest(identity)
        start = self._store.position
        applied = changelog.recover(self._kafka, self._store, identity, topic.name, self.partition, _now(), self._stop.is_set)
        if self._snapshots is not None:
            self._snapshots.forget(identity, self._store.position)
        self._settle(self._store)
        took = time.monotonic() - began
        log.info("%s: opened in %.2f s, %d changelog records applied from %d on, %.0f a second", self.name, took, applied, start,
                 applied / took)
        self._meter.opened(took, applied, self._store)
        return applied

    def _nearest(self, identity: str) -> Store:
        """The local copy; or a snapshot in its place, where that leaves clearly less to read. No snapshot in the place of a copy that is
        damaged: it may have been taken of it."""
        anew = damaged(self._path)
        store = Store(self._path, identity, _now())
        after = store.position + _WORTH_RECORDS
        if anew:
            log.warning("%s: the local copy was damaged, and is built anew from the changelog", self.name)
        if anew or self._snapshots is None or not self._snapshots.serving(identity, after, _now()):
            return store
        store.close()
        position = self._snapshots.restore(self._path, identity, after, _now())
        if position is not None:
            log.info("%s: starts from a snapshot at %d", self.name, position)
        return Store(self._path, identity, _now())

    def _settle(self, store: Store) -> None:
        """Markers that can count in the inputs as they are now, and what they count in, here and in the changelog."""
        told = store.get(INPUTS)
        if store.markers and told is None:  # the first transaction of a changelog says it
            log.error("%s: its changelog does not say what its markers count in: it was made anew under its owner, and lacks what was "
                      "written before; the inputs are read from their beginning", self.name)
            self._meter.reset(len(store.markers))
            self._note(store, {}, self._inputs)
            return
        read = {name: self._inputs[name] if self._inputs.get(name) == self._accepted else known for name, known in
                inputs.decode(told).items()}
        moved = inputs.looked(self._kafka, self._stage.inputs, self.partition, store.markers, read, self._inputs, self._stop.is_set)
        self._refuse(store, moved, read)
        self._meter.reset(len(moved))
        if store.markers and (moved or told != inputs.encode(self._inputs)):
            self._note(store, _with(store.markers, moved), self._inputs)

    def _refuse(self, store: Store, moved: dict[str, inputs.Moved], read: dict[str, str]) -> None:
        """Raises InputLostError where offsets count, and has it remembered: the input may soon have grown past its marker again."""
        if self._stage.offsets_count and moved:
            self._note(store, store.markers, read | dict.fromkeys(moved, inputs.RESET))
            self._meter.refused()
            name, (_, why) = next(iter(moved.items()))
            raise InputLostError(self._stage.name, name, self.partition, why, self._inputs[name])

    def _note(self, store: Store, markers: dict[str, int], identities: dict[str, str]) -> None:
        record = self._basis(identities)
        offset = self._transactions.commit([record], self._marker(markers))
        store.apply([(record.key, record.value)], markers, offset + 1, _now())

    def run(self, spans: Sequence[Span]) -> Done:
        """Process messages that lie at or after the markers, commit, then write the state.

        Raises StageError, OutputRefusedError, StateDamagedError, ChangelogLostError, FencedError, LaneStoppedError; in each case nothing
        of the batch has been applied here.
        """
        store = self._store
        if store is None:
            raise LaneStoppedError
        fresh: list[Received] = []
        markers = dict(store.markers)
        for span in spans:
            next_ = markers.get(span.topic.name, 0)
            fresh.extend(m for m in span.messages if m.offset >= next_)
            markers[span.topic.name] = max(span.next, next_)
        if not fresh:
            return Done(0, 0, ())
        self._meter.begin()
        computed = self._computing.of(fresh, store)
        faults.at("computed")
        if not store.markers:
            basis = self._basis(self._inputs)
            computed.records.append(basis)
            computed.changes.append((basis.key, basis.value))
        try:
            offset = self._transactions.commit(computed.records, self._marker(markers))
        except RefusedError as refused:
            at = self._computing.outgrown(fresh, refused.topic, store)
            raise OutputRefusedError(self._stage.name, refused, at.topic.name, at.partition, at.offset) from None
        faults.at("committed")
        if offset < store.position:
            self._lost(store, offset)
        self._meter.phase("commit")
        store.apply(computed.changes, markers, offset + 1, _now())
        self._meter.phase("state")
        faults.at("stored")
        self._tell(len(fresh), computed, store)
        self._snapshot(store, _now())
        return Done(len(fresh), len(computed.outputs), computed.committed)

    def _lost(self, store: Store, offset: int) -> None:
        """What the changelog held is gone from it. Nobody may take what is left for the state: the markers go, and this copy."""
        self._transactions.commit([self._basis(self._inputs)], self._marker({}))
        position = store.position
        store.reset(self._identity, _now())
        raise ChangelogLostError(self._stage.changelog.name, self.partition, offset, position)

    def reset(self, topic: Topic) -> None:
        """An input has lost its end, if perhaps in another partition: its marker goes back to its beginning, as do those of other inputs of
        which that shows. The next to open this partition is told. Raises FencedError, InputLostError, LaneStoppedError, KafkaException."""
        store = self._store
        if store is None:
            raise LaneStoppedError
        moved = inputs.looked(self._kafka, self._stage.inputs, self.partition, store.markers, self._inputs, self._inputs, self._stop.is_set,
                              topic.name)
        self._refuse(store, moved, self._inputs)
        if moved:
            self._note(store, _with(store.markers, moved), self._inputs | dict.fromkeys(moved, inputs.RESET))

    def tend(self) -> None:
        """Where nothing comes: keep local copy and snapshot young, which would else cease to serve though they lack nothing.

        The changelog is asked first, since an owner that was paused may have been followed by another. Raises LaneStoppedError,
        KafkaException.
        """
        store, now_ms = self._store, _now()
        if store is None or store.position == 0:
            return
        due = self._snapshots is not None and self._snapshots.due(store.position, time.monotonic(), now_ms)
        if not due and young(store.written, now_ms, RENEWED_MS):
            return
        if changelog.beyond(self._kafka, self._stage.changelog.name, self.partition, store.position, self._stop.is_set):
            return
        store.stamp(now_ms)
        self._snapshot(store, now_ms)

    def stop(self) -> None:
        """Give up whatever waits for the broker or the registry. Thread-safe."""
        self._stop.set()

    def close(self) -> None:
        self._stop.set()
        self._transactions.close()
        if self._store is not None:
            self._store.close()
            self._store = None
        self._meter.closed()

    def _basis(self, identities: dict[str, str]) -> Record:
        """What markers count in."""
        return Record(self._stage.changelog.name, self.partition, INPUTS, inputs.encode(identities))

    def _marker(self, markers: dict[str, int]) -> Record:
        return Record(self._stage.changelog.name, self.partition, MARKERS, encode_markers(markers))

    def _snapshot(self, store: Store, now_ms: int) -> None:
        """Where one is due. A snapshot that cannot be taken is missed by nobody but a new owner, who reads more. `now_ms`: when the store
        held all that the changelog does."""
        if self._snapshots is None or not self._snapshots.due(store.position, time.monotonic(), now_ms):
            return
        began, taken = time.monotonic(), None
        try:
            path = self._snapshots.take(store, self._identity, now_ms)
            taken = now_ms
            log.info("%s: snapshot %s in %.2f s", self.name, path.name, time.monotonic() - began)
        except Exception as fault:  # rocksdict raises no narrower type
            log.warning("%s: no snapshot: %s", self.name, type(fault).__name__)
        self._snapshots.took(store.position, time.monotonic(), taken)

    def _tell(self, events: int, computed: Computed, store: Store) -> None:
        self._meter.committed(events, computed.outputs, computed.committed)
        self._meter.size(store)
        if computed.traces is not None:
            computed.traces.done(events, len(computed.outputs))


def _with(markers: dict[str, int], moved: dict[str, inputs.Moved]) -> dict[str, int]:
    return markers | {name: each.next for name, each in moved.items()}


def _now() -> int:
    return time.time_ns() // 1_000_000

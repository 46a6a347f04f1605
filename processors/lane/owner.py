"""The owner of one state partition: its store, its producer, its markers, and what happens to a batch, in order.

Everything here blocks and belongs in a thread; one call at a time. Only `stop` may be called from another thread.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from mainstem import faults
from mainstem.model import RawRef
from mainstem.operations import Quarantined
from mainstem.person_events import Op, PersonEvent
from processors.lane import changelog
from processors.lane.contract import Output, Received, Stage
from processors.lane.errors import LaneStoppedError, RestartNeededError, StageError
from processors.lane.meter import Meter
from processors.lane.overlay import Overlay
from processors.lane.snapshots import RENEWED_MS, Snapshots
from processors.lane.store import MARKERS, Store, encode_markers
from processors.lane.traces import Traces
from processors.lane.transaction import Transactions
from processors.lane.watch import Watch
from schemas import topics
from schemas.codec import Codec
from schemas.errors import RegistryUnavailableError, UndecodableError
from schemas.partition import partition as partition_of
from schemas.topics import Topic
from schemas.transaction import Record

log = logging.getLogger(__name__)
_COMPUTING = threading.Lock()
"""One partition of a process computes at a time, others meanwhile wait for the broker: Python would not run two at once anyway, and
stages need not be thread-safe; nor is msgspec 0.22, which crashes when two threads convert to a type it has not seen before."""
_REGISTRY_BACKOFF_SECONDS = 1.0
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
                 snapshots: Snapshots | None = None) -> None:
        self.name = f"{stage.name}-{partition}"
        self.partition = partition
        self._stage = stage
        self._kafka = kafka
        self._codec = codec
        self._path = state_dir / stage.name / str(partition)
        self._stop = threading.Event()
        self._decoders = {topic.name: codec.decoder(topic) for topic in stage.inputs}
        self._encoders: dict[str, Callable[[msgspec.Struct], bytes]] = {}
        self._transactions = Transactions(kafka, self.name, self._stop, watch)
        self._store: Store | None = None
        self._meter = Meter(stage.name, partition)
        self._identity = ""
        self._snapshots = snapshots

    @property
    def markers(self) -> dict[str, int]:
        """Input topic -> next offset to process."""
        return self._store.markers if self._store else {}

    def open(self) -> int:
        """Returns how many changelog records were applied. Raises FencedError, StateBusyError, LaneStoppedError, KafkaException."""
        began = time.monotonic()
        topic = self._stage.changelog
        identity = self._identity = changelog.identity(self._kafka, topic)
        self._transactions.open()
        faults.at("fenced")
        self._store = self._nearest(identity)
        start = self._store.position
        applied = changelog.recover(self._kafka, self._store, identity, topic.name, self.partition, _now(), self._stop.is_set)
        if self._snapshots is not None:
            self._snapshots.forget(identity, self._store.position)
        took = time.monotonic() - began
        log.info("%s: opened in %.2f s, %d changelog records applied from %d on, %.0f a second", self.name, took, applied, start,
                 applied / took)
        self._meter.opened(took, applied, self._store)
        return applied

    def _nearest(self, identity: str) -> Store:
        """The local copy; or a snapshot in its place, where that leaves clearly less to read."""
        store = Store(self._path, identity, _now())
        after = store.position + _WORTH_RECORDS
        if self._snapshots is None or not self._snapshots.serving(identity, after, _now()):
            return store
        store.close()
        position = self._snapshots.restore(self._path, identity, after, _now())
        if position is not None:
            log.info("%s: starts from a snapshot at %d", self.name, position)
        return Store(self._path, identity, _now())

    def run(self, spans: Sequence[Span]) -> Done:
        """Process messages that lie at or after the markers, commit, then write the state.

        Raises StageError, FencedError, LaneStoppedError; in each case nothing of the batch has been applied here.
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
        computed = self._computed(store, fresh)
        faults.at("computed")
        marker = Record(self._stage.changelog.name, self.partition, MARKERS, encode_markers(markers))
        offset = self._transactions.commit(computed.records, marker)
        faults.at("committed")
        self._meter.phase("commit")
        store.apply(computed.changes, markers, offset + 1, _now())
        self._meter.phase("state")
        faults.at("stored")
        self._tell(len(fresh), computed, store)
        self._snapshot(store, _now())
        return Done(len(fresh), len(computed.outputs), computed.committed)

    def tend(self) -> None:
        """Where nothing comes: keep local copy and snapshot young, which would else cease to serve though they lack nothing.

        The changelog is asked first, since an owner that was paused may have been followed by another. Raises LaneStoppedError,
        KafkaException.
        """
        store, now_ms = self._store, _now()
        if store is None or store.position == 0:
            return
        due = self._snapshots is not None and self._snapshots.due(store.position, time.monotonic(), now_ms)
        if not due and now_ms - store.written < RENEWED_MS:
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

    def _computed(self, store: Store, messages: Sequence[Received]) -> _Computed:
        while True:
            try:
                with _COMPUTING:
                    self._meter.phase("wait")
                    return self._compute(store, messages)
            except RegistryUnavailableError as fault:
                log.warning("%s: %s; waiting for it", self.name, fault)
                if self._stop.wait(_REGISTRY_BACKOFF_SECONDS):
                    raise LaneStoppedError from None

    def _compute(self, store: Store, messages: Sequence[Received]) -> _Computed:
        """Decode, process, encode: pure but for what the codec asks the registry, so it may be repeated."""
        batch: list[tuple[Received, Any]] = []
        outputs: list[Output] = []
        for message in messages:
            try:
                batch.append((message, self._decoders[message.topic.name](message.value)))
            except UndecodableError as fault:
                outputs.append(_quarantine(self._stage.name, message, fault))
        self._meter.phase("decode")
        overlay = Overlay(store)
        outputs.extend(self._process(batch, overlay))
        self._meter.phase("core")
        traces = Traces.of(self._stage.name, self._meter.began, batch)
        records = [self._record(output, traces) for output in outputs]
        changes = list(overlay.changes.items())
        changelog_name = self._stage.changelog.name
        records.extend(Record(changelog_name, self.partition, key, value) for key, value in changes)
        self._meter.phase("encode")
        return _Computed(records, changes, outputs, _sampled(batch), traces)

    def _tell(self, events: int, computed: _Computed, store: Store) -> None:
        self._meter.committed(events, computed.outputs, computed.committed)
        self._meter.size(store)
        if computed.traces is not None:
            computed.traces.done(events, len(computed.outputs))

    def _process(self, batch: list[tuple[Received, Any]], overlay: Overlay) -> list[Output]:
        if not batch:
            return []
        try:
            return list(self._stage.process(batch, overlay))
        except RestartNeededError:
            raise
        except Exception as fault:
            at = self._culprit(batch)
            raise StageError(self._stage.name, at.topic.name, at.partition, at.offset, fault) from None

    def _culprit(self, batch: list[tuple[Received, Any]]) -> Received:
        """The message at which the stage fails when it gets them one by one; the first where it then does not fail."""
        overlay = Overlay(self._store)  # type: ignore[arg-type]
        for item in batch:
            try:
                self._stage.process([item], overlay)
            except Exception:
                return item[0]
        return batch[0][0]

    def _record(self, output: Output, traces: Traces | None) -> Record:
        topic, value = output.topic, output.value
        if not isinstance(value, bytes):
            encode = self._encoders.get(topic.name)
            if encode is None:
                encode = self._encoders[topic.name] = self._codec.encoder(topic)
            value = encode(value)
        return Record(topic.name, partition_of(output.partition_by, topic.partitions), output.key, value,
                      output.headers + traces.headers(output.value) if traces else output.headers)


class _Computed(NamedTuple):
    """What a batch comes to, before anything of it is written."""

    records: list[Record]
    changes: list[tuple[bytes, bytes | None]]
    outputs: list[Output]
    committed: tuple[int, ...]
    traces: Traces | None


def _quarantine(stage: str, message: Received, fault: UndecodableError) -> Output:
    source = _source(message.key)
    value = Quarantined(
        stage=stage, source=source, reason="undecodable",
        raw=RawRef(message.topic.name, message.partition, message.offset),
        detail=f"{fault.why}: this message was not written by a Mainstem codec or is damaged; find out what wrote it and send it again")
    return Output(topics.QUARANTINE, source.encode(), value, source)


def _source(key: bytes | None) -> str:
    """The source of a message keyed by source patient, else nothing: a key may hold anything."""
    source, bar, _ = (key or b"").partition(b"|")
    text = source.decode("ascii", "replace")
    return text if bar and "/" in text and text.isprintable() and len(text) < 64 else ""


def _sampled(batch: Sequence[tuple[Received, Any]]) -> tuple[int, ...]:
    step = max(1, len(batch) // 8)
    found = (_committed(value) for _, value in batch[::step])
    return tuple(at for at in found if at is not None)


def _committed(value: Any) -> int | None:
    """When the source committed what caused a message; a handover carries what was committed long ago and says nothing."""
    if isinstance(value, PersonEvent):
        return value.items[-1].assertion.committed if value.op is Op.APPLY and value.items else None
    return getattr(value, "committed", None)


def _now() -> int:
    return time.time_ns() // 1_000_000

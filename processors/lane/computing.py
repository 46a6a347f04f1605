"""What a batch comes to: decoded, processed by the stage on an overlay, encoded. Nothing of it is written here."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from mainstem.model import RawRef
from mainstem.operations import Quarantined
from mainstem.person_events import Op, PersonEvent
from processors.lane.contract import Output, Received, Stage
from processors.lane.errors import LaneStoppedError, RestartNeededError, StageError
from processors.lane.meter import Meter
from processors.lane.overlay import Overlay
from processors.lane.store import Store
from processors.lane.traces import Traces
from schemas import events, kafka, topics
from schemas.codec import Codec
from schemas.errors import RegistryUnavailableError, UndecodableError
from schemas.partition import partition as partition_of
from schemas.transaction import Record

log = logging.getLogger(__name__)
_COMPUTING = threading.Lock()
"""One partition of a process computes at a time, others meanwhile wait for the broker: Python would not run two at once anyway, and
stages need not be thread-safe; nor is msgspec 0.22, which crashes when two threads convert to a type it has not seen before."""
_REGISTRY_BACKOFF_SECONDS = 1.0


class Computed(NamedTuple):
    """What a batch comes to, before anything of it is written."""

    records: list[Record]
    changes: list[tuple[bytes, bytes | None]]
    outputs: list[Output]
    committed: tuple[int, ...]
    traces: Traces | None


class Computing:
    """Of one state partition."""

    def __init__(self, stage: Stage, partition: int, codec: Codec, meter: Meter, stop: threading.Event) -> None:
        self._name = f"{stage.name}-{partition}"
        self._stage, self._partition = stage, partition
        self._codec, self._meter, self._stop = codec, meter, stop
        self._decoders = {topic.name: codec.decoder(topic) for topic in stage.inputs}
        self._encoders: dict[str, Callable[[msgspec.Struct], bytes]] = {}

    def of(self, messages: Sequence[Received], store: Store) -> Computed:
        """Waits for the registry. Raises StageError, LaneStoppedError, and what a stage raises for a restart."""
        while True:
            try:
                with _COMPUTING:
                    self._meter.phase("wait")
                    return self._once(messages, store)
            except RegistryUnavailableError as fault:
                log.warning("%s: %s; waiting for it", self._name, fault)
                if self._stop.wait(_REGISTRY_BACKOFF_SECONDS):
                    raise LaneStoppedError from None

    def outgrown(self, messages: Sequence[Received], topic: str, store: Store) -> Received:
        """The message by which, if they come one by one, a record for the topic is too large; the first where none is."""
        overlay = Overlay(store)
        with _COMPUTING:
            for message in messages:
                sizes: list[int] = []
                try:
                    outputs = self._stage.process([(message, self._decoders[message.topic.name](message.value))], overlay)
                    sizes = [len(self._record(each, None).value or b"") for each in outputs if each.topic.name == topic]
                except RestartNeededError:
                    raise
                except Exception as fault:  # an answer is owed all the same
                    log.debug("%s: %s while the record too large was sought", self._name, type(fault).__name__)
                if topic == self._stage.changelog.name:
                    sizes.extend(len(value or b"") for value in overlay.changes.values())
                if max(sizes, default=0) > kafka.LARGEST_VALUE:
                    return message
        return messages[0]

    def _once(self, messages: Sequence[Received], store: Store) -> Computed:
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
        outputs.extend(self._process(batch, store, overlay))
        self._meter.phase("core")
        traces = Traces.of(self._stage.name, self._meter.began, batch)
        records = [self._record(output, traces) for output in outputs]
        changes = list(overlay.changes.items())
        changelog_name = self._stage.changelog.name
        records.extend(Record(changelog_name, self._partition, key, value) for key, value in changes)
        self._meter.phase("encode")
        return Computed(records, changes, outputs, _sampled(batch), traces)

    def _process(self, batch: list[tuple[Received, Any]], store: Store, overlay: Overlay) -> list[Output]:
        if not batch:
            return []
        try:
            return list(self._stage.process(batch, overlay))
        except RestartNeededError:
            raise
        except Exception as fault:
            at = self._culprit(batch, store)
            raise StageError(self._stage.name, at.topic.name, at.partition, at.offset, fault) from None

    def _culprit(self, batch: list[tuple[Received, Any]], store: Store) -> Received:
        """The message at which the stage fails when it gets them one by one; the first where it then does not fail."""
        overlay = Overlay(store)
        for item in batch:
            try:
                self._stage.process([item], overlay)
            except RestartNeededError:
                raise
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
        event = events.HEADERS.get(topic.name)
        headers = event(output.value, value) if event else {}
        return Record(topic.name, partition_of(output.partition_by, topic.partitions), output.key, value,
                      headers | traces.headers(output.value) if traces else headers)


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

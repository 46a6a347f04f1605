"""From the published topics into one store: read, apply, remember, and wait where something is away."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from confluent_kafka import KafkaException

from mainstem import faults
from mainstem.model import Entry
from mainstem.operations import Quarantined
from schemas import kafka, topics
from schemas.codec import Codec
from schemas.errors import KafkaUnavailableError, RegistryUnavailableError
from schemas.partition import partition
from schemas.topics import Topic
from sinks.contract import Batch, Positions, Store
from sinks.errors import BeyondLogError, StoreDamagedError, StoreHeldError, StoreMovedError, StoreUnavailableError
from sinks.intake import INPUTS, Intake, Taken
from sinks.meter import Meter
from sinks.pulse import Heart, Pulse

log = logging.getLogger(__name__)
MOST = 2000
"""Messages a batch."""
_WAIT = 0.2
_BACKOFF = (0.2, 5.0)
_UNFIT = (ValueError, TypeError, KeyError, AttributeError, IndexError)
_AWAY = (KafkaUnavailableError, RegistryUnavailableError, StoreUnavailableError, StoreHeldError, StoreMovedError, KafkaException)
"""Dependency faults: waited for, then the store's positions say where to go on. Nothing is skipped."""


class Sink:
    """Writes to one store until stopped. Killed at any moment, it goes on where the store says it stands."""

    def __init__(self, store: Store, bootstrap: str, registry: str, instance: str, inputs: Sequence[Topic] = INPUTS) -> None:
        self._store = store
        self._bootstrap = bootstrap
        self._inputs = inputs
        self._codec = Codec(registry)
        self.pulse = Pulse(f"sink-{store.name}", instance)
        self._meter = Meter(self.pulse.stage)
        self._positions: Positions = {}
        self._intake: Intake | None = None
        self._measured = True
        self._begun = 0.0
        """When the last batch was begun."""

    def run(self, stop: threading.Event, *, rebuild: bool = False) -> None:
        """`rebuild`: forget all and read from the beginning; its entries are not measured for freshness until it has caught up."""
        heart = Heart(self.pulse, self._bootstrap, self._codec)
        heart.start()
        delay = _BACKOFF[0]
        try:
            while not stop.is_set():
                try:
                    self._start(rebuild)
                    rebuild = False
                    delay = _BACKOFF[0]
                    self._well()
                    while not stop.is_set():
                        self._step()
                except (BeyondLogError, StoreDamagedError) as fault:
                    log.warning("%s", fault)
                    rebuild = True
                except _AWAY as fault:
                    self.pulse.trouble(type(fault).__name__)
                    self._meter.waits(True)
                    log.warning("%s; trying again in %.1f s", fault, delay)
                    stop.wait(delay)
                    delay = min(delay * 2, _BACKOFF[1])
        finally:
            heart.end()
            if self._intake is not None:
                self._intake.close()
            self._store.close()

    def _start(self, rebuild: bool) -> None:
        kafka.ensure_topics(self._bootstrap, [*self._inputs, topics.HEARTBEATS, topics.QUARANTINE])
        positions = self._store.open()
        if rebuild:
            log.info("%s: building the store anew", self.pulse.stage)
            self._store.clear()
            positions = {}
            self._measured = False
        if self._intake is None:
            self._intake = Intake(self._bootstrap, self._codec, self.pulse.stage, self._inputs)
        self._intake.start(positions)
        self._positions = positions
        log.info("%s: reading on from %s", self.pulse.stage, sum(positions.values()))

    def _step(self) -> None:
        assert self._intake is not None
        if self._store.damaged():
            raise StoreDamagedError(self._store.name)
        taken = self._intake.take(MOST, _WAIT, self._begun + self._store.pace - time.monotonic())
        if taken is None:
            lags = self._intake.lag
            self._measured = self._measured or self._meter.lag(lags) == 0
            self.pulse.stand(self._positions, lags)
            return
        self._begun = time.monotonic()
        self._meter.begin()
        faults.at("sink taken")
        if taken.undecodable:
            self._quarantine(taken.undecodable)
        try:
            self._store.apply(taken.batch, taken.positions)
        except _UNFIT:
            self._store.apply(self._fitting(taken), taken.positions)
        faults.at("sink applied")
        self._positions = taken.positions
        self._meter.applied(taken, measured=self._measured)
        self.pulse.applied(taken.count, taken.batch.entries if self._measured else (), time.time())
        lags = self._intake.lag
        self._meter.lag(lags)
        self.pulse.stand(self._positions, lags)

    def _well(self) -> None:
        """What was waited for is back."""
        self.pulse.trouble("")
        self._meter.waits(False)

    def _fitting(self, taken: Taken) -> Batch:
        """The batch without the entries that cannot be taken in, once these are in quarantine."""
        kept: list[Entry] = []
        unfit: list[Quarantined] = []
        for entry, origin in zip(taken.batch.entries, taken.origins, strict=True):
            try:
                self._store.fits(entry)
            except _UNFIT as fault:
                detail = (f"its content is not of the shape of kind {entry.kind} ({type(fault).__name__}); "
                          "see the rule or mapping that made it")
                unfit.append(Quarantined(stage=self.pulse.stage, raw=origin, source="", reason="unfit", detail=detail))
            else:
                kept.append(entry)
        if not unfit:
            raise  # noqa: PLE0704 called while the store's fault is handled: it is not the entries' fault
        self._quarantine(unfit)
        return Batch(tuple(kept), taken.batch.summaries)

    def _quarantine(self, items: Sequence[Quarantined]) -> None:
        """Returns when the broker has confirmed all. Raises KafkaUnavailableError."""
        encode = self._codec.encoder(topics.QUARANTINE)
        refused: list[str] = []
        producer = kafka.producer(self._bootstrap, message_timeout_ms=10_000)

        def confirmed(fault: object, _message: object) -> None:
            if fault is not None:
                refused.append(str(fault))

        for item in items:
            log.warning("%s: message %d of %s/%d is put in quarantine: %s", self.pulse.stage, item.raw.offset, item.raw.topic,
                        item.raw.partition, item.reason)
            producer.produce(topics.QUARANTINE.name, encode(item), self.pulse.stage, on_delivery=confirmed,
                             partition=partition(self.pulse.stage, topics.QUARANTINE.partitions))
        if producer.flush(15.0) or refused:
            raise KafkaUnavailableError(self._bootstrap, refused[0] if refused else "quarantine was not confirmed in time")
        self._meter.quarantined(items)

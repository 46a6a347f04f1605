"""A sink's heartbeat: once a second, from a thread of its own, so that a sink that waits for a store still says so."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Iterable

from confluent_kafka import KafkaException, Producer

from mainstem.model import Entry
from mainstem.observe import metrics
from mainstem.operations import Heartbeat
from schemas import kafka, topics
from schemas.codec import Codec
from schemas.errors import RegistryUnavailableError
from sinks.contract import Positions

log = logging.getLogger(__name__)
SAMPLES = 200
"""Most freshness samples a heartbeat carries."""


class Pulse:
    """What happened since the last heartbeat. Safe between threads."""

    def __init__(self, stage: str, instance: str, random_: random.Random | None = None) -> None:
        self.stage = stage
        self._instance = instance
        self._random = random_ or random.Random()  # noqa: S311 a sample, not a secret
        self._lock = threading.Lock()
        self._processed = self._published = self._lag = self._seen = 0
        self._positions: dict[str, int] = {}
        self._lags: dict[str, int] = {}
        self._freshness: list[float] = []
        self._note = ""

    def stand(self, positions: Positions, lags: Positions) -> None:
        """`lags`: messages behind, by partition."""
        with self._lock:
            self._positions = {str(place): offset for place, offset in positions.items()}
            self._lags = {str(place): lag for place, lag in lags.items()}
            self._lag = sum(lags.values())

    def applied(self, count: int, entries: Iterable[Entry], now: float) -> None:
        """A batch is visible since `now` (seconds). An even sample is kept of its entries that know when they were committed."""
        with self._lock:
            self._processed += count
            self._note = ""
            for entry in entries:
                self._published += 1
                if entry.committed is not None:
                    self._sample(max(0.0, now - entry.committed / 1000))

    def trouble(self, note: str) -> None:
        with self._lock:
            self._note = note

    def beat(self, now: float) -> Heartbeat:
        """Starts new samples."""
        with self._lock:
            freshness, self._freshness, self._seen = self._freshness, [], 0
            return Heartbeat(stage=self.stage, instance=self._instance, at=int(now * 1000), processed=self._processed,
                             published=self._published, lag=self._lag, positions=dict(self._positions), lags=dict(self._lags),
                             freshness=tuple(freshness), note=self._note)

    def _sample(self, seconds: float) -> None:
        """Reservoir: every entry of the second has the same chance."""
        self._seen += 1
        if len(self._freshness) < SAMPLES:
            self._freshness.append(seconds)
        elif (at := self._random.randrange(self._seen)) < SAMPLES:
            self._freshness[at] = seconds


class Heart(threading.Thread):
    """Sends the pulse's heartbeat every second until stopped; a broker or registry that is away is waited for."""

    def __init__(self, pulse: Pulse, bootstrap: str, codec: Codec) -> None:
        super().__init__(name="heart", daemon=True)
        self._pulse = pulse
        self._codec = codec
        self._producer: Producer = kafka.producer(bootstrap, linger_ms=0, message_timeout_ms=5000)
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(1.0):
            self._beat()
        self._beat()
        self._producer.flush(2.0)

    def end(self) -> None:
        self._ended.set()
        self.join(5.0)

    def _beat(self) -> None:
        try:
            value = self._codec.encoder(topics.HEARTBEATS)(self._pulse.beat(time.time()))
            self._producer.produce(topics.HEARTBEATS.name, value, self._pulse.stage, partition=0)
            self._producer.poll(0)
            metrics.HEARTBEATS.labels(self._pulse.stage).inc()
        except (KafkaException, BufferError, RegistryUnavailableError) as fault:
            log.warning("no heartbeat of %s: %s", self._pulse.stage, fault)

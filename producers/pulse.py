"""What capture says of itself once a second, outside its transactions: a plain producer, so that waiting does not silence it."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterable

from mainstem.observe import metrics
from mainstem.operations import STOPPED, Heartbeat
from schemas import kafka
from schemas.codec import Codec
from schemas.topics import HEARTBEATS

log = logging.getLogger(__name__)
_EVERY_SECONDS = 1.0
_SAMPLES = 64


class Pulse:
    """Counts, and beats when a beat is due."""

    def __init__(self, bootstrap: str, codec: Codec, instance: str) -> None:
        self._producer = kafka.producer(bootstrap, message_timeout_ms=5_000)
        self._encode = codec.encoder(HEARTBEATS)
        self._instance = instance
        self._due = 0.0
        self._processed = self._published = 0
        self._freshness: list[float] = []

    def done(self, processed: int, published: int, committed: Iterable[int | None]) -> None:
        """A batch became visible. `committed`: commit times at the source, in milliseconds."""
        self._processed += processed
        self._published += published
        now = time.time()
        for at in committed:
            if len(self._freshness) >= _SAMPLES:
                return
            if at is not None:
                self._freshness.append(max(0.0, now - at / 1000))

    def beat(self, stand: Callable[[], tuple[dict[str, int], dict[str, int]]]) -> None:
        """Where a second has passed: `stand` gives positions and lags."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + _EVERY_SECONDS
        positions, lags = stand()
        try:
            self._producer.produce(HEARTBEATS.name, self._encode(self._made(positions, lags)), b"capture", partition=0)
        except BufferError:
            log.warning("a heartbeat was left out: the broker does not take them")
        else:
            metrics.HEARTBEATS.labels("capture").inc()
        self._producer.poll(0)

    def last(self, why: str) -> None:
        """The heartbeat of a process that ends on purpose."""
        with contextlib.suppress(BufferError):
            self._producer.produce(HEARTBEATS.name, self._encode(self._made({}, {}, f"{STOPPED}{why}")), b"capture", partition=0)
            self._producer.flush(2.0)

    def close(self) -> None:
        self._producer.flush(1.0)

    def _made(self, positions: dict[str, int], lags: dict[str, int], note: str = "") -> Heartbeat:
        freshness, self._freshness = tuple(self._freshness), []
        return Heartbeat(stage="capture", instance=self._instance, at=time.time_ns() // 1_000_000, processed=self._processed,
                         published=self._published, lag=sum(lags.values()), positions=positions, lags=lags,
                         freshness=freshness, note=note)

"""Heartbeats of Debezium connectors: one whose database is away may go on running, as Connect sees it, and is only no longer heard."""

from __future__ import annotations

import contextlib
import threading

from confluent_kafka import Consumer, KafkaException, TopicPartition

from schemas import kafka

PREFIX = "__debezium-heartbeat."
"""Of the topics; the connector's `topic.prefix` follows."""
_TAIL = 8
"""Offsets from the end that hold a heartbeat for sure: each is followed by the mark of its transaction."""
_ANSWER = 3.0
_LOOK = 0.05
"""Seconds for what has come since the last look."""


class Beats:
    """Of every connector that writes to a broker. May be asked from several threads."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._consumer: Consumer | None = None
        self._assigned: frozenset[str] = frozenset()
        self._heard: dict[str, float] = {}
        self._one = threading.Lock()

    def heard(self) -> dict[str, float]:
        """`topic.prefix` -> when the latest came, seconds since the epoch. What was known before, where the broker does not answer."""
        with self._one:
            with contextlib.suppress(KafkaException):
                self._look()
            return dict(self._heard)

    def _look(self) -> None:
        if self._consumer is None:
            # A broker that is away is told of by others, not twenty times a second from here.
            self._consumer = kafka.consumer(self._bootstrap, "mainstem-beats", log_level=0, reconnect_backoff_max_ms=5_000,
                                            fetch_wait_max_ms=kafka.LOOKING_ON_MS)
        self._assign(self._consumer)
        while self._assigned and (first := self._consumer.poll(_LOOK)) is not None:
            for message in (first, *self._consumer.consume(100, 0.0)):
                topic = message.topic()
                if message.error() is None and topic is not None:
                    prefix = topic.removeprefix(PREFIX)
                    self._heard[prefix] = max(self._heard.get(prefix, 0.0), message.timestamp()[1] / 1000)

    def _assign(self, consumer: Consumer) -> None:
        """Topics appear when a connector is first heard."""
        found = frozenset(name for name in consumer.list_topics(timeout=_ANSWER).topics if name.startswith(PREFIX))
        if found == self._assigned:
            return
        starts = [TopicPartition(name, 0, max(0, consumer.get_watermark_offsets(TopicPartition(name, 0), _ANSWER)[1] - _TAIL))
                  for name in found]
        consumer.assign(starts)
        self._assigned = found

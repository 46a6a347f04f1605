"""The stream as the pages see it: heartbeats followed on Kafka, and how far capture is behind each source."""

from __future__ import annotations

import time
from collections.abc import Sequence

from confluent_kafka import Consumer, KafkaException, Message

from mainstem.web.figures import Beats, Figures
from mainstem.web.tail import Tail
from schemas import log, topics
from schemas.codec import Codec
from schemas.errors import UndecodableError


class KafkaStream:
    """Follows the heartbeats topic in a thread of its own."""

    def __init__(self, bootstrap: str, codec: Codec, minutes: int) -> None:
        self._codec = codec
        self._minutes = minutes
        self._beats = Beats(minutes)
        self._waiting: dict[str, int] = {}
        self._tail = Tail(bootstrap, topics.HEARTBEATS, self._heard, minutes=minutes, restart=self._forget, between=self._measure)

    def start(self) -> None:
        self._tail.start()

    def stop(self) -> None:
        self._tail.stop()

    @property
    def heard(self) -> bool:
        return self._tail.caught_up.is_set()

    def figures(self) -> Figures:
        return self._beats.figures(time.time_ns() // 1_000_000)

    def waiting(self, source: str) -> int | None:
        return self._waiting.get(topics.raw(source).name)

    def feeds(self) -> Sequence[str]:
        return sorted(self._waiting)

    def _heard(self, message: Message) -> None:
        try:
            self._beats.add(self._codec.decoder(topics.HEARTBEATS)(message.value()))
        except UndecodableError:
            return  # a heartbeat missed shows as silence, which is the truth of it

    def _forget(self) -> None:
        self._beats = Beats(self._minutes)

    def _measure(self, consumer: Consumer) -> None:
        """A position at the end is past the marks of transactions too; short of it, each counts as a message."""
        positions = {_place(text): position for text, position in self._beats.positions("capture").items()}
        try:
            ends = log.log_ends(consumer, positions, 1)
        except KafkaException:
            return
        waiting: dict[str, int] = {}
        for (topic, partition), position in positions.items():
            waiting[topic] = waiting.get(topic, 0) + max(0, ends[topic, partition] - position)
        self._waiting = waiting


def _place(text: str) -> log.Place:
    topic, _, partition = text.rpartition("/")
    return topic, int(partition)

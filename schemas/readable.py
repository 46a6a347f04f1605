"""Reading a topic as the stages read it: a message that nobody could decode lies in quarantine, and is no part of anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from confluent_kafka import Message

from schemas import log, topics
from schemas.codec import Codec
from schemas.errors import UndecodableError
from schemas.topics import Topic


class Readable:
    """Decodes messages of one topic. One that cannot be decoded, and is not in quarantine, is a fault: a stage has yet to come to it, or
    what it was written with is gone."""

    def __init__(self, bootstrap: str, codec: Codec, topic: Topic) -> None:
        self._bootstrap, self._codec, self._topic = bootstrap, codec, topic
        self._decode = codec.decoder(topic)
        self._held: set[tuple[str, int, int]] = set()

    def value(self, message: Message) -> Any:
        """None where the quarantine holds it. Raises UndecodableError."""
        try:
            return self._decode(message.value())
        except UndecodableError:
            place = (self._topic.name, *log.place(message))
            if place not in self._held:
                self._held = self._quarantined()
            if place not in self._held:
                raise
            return None

    def _quarantined(self) -> set[tuple[str, int, int]]:
        decode = self._codec.decoder(topics.QUARANTINE)
        raws = (decode(message.value()).raw for message in log.read(self._bootstrap, topics.QUARANTINE))
        return {(raw.topic, raw.partition, raw.offset) for raw in raws}


def read(bootstrap: str, codec: Codec, topic: Topic) -> Iterator[tuple[Message, Any]]:
    """Every committed message of a topic with its value, as `log.read` has them; without tombstones, and without those in quarantine.
    Raises UndecodableError of any other."""
    readable = Readable(bootstrap, codec, topic)
    for message in log.read(bootstrap, topic):
        if message.value() is not None and (value := readable.value(message)) is not None:
            yield message, value

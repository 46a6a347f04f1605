"""Whether a registry is the one that the messages were written with. Ask before registering: another would give their numbers to other
schemas."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from schemas import log
from schemas.codec import Codec
from schemas.errors import RegistryLostError
from schemas.topics import Topic

_LOOKS, _TAIL = 8, 200
"""Topics looked at side by side, and of each partition how many messages."""


def check(kafka: str, codec: Codec, topics: Iterable[Topic]) -> None:
    """Raises RegistryLostError where the registry knows none of the last messages of any of the topics, RegistryUnavailableError,
    TruncatedReadError, KafkaException. One that it knows suffices: a topic may hold some that nobody of ours wrote."""
    asked = [topic for topic in topics if topic.schema]
    with ThreadPoolExecutor(_LOOKS) as pool:
        told = dict(zip(asked, pool.map(lambda topic: _known(kafka, codec, topic), asked), strict=True))
    strange = [topic for topic, known in told.items() if False in known]
    if strange and not any(True in known for known in told.values()):
        raise RegistryLostError(codec.url, strange[0].name)


def _known(kafka: str, codec: Codec, topic: Topic) -> set[bool | None]:
    return {codec.knows(topic, bytes(message.value() or b"")) for message in log.read(kafka, topic, tail=_TAIL)}

"""Whether a registry is the one that the messages were written with. Ask before registering: another would give their numbers to other
schemas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from schemas import log
from schemas.codec import Codec
from schemas.errors import RegistryLostError
from schemas.topics import Purpose, Topic

_LOOKS, _TAIL = 8, 200
"""Topics looked at side by side, and of each partition how many messages at first."""


def check(kafka: str, codec: Codec, topics: Iterable[Topic], seconds: float = 60) -> None:
    """Raises RegistryLostError where the registry knows none of the messages of any of the topics, RegistryUnavailableError, and after
    so many `seconds` of silence TruncatedReadError, KafkaException.

    One that it knows suffices: a topic may hold some that nobody of ours wrote. Topics for operations are not asked, since every process
    writes to them, at once.
    """
    asked = [topic for topic in topics if topic.schema and topic.purpose is not Purpose.OPERATIONS]
    with ThreadPoolExecutor(_LOOKS) as pool:
        told = dict(zip(asked, pool.map(lambda topic: set(_known(kafka, codec, topic, seconds, _TAIL)), asked), strict=True))
    strange = [topic for topic, known in told.items() if False in known]
    if not strange or any(True in known for known in told.values()):
        return
    if not any(True in _known(kafka, codec, topic, seconds) for topic in strange):
        raise RegistryLostError(codec.url, strange[0].name)


def _known(kafka: str, codec: Codec, topic: Topic, seconds: float, tail: int | None = None) -> Iterator[bool | None]:
    return (codec.knows(topic, bytes(message.value() or b"")) for message in log.read(kafka, topic, tail=tail, seconds=seconds))

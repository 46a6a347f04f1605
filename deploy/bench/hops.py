"""Where the time goes between a commit in a trust's database and the stores: how old a change is when each topic takes it in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from confluent_kafka import Message

from mainstem.freshness import Freshness, percentiles
from schemas import log, topics
from schemas.codec import Codec

_TAIL = 60_000
"""Messages looked at of each partition: more than any measurement makes."""
RAW, ASSERTED, IDENTIFIED, PUBLISHED = "raw topic", "assertions", "persons.events", "entries"


def measure(bootstrap: str, codec: Codec, sources: Sequence[str], since: int) -> list[Freshness]:
    """Ages, in seconds, of what was committed at `since` (milliseconds) or later, by the broker's time of appending it: a reader sees it
    when the transaction has been committed too, which the next hop's age holds."""
    appended = {(str(message.topic()), message.partition(), message.offset()): _at(message)
                for source in sources for message in log.read(bootstrap, topics.raw(source), tail=_TAIL)}
    assertion, event, entry = (codec.decoder(topic) for topic in (topics.ASSERTIONS, topics.PERSON_EVENTS, topics.ENTRIES))
    said = list(_decoded(bootstrap, topics.ASSERTIONS, assertion))
    ages: dict[str, list[tuple[int | None, int]]] = {
        RAW: [(one.committed, appended.get((one.raw.topic, one.raw.partition, one.raw.offset), 0)) for one, _ in said],
        ASSERTED: [(one.committed, at) for one, at in said],
        IDENTIFIED: [(known.assertion.committed, at) for one, at in _decoded(bootstrap, topics.PERSON_EVENTS, event)
                     for known in one.items],
        PUBLISHED: [(one.committed, at) for one, at in _decoded(bootstrap, topics.ENTRIES, entry)],
    }
    return [found for hop, pairs in ages.items() if (found := _summary(hop, pairs, since)) is not None]


def _decoded(bootstrap: str, topic: topics.Topic, decode: Callable[[bytes | None], Any]) -> Iterator[tuple[Any, int]]:
    return ((decode(message.value()), _at(message)) for message in log.read(bootstrap, topic, tail=_TAIL) if message.value() is not None)


def _summary(hop: str, pairs: Iterable[tuple[int | None, int]], since: int) -> Freshness | None:
    seconds = [(at - committed) / 1000 for committed, at in pairs if committed is not None and committed >= since and at]
    return Freshness(hop, len(seconds), *percentiles(seconds), max(seconds)) if seconds else None


def _at(message: Message) -> int:
    return int(message.timestamp()[1])

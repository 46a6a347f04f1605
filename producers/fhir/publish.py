"""Files into the raw topic of their source, whence capture takes them like any other input."""

from __future__ import annotations

import re
from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException, Message

from producers.contract import SOURCE_HEADER, RawMessage
from producers.fhir.errors import SourceNameError, TooLargeError
from producers.fhir.reader import UNNAMED
from producers.items import Read
from schemas import kafka, topics
from schemas.errors import KafkaUnavailableError
from schemas.partition import partition

SECONDS = 60


class Publisher:
    """Publishes files; `close` returns when the broker has every one of them."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer = kafka.producer(bootstrap)
        self._failed: KafkaError | None = None
        self._topics: set[str] = set()
        self.handed = 0
        self.published = 0
        """Of those handed over, what the broker has acknowledged."""

    def publish(self, message: RawMessage, source: str) -> None:
        """One raw message of the source's topic. Raises TooLargeError, KafkaUnavailableError."""
        value, key = message.value or b"", message.key or b""
        if len(value) > kafka.LARGEST_VALUE:
            raise TooLargeError(len(value), kafka.LARGEST_VALUE)
        topic = topics.raw(source)
        if topic.name not in self._topics:
            kafka.ensure_topics(self._bootstrap, [topic])
            self._topics.add(topic.name)
        headers = dict(message.headers) | {SOURCE_HEADER: source.encode()}
        if source == UNNAMED:
            del headers[SOURCE_HEADER]
        place = partition(key.decode(), topic.partitions)
        while True:
            try:
                self._producer.produce(topic.name, value, key, partition=place, headers=list(headers.items()), on_delivery=self._delivered)
                break
            except BufferError:
                self._producer.poll(1)
        self.handed += 1
        self._producer.poll(0)
        self._check()

    def close(self) -> None:
        left = self._producer.flush(SECONDS)
        self._check()
        if left:
            raise KafkaUnavailableError(self._bootstrap, f"{left} files not acknowledged after {SECONDS} s; ingest them again")

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        self._failed = self._failed or error
        self.published += error is None

    def _check(self) -> None:
        if self._failed is not None:
            raise KafkaUnavailableError(self._bootstrap, KafkaException(self._failed).args[0].name())


def source_of(items: Sequence[Read]) -> str:
    """The source a file was found to be of: every item taken in or quarantined of it names the same."""
    return next((each.source for each in items if each.source), UNNAMED)


def checked_source(given: str | None) -> str | None:
    """A source as an operator names it. Raises SourceNameError."""
    if given is not None and not re.fullmatch(r"[A-Za-z0-9]{2,12}/[A-Za-z0-9._-]{1,32}", given):
        raise SourceNameError(given)
    return given

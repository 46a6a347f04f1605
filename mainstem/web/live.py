"""The sources of a running Mainstem: its stores and topics, opened together and closed together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mainstem.web.audit import KafkaAudit
from mainstem.web.quarantine import KafkaQuarantine
from mainstem.web.settings import WebSettings
from mainstem.web.sources import Sources
from mainstem.web.stores import CachedRecords, SearchedPeople
from mainstem.web.stream import KafkaStream
from schemas.codec import Codec


@contextmanager
def live(kafka: str, registry: str, redis: str, home: Path, settings: WebSettings, *, wait: float = 0.0) -> Iterator[Sources]:
    """`wait`: seconds to wait until quarantine and heartbeats have been read, for a command that shows one record and ends."""
    codec = Codec(registry)
    stream, quarantine = KafkaStream(kafka, codec, settings.minutes), KafkaQuarantine(kafka, codec)
    stream.start()
    quarantine.start()
    try:
        if wait:
            quarantine.wait(wait)
            stream.wait(wait)
        yield Sources(SearchedPeople(home), CachedRecords(redis), KafkaAudit(kafka, codec, settings.purpose), stream, quarantine)
    finally:
        stream.stop()
        quarantine.stop()

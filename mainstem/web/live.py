"""The sources of a running Mainstem: its stores and topics, opened together and closed together."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mainstem.adjudication.desk import KafkaDesk
from mainstem.observe.connect import Connectors
from mainstem.settings import Settings
from mainstem.terminology import Shelf
from mainstem.web import audit
from mainstem.web.history import SHELF, LoggedHistory, reader
from mainstem.web.lately import Lately
from mainstem.web.quarantine import KafkaQuarantine
from mainstem.web.settings import WebSettings
from mainstem.web.sources import Sources
from mainstem.web.stores import CachedRecords, SearchedPeople
from mainstem.web.stores import registry as schemas
from mainstem.web.stream import KafkaStream
from mainstem.web.terms import TermsInForce
from processors.apps.releases import current
from processors.identity.scoring.shelf import FOLDER, ModelShelf
from schemas.beats import Beats
from schemas.codec import Codec

_CAPTURED_SECONDS = 5.0
"""From one look at Connect to the next: one that hangs costs a page three seconds."""


@contextmanager
def live(kafka: str, registry: str, redis: str, home: Path, settings: WebSettings,
         connect: str | None = None) -> Iterator[Sources]:
    """Comes up whatever is down: pages then say what does not answer."""
    codec = Codec(registry)
    stream, quarantine = KafkaStream(kafka, codec, settings.minutes), KafkaQuarantine(kafka, codec)
    stream.start()
    quarantine.start()
    try:
        views = audit.opened(kafka, codec, settings)
        history = LoggedHistory(reader(kafka, codec, home, settings.history_seconds))
        desk = KafkaDesk(kafka, codec, Settings().person_key.get_secret_value().encode(), ModelShelf(home / FOLDER).activated)
        terms = TermsInForce(lambda: current(kafka, codec, Shelf(home / SHELF)).terms)
        captured = Lately(Connectors(connect, Beats(kafka).heard).look, _CAPTURED_SECONDS) if connect else None
        yield Sources(SearchedPeople(home), CachedRecords(redis), views, stream, quarantine, history, desk, schemas(registry), terms,
                      captured)
    finally:
        stream.stop()
        quarantine.stop()


def settle(sources: Sources, seconds: float) -> bool:
    """Wait until quarantine is counted and heartbeats are heard, for a command that shows one record and ends. False: not in time."""
    deadline = time.monotonic() + seconds
    while not (sources.quarantine.counted and sources.stream.heard):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True

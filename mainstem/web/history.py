"""The past as the pages ask it: read from the topics, one or two questions at a time, in bounded time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import KafkaException

from mainstem.history import BeginningLostError, Past, Reader
from mainstem.settings import Settings
from mainstem.shelf import ReleaseError
from mainstem.terminology import Shelf
from mainstem.web.errors import ReleaseUnavailableError, StoreUnavailableError
from processors.identity.scoring.shelf import FOLDER, ModelShelf
from schemas.codec import Codec
from schemas.errors import RegistryUnavailableError, UndecodableError
from schemas.log import TruncatedReadError

SHELF = "terms"
"""Folder of a home."""
_AT_ONCE = 2
"""Readings of the log side by side: each takes a core."""


def reader(kafka: str, codec: Codec, home: Path, seconds: float, say: Callable[[str], None] | None = None) -> Reader:
    """With the releases and the person key of this deployment."""
    key = Settings().person_key.get_secret_value().encode()
    found = Reader(kafka, codec, key, Shelf(home / SHELF).activated, ModelShelf(home / FOLDER).activated, seconds)
    return found._replace(say=say) if say else found


class LoggedHistory:
    """Safe to share between threads."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._free = threading.BoundedSemaphore(_AT_ONCE)

    def by_person(self, person: str, besides: Sequence[str], *moments: int) -> Sequence[Past]:
        if not self._free.acquire(timeout=self._reader.seconds):
            raise StoreUnavailableError("log of what was said", "others are reading it")
        try:
            with unavailable(self._reader.seconds):
                return self._reader.by_person(person, besides, *moments)
        finally:
            self._free.release()


@contextmanager
def unavailable(seconds: float) -> Iterator[None]:
    """What keeps the past from being read, as StoreUnavailableError."""
    try:
        yield
    except TruncatedReadError:
        raise StoreUnavailableError("log of what was said", f"it could not be read to that moment within {seconds:.0f} s") from None
    except RegistryUnavailableError:
        raise StoreUnavailableError("schema registry", "it cannot be reached") from None
    except KafkaException as fault:
        raise StoreUnavailableError("log of what was said", fault.args[0].name()) from None
    except UndecodableError as fault:
        raise StoreUnavailableError("log of what was said", fault.why) from None
    except (BeginningLostError, ReleaseError) as fault:
        raise ReleaseUnavailableError(str(fault)) from None

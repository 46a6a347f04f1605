"""Searches kept for a short while under a random key, so that no address, history or log holds what was searched for."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

_KEPT, _SECONDS = 2000, 1800.0


class Searches:
    """In memory on purpose: a restart forgets, and the page then asks for the search again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._terms: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, term: str) -> str:
        key = secrets.token_urlsafe(16)
        with self._lock:
            self._terms[key] = self._clock(), term
            while len(self._terms) > _KEPT:
                self._terms.popitem(last=False)
        return key

    def term(self, key: str) -> str | None:
        """None where the key is unknown or older than half an hour."""
        with self._lock:
            at, term = self._terms.get(key, (float("-inf"), ""))
            if self._clock() - at > _SECONDS:
                self._terms.pop(key, None)
                return None
            return term

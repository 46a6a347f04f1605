"""The terminology in force, as the pages ask for it: looked up again after a while, and what was known last where that fails."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from mainstem.kinds.facts import Terms
from mainstem.shelf import ReleaseError
from mainstem.terminology import builtin
from schemas.errors import KafkaUnavailableError, RegistryUnavailableError, UndecodableError
from schemas.log import TruncatedReadError

log = logging.getLogger(__name__)
_SECONDS = 30.0


class TermsInForce:
    """Safe to share between threads. Before it has been told once, the release that this version of Mainstem ships with."""

    def __init__(self, look_up: Callable[[], Terms], clock: Callable[[], float] = time.monotonic) -> None:
        self._look_up, self._clock = look_up, clock
        self._lock = threading.Lock()
        self._terms: Terms | None = None
        self._due = clock()

    def __call__(self) -> Terms:
        with self._lock:
            if self._clock() >= self._due:
                try:
                    self._terms = self._look_up()
                except (KafkaUnavailableError, RegistryUnavailableError, ReleaseError, TruncatedReadError, UndecodableError) as fault:
                    log.warning("terminology in force: %s; going on with %s", fault, (self._terms or builtin()).release)
                self._due = self._clock() + _SECONDS
            return self._terms or builtin()

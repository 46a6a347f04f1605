"""Ends a process whose main thread is stuck in a call that should have returned.

librdkafka 2.x was seen to wait for ever inside `send_offsets_to_transaction`, whatever its time limit, after the broker was killed and
came back. A process that hangs is worse than one that ends: nobody restarts it. Ending it at once loses nothing, as kill -9 does not.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator

log = logging.getLogger(__name__)

EXIT_CODE = 5


def _end() -> None:
    logging.shutdown()
    os._exit(EXIT_CODE)


class Watchdog:
    """Barks when `alive` was not called for `seconds`."""

    def __init__(self, seconds: float, bark: Callable[[], None] = _end) -> None:
        self._seconds = seconds
        self._bark = bark
        self._seen = time.monotonic()
        self._resting = False
        self._done = threading.Event()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def alive(self) -> None:
        self._seen = time.monotonic()

    @contextlib.contextmanager
    def resting(self) -> Iterator[None]:
        """No bark within: work of our own takes as long as it takes, a large file more than a minute."""
        self._resting = True
        try:
            yield
        finally:
            self.alive()
            self._resting = False

    def stop(self) -> None:
        self._done.set()

    def _watch(self) -> None:
        while not self._done.wait(self._seconds / 10):
            silent = time.monotonic() - self._seen
            if silent > self._seconds and not self._resting:
                log.error("stuck for %.0f s in a call to the broker; ending, so that it is started again (nothing is lost)", silent)
                self._bark()
                return

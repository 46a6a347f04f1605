"""Notices a call to the broker that should have returned long ago.

Calls of librdkafka's transactions wait for its inner thread without a limit of their own (`rd_kafka_txn_op_req0`), whatever time limit
they are given; one was seen never to return after the broker had been killed (docs/decisions/capture-ends-rather-than-hangs.md).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from processors.lane.errors import StuckError

STUCK_SECONDS = 60.0
"""No call is given more than 10."""


class Watch:
    """`on_stuck` is called, in a thread of its own and at most once, when a call lasts longer than `seconds`; it should end the process."""

    def __init__(self, on_stuck: Callable[[StuckError], None], seconds: float = STUCK_SECONDS) -> None:
        self._on_stuck = on_stuck
        self._seconds = seconds
        self._calls: dict[object, tuple[str, float]] = {}
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    @contextmanager
    def call(self, name: str) -> Iterator[None]:
        """Watch what is done inside. Thread-safe. The first call starts the thread that looks."""
        if self._thread is None:
            self._start()
        token = object()
        self._calls[token] = (name, time.monotonic())
        try:
            yield
        finally:
            del self._calls[token]

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="watch", daemon=True)
                self._thread.start()

    def _look(self) -> None:
        while True:
            time.sleep(self._seconds / 10)
            now = time.monotonic()
            for name, began in list(self._calls.values()):
                if now - began > self._seconds:
                    self._on_stuck(StuckError(name, now - began))
                    return

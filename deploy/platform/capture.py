"""Keeps capture running: looks at the connectors every two seconds and starts again what failed, or runs and hears its database no more.

Connect leaves a failed task as it is for ever. Restarts back off from 2 s to 60 s and never give up: a database that is down comes back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mainstem.observe import metrics
from mainstem.observe.connect import SILENT_SECONDS, Connector, Connectors, ConnectUnavailableError, restart

_LOOK, _FIRST_WAIT, _LONGEST_WAIT, _SETTLED = 2.0, 2.0, 60.0, 30.0


@dataclass(slots=True)
class _Standing:
    wait: float = _FIRST_WAIT
    due: float = 0.0
    ran: float | None = None
    """Since when it has been seen running."""


class CaptureWatch:
    """`say` is told of each restart, one line, without the task's trace."""

    def __init__(self, connect: str, say: Callable[[str], None], seconds: float = _LOOK,
                 heard: Callable[[], Mapping[str, float]] = dict) -> None:
        """`connect`: URL of its REST interface. `heard`: `topic.prefix` -> when its database was last heard, seconds since the epoch."""
        self._url, self._say, self._seconds = connect, say, seconds
        self._connectors = Connectors(connect, heard)
        self._standings: dict[str, _Standing] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="capture-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self, now: float) -> None:
        """One look. `now`: seconds of a monotonic clock."""
        for connector in self._connectors.look():
            metrics.CONNECTOR_RUNNING.labels(connector.name).set(int(connector.running))
            if connector.age is not None:
                metrics.CONNECTOR_HEARD.labels(connector.name).set(connector.age)
            self._attend(connector, self._standings.setdefault(connector.name, _Standing()), now)

    def _attend(self, connector: Connector, standing: _Standing, now: float) -> None:
        if connector.running:
            standing.ran = now if standing.ran is None else standing.ran
            if not connector.silent:
                if now - standing.ran >= _SETTLED:
                    standing.wait = _FIRST_WAIT
                return
        else:
            standing.ran = None
        # One that has just come back, as after the broker was away, has had no time to be heard.
        mute = connector.silent and standing.ran is not None and now - standing.ran >= SILENT_SECONDS
        if not (connector.failed or mute) or now < standing.due:
            return
        try:
            restart(self._url, connector.name, failed=connector.failed)
        except ConnectUnavailableError:
            return
        metrics.CONNECTOR_RESTARTS.labels(connector.name).inc()
        wait = standing.wait if connector.failed else max(standing.wait, SILENT_SECONDS)
        what = "had failed" if connector.failed else f"has not heard its database for {connector.age:.0f} s"
        self._say(f"connector {connector.name} {what} and is started again; if that does not help, in {wait:.0f} s once more "
                  "(why: mainstem stack logs connect)")
        standing.due = now + wait
        standing.wait = min(standing.wait * 2, _LONGEST_WAIT)

    def _run(self) -> None:
        while not self._ended.wait(self._seconds):
            self.look(time.monotonic())

"""How Kafka Connect says its connectors stand, and starting again what failed. Traces of tasks may hold rows and are never passed on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import httpx

SILENT_SECONDS = 60.0
"""Of six heartbeats (`heartbeat.interval.ms`), none came."""
_SECONDS = 3.0
"""That Connect has for one answer."""
_TOPIC = "transforms.gather.replacement"
"""All of a source's tables go to one topic (`deploy/stack/connectors.py`)."""


class ConnectUnavailableError(Exception):
    """Connect does not answer, or is starting or in a rebalance. `why` is a type or a status."""

    def __init__(self, why: str) -> None:
        super().__init__(f"Connect does not answer ({why})")


@dataclass(frozen=True, slots=True)
class Connector:
    """`states`: of the connector, then of its tasks, in Connect's words; none where Connect does not know it."""

    name: str
    states: tuple[str, ...]
    why: str = ""
    """Where its states could not be asked for."""
    prefix: str = ""
    """Its `topic.prefix`, which names its heartbeats."""
    topic: str = ""
    """The raw topic that it writes to; empty where its configuration does not say."""
    age: float | None = None
    """Seconds since its database was heard through it; None where it never was, as before the end of its snapshot, or nobody listens."""

    @property
    def running(self) -> bool:
        """Itself and at least one task: a connector is up before its task exists."""
        return len(self.states) > 1 and all(state == "RUNNING" for state in self.states)

    @property
    def failed(self) -> bool:
        return "FAILED" in self.states

    @property
    def silent(self) -> bool:
        """It runs, as Connect sees it, and its database is not heard."""
        return self.running and self.age is not None and self.age > SILENT_SECONDS

    @property
    def well(self) -> bool:
        """What is written in its database is captured."""
        return self.running and not self.silent

    @property
    def detail(self) -> str:
        if self.why:
            return self.why
        if not self.states:
            return "not known to Connect: nothing captures this source"
        tasks = ", ".join(self.states[1:]) or "none"
        heard = "" if self.age is None else f", its database heard {self.age:.0f} s ago"
        return f"connector {self.states[0]}, tasks {tasks}{heard}".lower()


def connectors(url: str) -> list[Connector]:
    """Every connector, by name. Raises ConnectUnavailableError."""
    answer = _ask("GET", f"{url}/connectors", expand=("status", "info"))
    try:
        told = answer.json()
        return [_connector(name, told[name]) for name in sorted(told)]
    except (ValueError, LookupError, TypeError):  # of whatever else listens where Connect did
        raise ConnectUnavailableError("what it says is no list of connectors") from None


def restart(url: str, name: str, *, failed: bool = True) -> None:
    """Start what failed of a connector again, or all of it. Raises ConnectUnavailableError."""
    _ask("POST", f"{url}/connectors/{name}/restart", includeTasks="true", onlyFailed=str(failed).lower())


class Connectors:
    """Those of one Connect, remembered: one that vanishes, or whose Connect is away, is told of and does not drop out."""

    def __init__(self, url: str, heard: Callable[[], Mapping[str, float]] = dict, clock: Callable[[], float] = time.time) -> None:
        """`heard`: `topic.prefix` -> when the database was last heard, in seconds of `clock`."""
        self._url = url
        self._heard, self._clock = heard, clock
        self._known: dict[str, Connector] = {}

    def look(self) -> list[Connector]:
        """As they stand now; empty while none was ever seen."""
        why = ""
        found: dict[str, Connector] = {}
        try:
            found = {one.name: one for one in connectors(self._url)}
        except ConnectUnavailableError as fault:
            why = str(fault)
        heard, now = self._heard(), self._clock()
        found = {name: replace(one, age=max(0.0, now - heard[one.prefix])) if one.prefix in heard else one for name, one in found.items()}
        self._known |= found
        return [found.get(name) or replace(self._known[name], states=(), why=why, age=None) for name in sorted(self._known)]


@cache
def _client() -> httpx.Client:
    """One for all: each would have certificates of its own, some 300 kB made and thrown away at every look."""
    return httpx.Client(timeout=_SECONDS)


def _ask(method: str, url: str, **parameters: str | tuple[str, ...]) -> httpx.Response:
    try:
        response = _client().request(method, url, params=parameters)
    except httpx.TransportError as fault:
        raise ConnectUnavailableError(type(fault).__name__) from None
    if not response.is_success:
        raise ConnectUnavailableError(f"status {response.status_code}")
    return response


def _connector(name: str, told: dict[str, Any]) -> Connector:
    status = told["status"]
    states = (status["connector"]["state"], *(task["state"] for task in status["tasks"]))
    config = told["info"]["config"]
    return Connector(name, states, prefix=config.get("topic.prefix", ""), topic=config.get(_TOPIC, ""))

"""How Kafka Connect says its connectors stand, and starting again what failed. Traces of tasks may hold rows and are never passed on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

_SECONDS = 3.0
"""That Connect has for one answer."""


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

    @property
    def running(self) -> bool:
        """Itself and at least one task: a connector is up before its task exists."""
        return len(self.states) > 1 and all(state == "RUNNING" for state in self.states)

    @property
    def failed(self) -> bool:
        return "FAILED" in self.states

    @property
    def detail(self) -> str:
        if self.why:
            return self.why
        if not self.states:
            return "not known to Connect: nothing captures this source"
        tasks = ", ".join(self.states[1:]) or "none"
        return f"connector {self.states[0]}, tasks {tasks}".lower()


def connectors(url: str) -> list[Connector]:
    """Every connector, by name. Raises ConnectUnavailableError."""
    told = _ask("GET", f"{url}/connectors", expand="status").json()
    return [_connector(name, told[name]["status"]) for name in sorted(told)]


def restart(url: str, name: str) -> None:
    """Start what failed of a connector again. Raises ConnectUnavailableError."""
    _ask("POST", f"{url}/connectors/{name}/restart", includeTasks="true", onlyFailed="true")


class Connectors:
    """Those of one Connect, remembered: one that vanishes, or whose Connect is away, is told of and does not drop out."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._known: frozenset[str] = frozenset()

    def look(self) -> list[Connector]:
        """As they stand now; empty while none was ever seen."""
        why = ""
        found: dict[str, Connector] = {}
        try:
            found = {one.name: one for one in connectors(self._url)}
        except ConnectUnavailableError as fault:
            why = str(fault)
        self._known |= found.keys()
        return [found.get(name) or Connector(name, (), why) for name in sorted(self._known)]


def _ask(method: str, url: str, **parameters: str) -> httpx.Response:
    try:
        response = httpx.request(method, url, params=parameters, timeout=_SECONDS)
    except httpx.TransportError as fault:
        raise ConnectUnavailableError(type(fault).__name__) from None
    if not response.is_success:
        raise ConnectUnavailableError(f"status {response.status_code}")
    return response


def _connector(name: str, status: dict[str, Any]) -> Connector:
    return Connector(name, (status["connector"]["state"], *(task["state"] for task in status["tasks"])))

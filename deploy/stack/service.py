"""The contract of a service: how one server is prepared, started, known to be ready, and stopped."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deploy.stack.addresses import Endpoints
from deploy.stack.layout import Layout, StackSettings


@dataclass(frozen=True, slots=True)
class Site:
    """Where a service is to run. `ports` are by port name; the service's own first port has the service's name."""

    layout: Layout
    settings: StackSettings
    ports: Mapping[str, int]
    endpoints: Endpoints
    """Of this service and those it needs."""
    parts: Path
    """The Java parts (see `deploy.stack.artefacts`)."""


@dataclass(frozen=True, slots=True)
class Command:
    """A foreground process."""

    argv: tuple[str, ...]
    env: Mapping[str, str]


class Service(Protocol):
    """One server. A new one is a module in `deploy.stack.services` and a line in its table."""

    name: str
    needs: tuple[str, ...]
    """Services that must be ready first."""
    ports: tuple[str, ...]
    """Names of its ports; the first, named as the service, is the one clients use."""
    java: bool
    """Whether it needs the fetched Java parts."""
    patience: float
    """Seconds from start to ready after which it is given up."""
    stop_signal: signal.Signals

    def prepare(self, site: Site) -> Command:
        """Write configuration, make the data directory where missing, and say how to start. May be called again and again."""
        ...

    def ready(self, site: Site) -> bool:
        """Whether clients are served. Must not raise for a server that is merely not up yet, nor take more than about 2 s."""
        ...

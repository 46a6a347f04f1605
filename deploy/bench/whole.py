"""A whole Mainstem for a measurement: servers, synthetic trusts, every process, with what the trusts began with already taken in."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from deploy.platform import launch, trusts
from deploy.stack import Endpoints, down, status, up
from deploy.stack.ports import free_port
from mainstem.terminology import Shelf
from mainstem.verify import drain
from processors.apps import releases
from processors.identity.scoring.shelf import FOLDER, ModelShelf
from schemas import topics
from schemas.codec import Codec
from seeds.trusts import SOURCES

_DRAIN_SECONDS = 240
_LOAD_SECONDS = 3600.0
"""For what the trusts hold before the first change."""


@dataclass(frozen=True, slots=True)
class Whole:
    home: Path
    endpoints: Endpoints
    codec: Codec
    platform: launch.Platform

    def pids(self) -> dict[str, int]:
        """By name: our processes and the servers. Not PostgreSQL, which is the trusts' and whose children come and go."""
        servers = {one.service: one.pid for one in status(self.home) if one.pid is not None and one.service != "postgres"}
        return self.platform.supervisor.pids() | servers

    def drain(self, seconds: float = _DRAIN_SECONDS) -> None:
        """Wait until all that came has been taken in by every stage. Raises NotDrainedError."""
        stages = drain.readers([topics.raw(source) for source in SOURCES], ("search", "analytics", "cache"))
        drain.wait(self.endpoints.kafka, self.codec, stages, seconds, _quietly)

    def play(self, *arguments: str) -> subprocess.Popen[bytes]:
        """`mainstem seeds play`, which prints what it did as JSON."""
        command = [*trusts.MAINSTEM, "seeds", "play", "--home", str(self.home), *arguments, "--output", "json"]
        return subprocess.Popen(command, stdout=subprocess.PIPE)


@contextmanager
def whole(home: Path, persons: int, say: Callable[[str], None]) -> Iterator[Whole]:
    """Raises what starting it raises; all of it is ended at the end."""
    platform = None
    try:
        endpoints = up(home, say=say)
        codec = launch.prepare(endpoints, SOURCES)
        releases.ship(endpoints.kafka, codec, Shelf(home / "terms"), ModelShelf(home / FOLDER), say)
        trusts.make(home, persons)
        platform = launch.start(endpoints, home, SOURCES, free_port(), _quietly)
        launch.capture_trusts(endpoints, _quietly)
        made = Whole(home, endpoints, codec, platform)
        made.drain(_LOAD_SECONDS)
        yield made
    finally:
        if platform is not None:
            platform.stop()
        down(home, say=say)


def family(pid: int) -> list[psutil.Process]:
    """A process and its children that live."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _quietly(_text: str) -> None:
    """Of steps that interest nobody here."""

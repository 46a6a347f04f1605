"""A whole Mainstem that faults can be done to: two workers, and a proxy between our processes and the broker."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.chaos.disk import SmallDisk
from deploy.chaos.plan import WORKERS
from deploy.chaos.proxy import Proxy
from deploy.platform import launch
from deploy.platform.launch import Say
from deploy.stack import Endpoints, down, up
from deploy.stack.layout import StackSettings
from deploy.stack.ports import free_port
from processors.lane import faults
from seeds.trusts import SOURCES

_SNAPSHOT_RECORDS = 500
"""So few that a short run takes some, and a worker that lost its state starts from them."""


@dataclass(frozen=True, slots=True)
class Arena:
    """`endpoints` lead to the servers directly; our processes go through the proxy."""

    home: Path
    settings: StackSettings
    endpoints: Endpoints
    platform: launch.Platform
    proxy: Proxy
    fault_file: Path
    disk: SmallDisk
    """Holds the state of the second worker; where it is not mounted, limits of file sizes stand for it."""
    web_port: int

    def up(self, say: Say) -> None:
        """Start again the servers that were killed. Raises StackError."""
        up(self.home, say=say, settings=self.settings)


@contextmanager
def arena(home: Path, persons: int, seed: int, say: Say) -> Iterator[Arena]:
    """Servers, trusts and processes, from nothing to captured, and their end. Raises StackError, ConnectorFailedError."""
    behind = free_port()
    proxy = Proxy(free_port(frozenset({behind})), behind)
    fault_file = home.absolute() / "fault"
    settings = StackSettings(kafka_behind_proxy_port=behind, kafka_proxy_port=proxy.listen)
    proxy.start()
    disk = SmallDisk(home.absolute() / "state-2")
    if not disk.mount():
        say("no small disk can be mounted by this account: a limit on the size of files stands for a full one")
    try:
        endpoints = up(home, say=say, settings=settings)
        launch.prepare(endpoints, SOURCES)
        subprocess.run([sys.executable, "-m", "mainstem.cli", "seeds", "make", "--persons", str(persons), "--seed", str(seed), "--replace",
                        "--home", str(home)], check=True, capture_output=True)
        through = Endpoints({**endpoints.addresses, "kafka": f"127.0.0.1:{proxy.listen}"})
        web_port = free_port(frozenset({behind, proxy.listen}))
        platform = launch.start(through, home, SOURCES, web_port, say, workers=len(WORKERS),
                                snapshot_records=_SNAPSHOT_RECORDS, more={faults.VARIABLE: str(fault_file)})
        try:
            launch.capture_trusts(endpoints, say)
            yield Arena(home, settings, endpoints, platform, proxy, fault_file, disk, web_port)
        finally:
            platform.stop()
    finally:
        down(home, say=say)
        proxy.stop()
        disk.unmount()

"""A whole Mainstem that faults can be done to: two workers, and proxies between our processes and the servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from deploy.chaos.disk import SmallDisk
from deploy.chaos.plan import BEHIND_PROXIES, WORKERS
from deploy.chaos.proxy import Proxy
from deploy.platform import elsewhere, launch, trusts
from deploy.platform.launch import Say
from deploy.stack import Endpoints, down, up
from deploy.stack.layout import StackSettings
from deploy.stack.ports import LOOPBACK, free_port
from mainstem import faults
from seeds.trusts import SOURCES

_SNAPSHOT_RECORDS = 500
"""So few that a short run takes some, and a worker that lost its state starts from them."""


@dataclass(frozen=True, slots=True)
class Arena:
    """`endpoints` lead to the servers directly; our processes and the connectors go through proxies."""

    home: Path
    settings: StackSettings
    endpoints: Endpoints
    platform: launch.Platform
    proxies: Mapping[str, Proxy]
    """Server -> what leads to it; `broker` is Kafka."""
    fault_file: Path
    disk: SmallDisk
    """Holds the state of the second worker; where it is not mounted, limits of file sizes stand for it."""
    web_port: int

    def up(self, say: Say) -> None:
        """Start again the servers that were killed. Raises StackError."""
        up(self.home, say=say, settings=self.settings)


@contextmanager
def arena(home: Path, persons: int, seed: int, say: Say) -> Iterator[Arena]:
    """Servers, trusts and processes, from nothing to captured, and their end. Raises StackError, ConnectorFailedError,
    TrustsNotMadeError, and what Kafka and the registry raise where they do not answer."""
    elsewhere.forget(say)
    behind = free_port()
    broker = Proxy(free_port(frozenset({behind})), behind)
    fault_file = home.absolute() / "fault"
    settings = StackSettings(kafka_behind_proxy_port=behind, kafka_proxy_port=broker.listen)
    broker.start()
    proxies = {"broker": broker}
    disk = SmallDisk(home.absolute() / "state-2")
    if not disk.mount():
        say("no small disk can be mounted by this account: a limit on the size of files stands for a full one")
    try:
        endpoints = up(home, say=say, settings=settings)
        launch.prepare(endpoints, SOURCES)
        trusts.make(home, persons, "--seed", str(seed))
        through = Endpoints({**endpoints.addresses, "kafka": f"{LOOPBACK}:{broker.listen}",
                             **{name: _proxied(name, endpoints.addresses[name], proxies) for name in BEHIND_PROXIES if name != "broker"}})
        web_port = free_port(frozenset({behind, *(proxy.listen for proxy in proxies.values())}))
        platform = launch.start(through, home, SOURCES, web_port, say, workers=len(WORKERS),
                                snapshot_records=_SNAPSHOT_RECORDS, more={faults.VARIABLE: str(fault_file)})
        try:
            launch.capture_trusts(through, say)
            yield Arena(home, settings, endpoints, platform, proxies, fault_file, disk, web_port)
        finally:
            platform.stop()
    finally:
        down(home, say=say)
        for proxy in proxies.values():
            proxy.stop()
        disk.unmount()


def _proxied(name: str, address: str, proxies: dict[str, Proxy]) -> str:
    """The address of a server as it is behind a proxy of its own, which is started and added."""
    parts = urlsplit(address)
    assert parts.port is not None
    proxy = Proxy(free_port(frozenset(each.listen for each in proxies.values())), parts.port)
    proxy.start()
    proxies[name] = proxy
    return address.replace(f"{LOOPBACK}:{parts.port}", f"{LOOPBACK}:{proxy.listen}", 1)

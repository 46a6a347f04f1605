"""Where the live cache may lie in tests: one Redis, or a Redis Cluster of one's own, each node in a directory of its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from sinks.cache.slots import SLOTS
from sinks.cache.slots import of as slot_of
from tests.sinks.certificates import Certificate

_BUS = 10_000
"""The nodes of a cluster talk to each other on a port so much higher."""
_PATIENCE = 30.0
_SILENT_MS = "5000"
"""After which a node is taken for dead: longer than a busy machine keeps it waiting."""


class One:
    """A Redis alone."""

    def __init__(self, url: str) -> None:
        self.url = url

    def nodes(self) -> list[Redis]:
        return [Redis.from_url(self.url)]


class Cluster:
    """The first `masters` nodes share the slots; the others follow them, in turn. Nothing is kept on disk: killed, one comes back empty.
    With a certificate they speak TLS alone."""

    def __init__(self, directory: Path, masters: int, replicas: int = 0, certificate: Certificate | None = None) -> None:
        self._directory, self._certificate = directory, certificate
        self._followers: dict[int, int] = {}
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self.ports = _free_ports(masters + replicas)
        try:
            for port in self.ports:
                self._begin(port)
            self._assemble(masters)
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        return ("rediss" if self._certificate else "redis") + "+cluster://" + ",".join(f"127.0.0.1:{port}" for port in self.ports)

    def node(self, port: int) -> Redis:
        if self._certificate:
            return Redis(port=port, socket_timeout=5, ssl=True, ssl_ca_certs=str(self._certificate.certificate))
        return Redis(port=port, socket_timeout=5)

    def nodes(self) -> list[Redis]:
        """The masters."""
        return [self.node(port) for port in self.masters()]

    def masters(self) -> list[int]:
        """Ports of those that own slots, in order of these."""
        return list(dict.fromkeys(port for _, port in sorted(self._owners().items())))

    def owner(self, key: str) -> int:
        """Port of the master in which a key lies."""
        return self.owner_of(slot_of(key))

    def owner_of(self, slot: int) -> int:
        return next(port for (first, last), port in self._owners().items() if first <= slot <= last)

    def kill(self, port: int) -> None:
        """kill -9: what it held is gone. Its slots it still knows when it is started again."""
        process = self._running.pop(port)
        process.kill()
        process.wait(10)

    def restart(self, port: int) -> None:
        """It holds what it last saved, if it did."""
        self._begin(port)
        self.until_whole()
        (self._directory / str(port) / "dump.rdb").unlink(missing_ok=True)

    def pause(self, port: int, seconds: float) -> None:
        """It does nothing, and then goes on as if it had: five seconds are enough for its replica to take over."""
        process = self._running[port]
        process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        process.send_signal(signal.SIGCONT)

    def take_over(self, port: int) -> None:
        """Let the replica of a master that was killed take its place, without waiting until the others find it dead."""
        self.node(self._followers[port]).cluster("FAILOVER", "TAKEOVER")
        until(lambda: port not in self.masters())
        self.until_whole()

    def move(self, slot: int, to: int, *, whole: bool = True) -> None:
        """Move a slot with its keys to the master at a port; `whole`: else stop before its new owner is told."""
        here, there = self.node(self.owner_of(slot)), self.node(to)
        ids = {node: node.cluster("MYID").decode() for node in (here, there)}
        there.cluster("SETSLOT", slot, "IMPORTING", ids[here])
        here.cluster("SETSLOT", slot, "MIGRATING", ids[there])
        while keys := here.cluster("GETKEYSINSLOT", slot, 100):
            here.migrate("127.0.0.1", to, keys, 0, 5000)
        if whole:
            for node in (there, here):
                node.cluster("SETSLOT", slot, "NODE", ids[there])

    def whole(self) -> bool:
        """Whether every node that runs knows that all slots are served."""
        return all(self.node(port).cluster("INFO")["cluster_state"] == "ok" for port in self._running)

    def until_whole(self) -> None:
        until(self.whole)

    def close(self) -> None:
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.wait(10)

    def _begin(self, port: int) -> None:
        home = self._directory / str(port)
        home.mkdir(exist_ok=True)
        listens = ["--port", str(port)]
        if made := self._certificate:
            listens = ["--port", "0", "--tls-port", str(port), "--tls-cert-file", str(made.certificate), "--tls-key-file", str(made.key),
                       "--tls-ca-cert-file", str(made.certificate), "--tls-auth-clients", "no", "--tls-cluster", "yes"]
        command = ["redis-server", *listens, "--bind", "127.0.0.1", "--dir", str(home), "--save", "", "--cluster-enabled", "yes",
                   "--cluster-node-timeout", _SILENT_MS, "--cluster-require-full-coverage", "yes", "--repl-diskless-sync-delay", "0"]
        self._running[port] = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until(self.node(port).ping)

    def _assemble(self, masters: int) -> None:
        head, rest = self.ports[:masters], self.ports[masters:]
        for n, port in enumerate(head):
            self.node(port).cluster("ADDSLOTSRANGE", SLOTS * n // masters, SLOTS * (n + 1) // masters - 1)
            self.node(port).cluster("SET-CONFIG-EPOCH", n + 1)
        for port in self.ports[1:]:
            self.node(port).cluster("MEET", "127.0.0.1", self.ports[0])
        self.until_whole()
        for n, port in enumerate(rest):
            master = self.node(head[n % masters]).cluster("MYID")
            until(lambda port=port, master=master: self.node(port).cluster("REPLICATE", master.decode()))
            self._followers[head[n % masters]] = port
        for node in map(self.node, head[:len(rest)]):
            node.flushall()
            until(lambda node=node: node.wait(1, 1000))

    def _owners(self) -> dict[tuple[int, int], int]:
        found = self.node(next(iter(self._running))).cluster("SLOTS")
        return {(first, last): master[1] for first, last, master, *_ in found}


def emptied(place: One | Cluster) -> str:
    """Its URL, once nothing is left in it."""
    for node in place.nodes():
        node.flushall()
    return place.url


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        why: object = None
        try:
            if holds():
                return
        except RedisError as fault:
            why = fault
        assert time.monotonic() < deadline, f"the cluster did not come to it in time: {why}"
        time.sleep(0.02)


def _free_ports(count: int) -> list[int]:
    """Below those that systems give out by themselves, with that of the bus free as well."""
    found: list[int] = []
    for port in range(12_000, 20_000):
        with socket.socket() as one, socket.socket() as bus:
            try:
                one.bind(("127.0.0.1", port))
                bus.bind(("127.0.0.1", port + _BUS))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise AssertionError("no free ports")

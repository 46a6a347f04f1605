"""Making a fault happen, and waiting until what it hit is there again."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from confluent_kafka import KafkaException, Producer

from deploy.chaos.disk import SmallDisk
from deploy.chaos.plan import SERVERS, WORKERS, Fault, Kind
from deploy.chaos.proxy import Proxy
from deploy.platform.launch import Platform
from deploy.stack import status
from mainstem import faults
from schemas import topics
from schemas.kafka import producer

_PATIENCE = 90.0
"""Seconds for what was hit to be there again: the supervisor waits up to 15 between two starts."""
_DELAY = 0.15
_FILE_BYTES = 32_768
RUBBISH = (b"\x00\xff\xfe", b"{", b"[]", b'"text"', b'{"op":"u"}', b'{"op":"c","source":{"schema":"gp"},"after":{}}', b"7", b"{}", b"\n")


@dataclass(slots=True)
class Met:
    """What became of a fault. `bit` is false where nothing was hit, for instance since a step was not reached in time."""

    fault: Fault
    bit: bool
    seconds: float


class NotRecoveredError(TimeoutError):
    """What a fault hit did not come back."""


@dataclass
class Injector:
    """`inject` blocks until the fault is over and what it hit runs again. `peace` undoes whatever a fault may have left."""

    home: Path
    revive: Callable[[], None]
    """Starts again the servers that were killed."""
    platform: Platform
    proxies: Mapping[str, Proxy]
    kafka: str
    sources: Sequence[str]
    fault_file: Path
    disk: SmallDisk
    chance: random.Random
    poison: list[tuple[str, int, int]] = field(default_factory=list)
    """Where malformed messages lie: topic, partition, offset."""
    stopped: set[int] = field(default_factory=set)
    reach: float = 30.0
    """Seconds for an armed step to be reached: it needs a worker that has partitions, and something to commit."""

    def inject(self, fault: Fault) -> Met:
        """Raises NotRecoveredError."""
        do: dict[Kind, Callable[[Fault], bool]] = {
            Kind.KILL: self._kill, Kind.STEP: self._step, Kind.SERVER: self._server, Kind.PAUSE: self._pause, Kind.SESSION: self._session,
            Kind.CUT: self._cut, Kind.SLOW: self._slow, Kind.POISON: self._poison, Kind.FENCE: self._fence, Kind.FULL: self._full,
            Kind.LOST_STATE: self._lost_state,
        }
        began = time.monotonic()
        bit = do[fault.kind](fault)
        return Met(fault, bit, round(time.monotonic() - began, 2))

    def peace(self) -> None:
        self.fault_file.unlink(missing_ok=True)
        for proxy in self.proxies.values():
            proxy.mend()
            proxy.delay = 0.0
        self.disk.free()
        for pid in list(self.stopped):
            self._wake(pid)
        self.revive()
        for name in self.platform.supervisor.pids():
            self._running(name)

    def _kill(self, fault: Fault) -> bool:
        self._kill_ours(fault.target)
        return True

    def _step(self, fault: Fault) -> bool:
        fresh = self.fault_file.with_suffix(".new")
        fresh.write_text(fault.target)
        fresh.replace(self.fault_file)
        if fault.target in faults.OPENING:
            worker = self.chance.choice(WORKERS)
            self._kill_ours(worker, lose_state=fault.target == "recovering")
        reached = self._eventually(lambda: not self.fault_file.exists(), self.reach)
        self.fault_file.unlink(missing_ok=True)
        for name in self.platform.supervisor.restarts():
            self._running(name)
        return reached

    def _lost_state(self, fault: Fault) -> bool:
        self._kill_ours(fault.target, lose_state=True)
        return True

    def _server(self, fault: Fault) -> bool:
        for pid in self._server_pids(fault.target):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(self.chance.uniform(0.2, 2.0))
        self.revive()
        return True

    def _pause(self, fault: Fault) -> bool:
        pids = self._server_pids(fault.target) if fault.target in SERVERS else [self._running(fault.target)]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                self.stopped.add(pid)
        time.sleep(fault.seconds)
        return bool(sum(map(self._wake, pids)))

    def _session(self, fault: Fault) -> bool:
        """Bites where the other worker has taken partitions over meanwhile."""
        other = next(name for name in WORKERS if name != fault.target)
        before = self._openings(other)
        self._pause(fault)
        return self._eventually(lambda: self._openings(other) > before, 5)

    def _openings(self, name: str) -> int:
        """How often a worker has told of a state partition that it opened."""
        return (self.home / "logs" / f"{name}.log").read_bytes().count(b": opened in ")

    def _cut(self, fault: Fault) -> bool:
        proxy = self.proxies[fault.target]
        before = proxy.broken
        proxy.cut()
        time.sleep(fault.seconds)
        proxy.mend()
        return proxy.broken > before

    def _slow(self, fault: Fault) -> bool:
        """Bites where something came through meanwhile: nobody asks the registry for a schema he knows."""
        proxy = self.proxies[fault.target]
        before, proxy.delay = proxy.forwarded, _DELAY
        time.sleep(fault.seconds)
        proxy.delay = 0.0
        return proxy.forwarded > before

    def _poison(self, _: Fault) -> bool:
        before = len(self.poison)
        sender = producer(self.kafka)

        def noted(error: object, message: object) -> None:
            if error is None:
                self.poison.append((message.topic(), message.partition(), message.offset()))  # type: ignore[attr-defined]

        for source in self.sources:
            topic = topics.raw(source)
            for rubbish in self.chance.sample(RUBBISH, 3):
                partition = self.chance.randrange(topic.partitions)
                sender.produce(topic.name, rubbish, self.chance.choice((None, b"{", b"key")), partition=partition, on_delivery=noted)
        sender.flush(20)
        return len(self.poison) > before

    def _fence(self, fault: Fault) -> bool:
        before = self._worker_restarts()
        partitions = 1 if fault.target == "linker" else topics.PARTITIONS
        for partition in range(partitions):
            with suppress(KafkaException):
                Producer({"bootstrap.servers": self.kafka, "transactional.id": f"{fault.target}-{partition}", "log_level": 0},
                         ).init_transactions(10)
        fenced = self._eventually(lambda: self._worker_restarts() > before, 15)
        for name in WORKERS:
            self._running(name)
        return fenced

    def _full(self, fault: Fault) -> bool:
        """The disk of the second worker's state is full; for others no file may grow beyond a few bytes (EFBIG in the place of ENOSPC)."""
        if fault.target == WORKERS[1] and self.disk.mounted:
            return self._full_disk(fault)
        pid, before = self._running(fault.target), self.platform.supervisor.restarts()[fault.target]
        with suppress(ProcessLookupError):
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (_FILE_BYTES, hard))
            time.sleep(fault.seconds)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        self._running(fault.target)
        return self.platform.supervisor.restarts()[fault.target] > before

    def _full_disk(self, fault: Fault) -> bool:
        """Until the worker has ended for want of space. RocksDB sets its log's space aside, so it is killed to ask for more."""
        pid, before = self._running(fault.target), self.platform.supervisor.restarts()[fault.target]
        self.disk.fill()
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        ended = self._eventually(lambda: self.platform.supervisor.restarts()[fault.target] > before + 1, self.reach)
        time.sleep(fault.seconds)
        self.disk.free()
        self._running(fault.target)
        return ended

    def _kill_ours(self, name: str, *, lose_state: bool = False) -> None:
        pid = self._running(name)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        if lose_state:
            self._eventually(lambda: self.platform.supervisor.pids().get(name) != pid, 5)
            shutil.rmtree(self.home / ("state" if name == WORKERS[0] else name.replace("worker", "state")), ignore_errors=True)
        if not self._eventually(lambda: self.platform.supervisor.pids().get(name, pid) != pid, _PATIENCE):
            raise NotRecoveredError(f"{name} was not started again within {_PATIENCE:.0f} s")

    def _running(self, name: str) -> int:
        """The pid, once it runs."""
        if not self._eventually(lambda: name in self.platform.supervisor.pids(), _PATIENCE):
            raise NotRecoveredError(f"{name} was not started again within {_PATIENCE:.0f} s")
        return self.platform.supervisor.pids().get(name) or self._running(name)

    def _server_pids(self, name: str) -> list[int]:
        """Of the server and its children: PostgreSQL has a process for each connection."""
        pid = next(one.pid for one in status(self.home) if one.service == name)
        if pid is None:
            raise NotRecoveredError(f"{name} is not running")
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]

    def _wake(self, pid: int) -> bool:
        self.stopped.discard(pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
            return True
        return False

    def _worker_restarts(self) -> int:
        restarts = self.platform.supervisor.restarts()
        return sum(restarts[name] for name in WORKERS)

    @staticmethod
    def _eventually(holds: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True


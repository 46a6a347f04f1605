"""What is remembered of a stack between commands: which processes we started, and the ports of each service."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import psutil

from deploy.stack.layout import Layout


class Started(msgspec.Struct, frozen=True):
    """A process that we started. `born` makes the pid unmistakable after it was given to somebody else."""

    pid: int
    born: str

    @classmethod
    def of(cls, pid: int) -> Started:
        return cls(pid, _born(pid) or "")

    def alive(self) -> bool:
        return bool(self.born) and _born(self.pid) == self.born


class State(msgspec.Struct):
    """Ports outlive processes: a stack that comes up again has its old addresses where they are still free."""

    processes: dict[str, Started] = {}
    ports: dict[str, int] = {}


def load(layout: Layout) -> State:
    """Empty where the home was never used."""
    try:
        return msgspec.json.decode(layout.state.read_bytes(), type=State)
    except FileNotFoundError:
        return State()


def save(layout: Layout, state: State) -> None:
    """Whole or not at all."""
    write_atomically(layout.state, msgspec.json.format(msgspec.json.encode(state)))


def write_atomically(path: Path, content: bytes, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with open(beside, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One `up`, `down` or fetch at a time; the kernel frees the lock of a process that dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _born(pid: int) -> str | None:
    """Boot id and start tick of a live process; None for one that is gone or a zombie. Clock changes do not disturb it."""
    with suppress(OSError, psutil.NoSuchProcess):
        if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return None
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{after_name[19]}"
    return None

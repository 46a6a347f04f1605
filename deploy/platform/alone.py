"""One platform a home: two would fence each other's processes, and the first to end would stop the servers under the other."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunsError(Exception):
    """Another process runs Mainstem in this home."""

    def __init__(self, home: Path, pid: str) -> None:
        super().__init__(f"Mainstem runs in {home} already (process {pid}): end that one first, or name another --home")


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Holds the home; the kernel frees that of a process that dies. Raises AlreadyRunsError."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "run.lock").open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRunsError(home, file.read()) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield

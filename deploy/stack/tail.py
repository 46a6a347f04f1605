"""The last lines of a log file, those that follow, and an end to its growth."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_WINDOW = 64 * 1024
LIMIT = 50_000_000
"""Bytes of one log."""


def shorten(folder: Path, limit: int = LIMIT) -> None:
    """Start each log of a folder afresh that is larger; one older copy is kept. Whoever writes it, in append mode, goes on.

    A line written between copy and cut is lost. A disk too full for the copy leaves the log as it is.
    """
    for log in folder.glob("*.log"):
        with suppress(OSError):
            if log.stat().st_size > limit:
                shutil.copyfile(log, log.with_suffix(".log.1"))
                os.truncate(log, 0)


def tail(path: Path, lines: int = 12) -> list[str]:
    """Empty where there is no such file. Reads at most the last lines that fit 64 KiB for each hundred asked for."""
    window = _WINDOW * max(1, -(-lines // 100))
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - window))
            return file.read().decode("utf-8", "replace").splitlines()[-lines:]
    except FileNotFoundError:
        return []


def follow(path: Path, poll: float = 0.2) -> Iterator[str]:
    """New lines as they come, for ever; goes on with the new file, or from its beginning, when the log is started afresh."""
    file, inode = None, None
    pending = ""
    while True:
        if path.exists() and path.stat().st_ino != inode:
            if file is not None:
                file.close()
            file = path.open(encoding="utf-8", errors="replace")
            if inode is None:
                file.seek(0, os.SEEK_END)
            inode = path.stat().st_ino
        if file is not None and path.exists() and path.stat().st_size < os.lseek(file.fileno(), 0, os.SEEK_CUR):
            file.seek(0)
        while file is not None and (piece := file.readline()):
            pending += piece
            if pending.endswith("\n"):
                yield pending.rstrip("\n")
                pending = ""
        time.sleep(poll)

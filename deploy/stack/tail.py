"""The last lines of a log file, and those that follow."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

_WINDOW = 64 * 1024


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
    """New lines as they come, for ever; goes on with the new file when the log is started afresh."""
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
        while file is not None and (piece := file.readline()):
            pending += piece
            if pending.endswith("\n"):
                yield pending.rstrip("\n")
                pending = ""
        time.sleep(poll)

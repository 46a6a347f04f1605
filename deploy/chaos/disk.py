"""A small disk that can be filled: a tmpfs over a directory. Where this account may not mount one, there is none and it says so."""

from __future__ import annotations

import errno
import os
import subprocess
from contextlib import suppress
from pathlib import Path

MEGABYTES = 256
"""RocksDB sets aside some 9 MB a partition for its log."""
_BALLAST = ".ballast"
_LEAST = 4096


class SmallDisk:
    """At `path` from `mount` to `unmount`."""

    def __init__(self, path: Path, megabytes: int = MEGABYTES) -> None:
        self.path, self._megabytes = path, megabytes
        self.mounted = False

    def mount(self) -> bool:
        """Whether it could be mounted: it takes Linux and its CAP_SYS_ADMIN."""
        self.path.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):
            done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self._megabytes}m", "tmpfs", str(self.path)], check=False,
                                  capture_output=True)
            self.mounted = done.returncode == 0
        return self.mounted

    def fill(self) -> None:
        """Leave less than a page free."""
        size = self._megabytes << 20
        with (self.path / _BALLAST).open("wb") as ballast:
            taken = 0
            while size >= _LEAST:
                try:
                    os.posix_fallocate(ballast.fileno(), taken, size)
                    taken += size
                except OSError as fault:
                    if fault.errno != errno.ENOSPC:
                        raise
                    size //= 2

    def free(self) -> None:
        (self.path / _BALLAST).unlink(missing_ok=True)

    def unmount(self) -> None:
        """Also while something has files of it open: they live until it ends."""
        if self.mounted:
            subprocess.run(["umount", "--lazy", str(self.path)], check=False, capture_output=True)
            self.mounted = False

"""A local copy of state that cannot be read: how RocksDB shows it, and the mark by which the copy is built anew from its changelog."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from processors.lane.errors import StateDamagedError


def damaged(path: Path) -> bool:
    """Whether a store found this copy damaged, and none has been built to its end in its place since."""
    return _mark(path).exists()


def mended(path: Path) -> None:
    """The copy was built anew to its end."""
    _mark(path).unlink(missing_ok=True)


@contextlib.contextmanager
def seeing(path: Path) -> Iterator[None]:
    """What is done inside raises StateDamagedError where it meets damage, and the copy is marked."""
    try:
        yield
    except Exception as fault:  # rocksdict raises no narrower type
        raise seen(path, fault) from None


def seen(path: Path, fault: Exception) -> Exception:
    """What to raise for a fault of RocksDB. Marks the copy where it is damage."""
    if is_damage(fault):
        _mark(path).touch()
    return told(path, fault)


def told(path: Path, fault: Exception) -> Exception:
    """What to raise for a fault of RocksDB, where the copy is another process's to mark."""
    return StateDamagedError(path) if is_damage(fault) else fault


def _mark(path: Path) -> Path:
    return path.with_name(f".{path.name}.damaged")


def is_damage(fault: Exception) -> bool:
    """Of what rocksdict 0.3 raises, all of one type: the text begins with RocksDB's own words. A file that is gone is damage too, as where
    removing the copy by hand was interrupted. A full disk is none."""
    return str(fault).startswith(("Corruption", "IO error: While pread", "IO error: No such file"))

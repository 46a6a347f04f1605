"""Snapshots of state partitions: a new owner takes one over and reads only the changelog after it.

A snapshot is a RocksDB checkpoint in `<directory>/<stage>/<state partition>/<changelog position>`, with the size and BLAKE2 digest of each
file beside it. Files of tables never change and are hard-linked where the file system allows; a directory that all workers can reach
serves them all. A snapshot whose files are not what they were is passed over for an older one, and in the end for the changelog.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
from pathlib import Path

import msgspec

from processors.lane.store import MAX_AGE_MS, Store, discard, young

log = logging.getLogger(__name__)
RECORDS = 50_000
"""Changelog records from one snapshot to the next: half a second of recovery."""
_SECONDS = 60.0
"""From one snapshot to the next at least."""
RENEWED_MS = MAX_AGE_MS // 4
"""Snapshot and local copy are renewed at this age however little was written, so that one serves at any time."""
_KEPT = 2
_LIST = "snapshot.json"
_ABANDONED_SECONDS = 3600.0
"""What somebody began to write so long ago and did not finish: he was killed."""


class Snapshot(msgspec.Struct, frozen=True):
    """What a snapshot is of, and its files: name -> (bytes, digest)."""

    identity: str
    """Of the changelog (`changelog.identity`)."""
    position: int
    """Next changelog offset to apply."""
    taken: int
    """Milliseconds since the epoch."""
    files: dict[str, tuple[int, str]]


class Snapshots:
    """Of one state partition."""

    def __init__(self, directory: Path, stage: str, partition: int, records: int = RECORDS, seconds: float = _SECONDS) -> None:
        """One is due once `records` changelog records have come, or the last has aged, and `seconds` have passed since the last."""
        self._directory = directory / stage / str(partition)
        self._records, self._seconds = records, seconds
        found = self.all()
        self._last = found[0][1].position if found else 0
        self._taken = found[0][1].taken if found else 0
        self._when = -seconds
        self._digests: dict[str, tuple[int, str]] = {}
        """Of table files already seen: their names are never used again within a store."""

    def all(self) -> list[tuple[Path, Snapshot]]:
        """Complete snapshots, the latest first."""
        found = []
        for path in self._directory.glob("[0-9]*"):
            with contextlib.suppress(FileNotFoundError, msgspec.DecodeError):
                found.append((path, msgspec.json.decode((path / _LIST).read_bytes(), type=Snapshot)))
        return sorted(found, key=lambda pair: pair[1].position, reverse=True)

    def due(self, position: int, now: float, now_ms: int) -> bool:
        """`now`: seconds of a monotonic clock. Where the last lies further on, it is of a changelog that is no more."""
        grown = position - self._last
        aged = self._taken > 0 and not young(self._taken, now_ms, RENEWED_MS)
        return (grown >= self._records or grown < 0 or aged) and now - self._when >= self._seconds

    def took(self, position: int, now: float, taken_ms: int | None) -> None:
        """One was taken at `taken_ms`; None: taking it failed, and is not to be tried again at once."""
        self._when = now
        if taken_ms is not None:
            self._last, self._taken = position, taken_ms

    def forget(self, identity: str, beyond: int) -> None:
        """Remove those of this changelog that stand after `beyond`, its end: it has lost what they hold, and will grow past them."""
        for path, snapshot in self.all():
            if snapshot.identity == identity and snapshot.position > beyond:
                log.warning("snapshot %s is ahead of its changelog and is removed", path)
                discard(path)

    def take(self, store: Store, identity: str, now_ms: int) -> Path:
        """A snapshot of `store` as it stands; older ones but the last are removed, and all of a changelog that is no more. Raises OSError
        where it cannot be written."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self._sweep(now_ms)
        fresh = self._directory / f".new-{os.getpid()}"
        shutil.rmtree(fresh, ignore_errors=True)
        store.checkpoint(fresh)
        files = {file.name: self._digest(file) for file in sorted(fresh.iterdir())}
        (fresh / _LIST).write_bytes(msgspec.json.encode(Snapshot(identity, store.position, now_ms, files)))
        path = self._directory / f"{store.position:020d}"
        discard(path)
        fresh.rename(path)
        found = self.all()
        ours = [old for old, snapshot in found if snapshot.identity == identity]
        for old in {old for old, _ in found} - set(ours[:_KEPT]):
            discard(old)
        return path

    def _sweep(self, now_ms: int) -> None:
        """What killed processes left half written; its links would keep tables from being freed."""
        for path in self._directory.glob(".*"):
            with contextlib.suppress(FileNotFoundError):
                if now_ms / 1000 - path.stat().st_mtime > _ABANDONED_SECONDS:
                    shutil.rmtree(path, ignore_errors=True)

    def serving(self, identity: str, after: int, now_ms: int) -> list[tuple[Path, Snapshot]]:
        """Those of this changelog that stand after position `after` and are young enough, the latest first."""
        return [(path, snapshot) for path, snapshot in self.all()
                if snapshot.identity == identity and snapshot.position > after and young(snapshot.taken, now_ms)]

    def restore(self, into: Path, identity: str, after: int, now_ms: int) -> int | None:
        """Put the latest that serves in the place of `into`, which nobody may have open. Returns its position, None where none serves."""
        for path, snapshot in self.serving(identity, after, now_ms):
            fresh = into.with_name(f".{into.name}.restored")
            shutil.rmtree(fresh, ignore_errors=True)
            try:
                self._copy(path, fresh, snapshot)
            except (OSError, ValueError) as fault:
                log.warning("snapshot %s is passed over: %s", path, fault)
                shutil.rmtree(fresh, ignore_errors=True)
                continue
            discard(into)
            fresh.rename(into)
            return snapshot.position
        return None

    def _copy(self, path: Path, fresh: Path, snapshot: Snapshot) -> None:
        """Raises ValueError for a file that is not what it was when the snapshot was taken."""
        fresh.mkdir(parents=True)
        for name, expected in snapshot.files.items():
            target = fresh / name
            if not name.endswith(".sst") or not _linked(path / name, target):
                shutil.copyfile(path / name, target)
            if _digest(target) != expected:
                raise ValueError(f"{name} is damaged")

    def _digest(self, file: Path) -> tuple[int, str]:
        if not file.name.endswith(".sst"):
            return _digest(file)
        found = self._digests.get(file.name)
        if found is None:
            found = self._digests[file.name] = _digest(file)
        return found


def _linked(source: Path, target: Path) -> bool:
    try:
        target.hardlink_to(source)
    except OSError:
        return False
    return True


def _digest(file: Path) -> tuple[int, str]:
    with file.open("rb") as opened:
        return file.stat().st_size, hashlib.file_digest(opened, hashlib.blake2b).hexdigest()[:32]

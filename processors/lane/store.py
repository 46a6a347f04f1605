"""The RocksDB of one state partition: a copy of its changelog up to a known offset, together with the markers."""

from __future__ import annotations

import contextlib
import shutil
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import cast

import msgspec
from rocksdict import AccessType, Checkpoint, Rdict, ReadOptions, WriteBatch

from processors.lane import rocks
from processors.lane.damage import damaged, is_damage, mended, seeing, seen, told
from processors.lane.errors import StateBusyError, StateDamagedError

OWN = b"\x00"
"""The lane's own keys begin with it; a stage's never do."""
MARKERS = OWN + b"markers"
"""Key of the markers, here and in the changelog: JSON, input topic -> next offset to process."""
INPUTS = OWN + b"inputs"
"""Key of what the markers count in, likewise: JSON, input topic -> its identity (`changelog.identity`)."""
_IDENTITY = OWN + b"identity"
_POSITION = OWN + b"position"
_WRITTEN = OWN + b"written"
_STAGES = b"\x01"
"""Where a stage's keys begin."""
_NUMBER = struct.Struct(">q")
_LOOKS = 4
MAX_AGE_MS = 12 * 3_600_000
"""Half of Kafka's default `delete.retention.ms`: an older copy could have missed deletions compacted away meanwhile."""


class Store:
    """Opens what `path` holds if it is a copy of the changelog `identity`, else starts empty. Raises StateBusyError.

    What reads and writes raises StateDamagedError where the copy is damaged, and marks it (`damaged`): whoever opens it next starts empty,
    and whoever opens it after that, until it was built anew to its end (`stamp`).
    """

    def __init__(self, path: Path, identity: str, now_ms: int) -> None:
        self._path = path
        self._anew = damaged(path)
        self._db = _open(path)
        if not self._usable(identity, now_ms):
            self.reset(identity, now_ms)
        self.position = self._number(_POSITION)
        """Next changelog offset to apply."""
        self.written = self._number(_WRITTEN)
        """When it last was all that the changelog holds, or began to be read from nothing, milliseconds since the epoch."""
        self.markers: dict[str, int] = _decode_markers(self.get(MARKERS))

    def _usable(self, identity: str, now_ms: int) -> bool:
        return self.get(_IDENTITY) == identity.encode() and young(self._number(_WRITTEN), now_ms)

    def reset(self, identity: str, now_ms: int) -> None:
        """Forget everything; the changelog gives it back."""
        self.close()
        discard(self._path)
        self._anew = damaged(self._path)
        self._db = _open(self._path)
        self._db.put(_IDENTITY, identity.encode())
        self._db.put(_WRITTEN, _NUMBER.pack(now_ms))
        self.position, self.written, self.markers = 0, now_ms, {}

    def get(self, key: bytes) -> bytes | None:
        try:
            return self._db.get(key)
        except Exception as fault:
            raise seen(self._path, fault) from None

    def multi_get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        if len(keys) == 1:
            return [self.get(keys[0])]  # at half the cost of a list of one
        try:
            return cast(list[bytes | None], self._db.get(list(keys))) if keys else []
        except Exception as fault:
            raise seen(self._path, fault) from None

    def prefix(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        bounds = ReadOptions()
        if (end := rocks.after(prefix)) is not None:
            bounds.set_iterate_upper_bound(end)
        return rocks.within(self._walk(prefix or _STAGES, bounds), bounds, prefix)

    def before(self, key: bytes, within: bytes) -> tuple[bytes, bytes] | None:
        unbounded = ReadOptions()  # rocksdict 0.3 takes a lower bound for an upper one
        return next(rocks.within(self._walk(key, unbounded, backwards=True), unbounded, within, beyond=key), None)

    def after(self, key: bytes, within: bytes) -> tuple[bytes, bytes] | None:
        bounds = ReadOptions()
        if (end := rocks.after(within)) is not None:
            bounds.set_iterate_upper_bound(end)
        return next(rocks.within(self._walk(key, bounds), bounds, within, beyond=key), None)

    def apply(self, changes: Iterable[tuple[bytes, bytes | None]], markers: dict[str, int], position: int, now_ms: int) -> None:
        """One atomic write: changes, markers and how far the changelog is contained. `now_ms`: when that was all it held."""
        batch = WriteBatch(raw_mode=True)
        for key, value in changes:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        batch.put(MARKERS, encode_markers(markers))
        batch.put(_POSITION, _NUMBER.pack(position))
        batch.put(_WRITTEN, _NUMBER.pack(now_ms))
        with seeing(self._path):
            self._db.write(batch)
        self.markers, self.position, self.written = markers, position, now_ms

    def stamp(self, now_ms: int) -> None:
        """At `now_ms` the changelog held nothing beyond `position`: the copy is as young as if it had been written then, and whole."""
        with seeing(self._path):
            self._db.put(_WRITTEN, _NUMBER.pack(now_ms))
        self.written = now_ms
        if self._anew:
            mended(self._path)
            self._anew = False

    def size(self) -> tuple[int, int]:
        """Keys (RocksDB's estimate), and bytes on disk and in write buffers."""
        keys, on_disk, buffered = (self._db.property_int_value(f"rocksdb.{name}") or 0 for name in
                                   ("estimate-num-keys", "live-sst-files-size", "cur-size-all-mem-tables"))
        return keys, on_disk + buffered

    def checkpoint(self, path: Path) -> None:
        """A copy of the store as it stands; table files are linked. `path` must not exist."""
        with seeing(self._path):
            Checkpoint(self._db).create_checkpoint(str(path))

    def compact(self) -> None:
        """Merge all tables, and drop what was deleted or overwritten."""
        with seeing(self._path):
            self._db.compact_range(None, None)
            self._db.flush()  # says what the first keeps to itself: that it met damage

    def close(self) -> None:
        """Damage met by the way is marked, and no more to be told."""
        with contextlib.suppress(StateDamagedError), seeing(self._path):
            self._db.close()

    def _number(self, key: bytes) -> int:
        return _unpack(self.get(key))

    def _walk(self, key: bytes, bounds: ReadOptions, *, backwards: bool = False) -> Iterator[tuple[bytes, bytes]]:
        with seeing(self._path):
            yield from rocks.walked(self._db, key, bounds, backwards=backwards)


class View:
    """The store of a worker, running or not, as it was when it was opened. Reads only; raises FileNotFoundError where there is none, and
    StateDamagedError where it cannot be read to its end."""

    def __init__(self, path: Path) -> None:
        if not (path / "CURRENT").exists():
            raise FileNotFoundError(path)
        self._path = path
        try:
            self._db = _look(path)
            self.identity = (self._db.get(_IDENTITY) or b"").decode()
            self.position = _unpack(self._db.get(_POSITION))
            self.written = _unpack(self._db.get(_WRITTEN))
            """Milliseconds since the epoch."""
            self.markers = _decode_markers(self._db.get(MARKERS))
        except Exception as fault:
            raise told(path, fault) from None

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """A stage's pairs, sorted by key: without the lane's own."""
        bounds = ReadOptions()
        try:
            yield from rocks.walked(self._db, _STAGES, bounds)
        except Exception as fault:
            raise told(self._path, fault) from None

    def figures(self) -> dict[str, int]:
        """Keys (an estimate), and bytes in tables and of table readers in memory."""
        names = {"keys": "rocksdb.estimate-num-keys", "bytes": "rocksdb.total-sst-files-size",
                 "readers_bytes": "rocksdb.estimate-table-readers-mem"}
        return {name: self._db.property_int_value(of) or 0 for name, of in names.items()}

    def close(self) -> None:
        self._db.close()


def discard(path: Path) -> None:
    """Remove a directory. Whoever dies meanwhile leaves all of it or nothing: what is left of a store may not open, or open and
    lack something."""
    gone = path.with_name(f".{path.name}.gone")
    shutil.rmtree(gone, ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):
        path.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def young(at: int, now_ms: int, age_ms: int = MAX_AGE_MS) -> bool:
    """Whether what was all that a changelog held at `at` is younger than that. A time to come was told by a clock that was wrong, and
    would be young for as long as that was ahead."""
    return abs(now_ms - at) < age_ms


def _unpack(data: bytes | None) -> int:
    return _NUMBER.unpack(data)[0] if data else 0


def encode_markers(markers: dict[str, int]) -> bytes:
    return msgspec.json.encode(markers, order="deterministic")


def _decode_markers(data: bytes | None) -> dict[str, int]:
    return decode_markers(data) if data else {}


def decode_markers(data: bytes) -> dict[str, int]:
    return msgspec.json.decode(data, type=dict[str, int])


def _look(path: Path) -> Rdict:
    """For reading. Whoever writes to it may remove what this one is about to open, as merged since: then it is looked at anew."""
    for _ in range(_LOOKS - 1):
        with contextlib.suppress(Exception):
            return rocks.database(path, AccessType.read_only())
    return rocks.database(path, AccessType.read_only())


def _open(path: Path) -> Rdict:
    if damaged(path):
        discard(path)
    path.mkdir(parents=True, exist_ok=True)
    try:
        return rocks.database(path)
    except Exception as fault:
        if "LOCK" in str(fault):
            raise StateBusyError(path) from None
        if not is_damage(fault):
            raise
        # A damaged copy is no loss: the changelog is the truth.
        discard(path)
        path.mkdir(parents=True)
        return rocks.database(path)

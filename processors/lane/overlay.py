"""What a batch changes, over a store that is written only once the batch has been committed to the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from sortedcontainers import SortedList


class Readable(Protocol):
    """A store as an overlay reads it. It does not change while the overlay is in use."""

    def get(self, key: bytes) -> bytes | None: ...

    def multi_get(self, keys: Sequence[bytes]) -> list[bytes | None]: ...

    def prefix(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]: ...


class Overlay:
    """`State` over a store."""

    def __init__(self, store: Readable) -> None:
        self._store = store
        self.changes: dict[bytes, bytes | None] = {}
        """Key -> new value, None where deleted."""
        self._sorted: SortedList[bytes] = SortedList()
        self._unsorted: list[bytes] = []

    def get(self, key: bytes) -> bytes | None:
        try:
            return self.changes[key]
        except KeyError:
            return self._store.get(key)

    def multi_get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        changes = self.changes
        missing = [key for key in keys if key not in changes]
        if not missing:
            return [changes[key] for key in keys]
        found = iter(self._store.multi_get(missing))
        return [changes[key] if key in changes else next(found) for key in keys]

    def prefix(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        ours = self._changed(prefix)
        theirs = self._store.prefix(prefix)
        return _merged(ours, theirs) if ours else theirs

    def put(self, key: bytes, value: bytes) -> None:
        if key not in self.changes:
            self._unsorted.append(key)
        self.changes[key] = value

    def delete(self, key: bytes) -> None:
        if key not in self.changes:
            self._unsorted.append(key)
        self.changes[key] = None

    def _changed(self, prefix: bytes) -> list[tuple[bytes, bytes | None]]:
        if self._unsorted:
            self._sorted.update(self._unsorted)
            self._unsorted.clear()
        found = []
        for key in self._sorted.irange(prefix):
            if not key.startswith(prefix):
                break
            found.append((key, self.changes[key]))
        return found


def _merged(ours: list[tuple[bytes, bytes | None]], theirs: Iterator[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    for key, value in theirs:
        while at < len(ours) and ours[at][0] < key:
            if (changed := ours[at][1]) is not None:
                yield ours[at][0], changed
            at += 1
        if at < len(ours) and ours[at][0] == key:
            if (changed := ours[at][1]) is not None:
                yield key, changed
            at += 1
        else:
            yield key, value
    for key, changed in ours[at:]:
        if changed is not None:
            yield key, changed

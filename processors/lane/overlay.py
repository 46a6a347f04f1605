"""What a batch changes, over a store that is written only once the batch has been committed to the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from processors.lane.ordered import Ordered


class Readable(Protocol):
    """A store as an overlay reads it. It does not change while the overlay is in use."""

    def get(self, key: bytes) -> bytes | None: ...

    def multi_get(self, keys: Sequence[bytes]) -> list[bytes | None]: ...

    def prefix(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]: ...

    def before(self, key: bytes, within: bytes) -> tuple[bytes, bytes] | None: ...

    def after(self, key: bytes, within: bytes) -> tuple[bytes, bytes] | None: ...


class Overlay:
    """`State` over a store. What it changed is put in order when that is asked for, and of those keys alone that begin with the same byte:
    most of what a batch writes is never looked for but by its whole key."""

    def __init__(self, store: Readable) -> None:
        self._store = store
        self.changes: dict[bytes, bytes | None] = {}
        """Key -> new value, None where deleted."""
        self._changed: list[bytes] = []
        """Its keys, as they came."""
        self._ordered: dict[bytes, tuple[Ordered, int]] = {}
        """First byte -> those keys that begin with it, of so many of `_changed`."""

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
        ours = [(key, self.changes[key]) for key in self._in_order(prefix).beginning(prefix)]
        theirs = self._store.prefix(prefix)
        return _merged(ours, theirs) if ours else theirs

    def before(self, key: bytes, within: bytes) -> tuple[bytes, bytes] | None:
        theirs = self._store.before(key, within)
        while theirs is not None and theirs[0] in self.changes:
            theirs = self._store.before(theirs[0], within)
        ours = self._first_set(self._in_order(within).near(within).irange(within, key, inclusive=(True, False), reverse=True), within)
        return max(ours, theirs) if ours and theirs else ours or theirs

    def after(self, key: bytes, within: bytes) -> tuple[bytes, bytes] | None:
        theirs = self._store.after(key, within)
        while theirs is not None and theirs[0] in self.changes:
            theirs = self._store.after(theirs[0], within)
        ours = self._first_set(self._in_order(within).near(within).irange(key, inclusive=(False, False)), within)
        return min(ours, theirs) if ours and theirs else ours or theirs

    def put(self, key: bytes, value: bytes) -> None:
        if key not in self.changes:
            self._changed.append(key)
        self.changes[key] = value

    def delete(self, key: bytes) -> None:
        if key not in self.changes:
            self._changed.append(key)
        self.changes[key] = None

    def _in_order(self, prefix: bytes) -> Ordered:
        """All changed keys that have its first byte; all, where it has none."""
        first = prefix[:1]
        ordered, seen = self._ordered.get(first) or (Ordered(), 0)
        if seen < len(self._changed):
            for key in self._changed[seen:]:
                if key.startswith(first):
                    ordered.add(key)
            self._ordered[first] = ordered, len(self._changed)
        return ordered

    def _first_set(self, keys: Iterable[bytes], within: bytes) -> tuple[bytes, bytes] | None:
        for key in keys:
            if not key.startswith(within):
                break
            if (value := self.changes[key]) is not None:
                return key, value
        return None


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

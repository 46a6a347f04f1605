"""State in a dict and its keys in order: for `fold`, and for the tests of pure cores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from processors.lane.ordered import Ordered


class MemoryState:
    """`State` in memory."""

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self._pairs = dict(pairs)
        self._keys = Ordered(self._pairs)

    def get(self, key: bytes) -> bytes | None:
        return self._pairs.get(key)

    def multi_get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return [self._pairs.get(key) for key in keys]

    def prefix(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        return iter([(key, self._pairs[key]) for key in self._keys.beginning(prefix)])

    def before(self, key: bytes, within: bytes) -> tuple[bytes, bytes] | None:
        found = next(self._keys.near(within).irange(within, key, inclusive=(True, False), reverse=True), None)
        return None if found is None else (found, self._pairs[found])

    def after(self, key: bytes, within: bytes) -> tuple[bytes, bytes] | None:
        found = next(self._keys.near(within).irange(key, inclusive=(False, False)), None)
        return (found, self._pairs[found]) if found is not None and found.startswith(within) else None

    def put(self, key: bytes, value: bytes) -> None:
        if key not in self._pairs:
            self._keys.add(key)
        self._pairs[key] = value

    def delete(self, key: bytes) -> None:
        if self._pairs.pop(key, None) is not None:
            self._keys.remove(key)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Everything, sorted by key."""
        return self.prefix(b"")

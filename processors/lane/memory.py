"""State in a sorted dict: for `fold`, and for the tests of pure cores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sortedcontainers import SortedDict


class MemoryState:
    """`State` in memory."""

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self._pairs: SortedDict[bytes, bytes] = SortedDict(pairs)

    def get(self, key: bytes) -> bytes | None:
        return self._pairs.get(key)

    def multi_get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return [self._pairs.get(key) for key in keys]

    def prefix(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        found = []
        for key in self._pairs.irange(prefix):
            if not key.startswith(prefix):
                break
            found.append((key, self._pairs[key]))
        return iter(found)

    def before(self, key: bytes, within: bytes) -> tuple[bytes, bytes] | None:
        found = next(self._pairs.irange(within, key, inclusive=(True, False), reverse=True), None)
        return None if found is None else (found, self._pairs[found])

    def after(self, key: bytes, within: bytes) -> tuple[bytes, bytes] | None:
        found = next(self._pairs.irange(key, inclusive=(False, False)), None)
        return (found, self._pairs[found]) if found is not None and found.startswith(within) else None

    def put(self, key: bytes, value: bytes) -> None:
        self._pairs[key] = value

    def delete(self, key: bytes) -> None:
        self._pairs.pop(key, None)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Everything, sorted by key."""
        return iter(list(self._pairs.items()))

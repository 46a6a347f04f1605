"""Keys, in order as far as anyone asks which come next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile

from sortedcontainers import SortedList

from processors.keys import END


class Ordered:
    """Most keys are asked for by a beginning that has an `END` in it, if at all: they are kept by what comes before their first one, and
    sorted when they are found. Of the first bytes of which more is asked, all keys are kept sorted from then on."""

    def __init__(self, keys: Iterable[bytes] = ()) -> None:
        self._alike: dict[bytes, bytes | list[bytes]] = {}
        """By beginning: the one key, as most beginnings have no other and a list more for each would keep the garbage collector busy."""
        self._sorted: dict[bytes, SortedList[bytes]] = {}
        for key in keys:
            self.add(key)

    def add(self, key: bytes) -> None:
        """One that is not among them."""
        beginning = key[:key.find(END) + 1]
        alike = self._alike.get(beginning)
        if alike is None:
            self._alike[beginning] = key
        elif isinstance(alike, bytes):
            self._alike[beginning] = [alike, key]
        else:
            alike.append(key)
        if self._sorted and (found := self._sorted.get(key[:1])) is not None:
            found.add(key)

    def remove(self, key: bytes) -> None:
        beginning = key[:key.find(END) + 1]
        alike = self._alike[beginning]
        if isinstance(alike, bytes):
            del self._alike[beginning]
        else:
            alike.remove(key)
        if (found := self._sorted.get(key[:1])) is not None:
            found.remove(key)

    def beginning(self, prefix: bytes) -> list[bytes]:
        """Those that begin with `prefix`, sorted."""
        if end := prefix.find(END) + 1:
            return sorted(key for key in self._having(prefix[:end]) if key.startswith(prefix))
        return list(takewhile(lambda key: key.startswith(prefix), self.near(prefix).irange(prefix)))

    def near(self, prefix: bytes) -> SortedList[bytes]:
        """All that have its first byte; all, where it has none."""
        first = prefix[:1]
        found = self._sorted.get(first)
        if found is None:
            found = SortedList(key for beginning in self._alike for key in self._having(beginning) if key.startswith(first))
            if first:
                self._sorted[first] = found
        return found

    def _having(self, beginning: bytes) -> Sequence[bytes]:
        alike = self._alike.get(beginning, ())
        return (alike,) if isinstance(alike, bytes) else alike

"""Keys, in order as far as anyone asks which come next."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from itertools import chain, islice, takewhile

from sortedcontainers import SortedList

from processors.keys import END

_MANY = 1_000
"""Up to so many a list is kept in order by moving what follows; beyond, that would cost more than finding the place. Sorted lists
of lists for the few as well made the linker a fifth slower."""


class Ordered:
    """Most keys are asked for by a beginning that has an `END` in it, if at all: they are kept by what they begin with, up to their first
    one, and in order among those alone that begin alike. Of a first byte of which the neighbours of a key are asked, all are sorted."""

    def __init__(self, keys: Iterable[bytes] = ()) -> None:
        self._lone: dict[bytes, bytes] = {}
        """By beginning the key that alone has it, as most do: of bytes alone, this is nothing to the garbage collector."""
        self._alike: dict[bytes, list[bytes] | SortedList[bytes]] = {}
        """By beginning those that share it, sorted."""
        self._sorted: dict[bytes, SortedList[bytes]] = {}
        for key in keys:
            self.add(key)

    def add(self, key: bytes) -> None:
        """One that is not among them."""
        beginning = key[:key.find(END) + 1]
        if (alike := self._alike.get(beginning)) is not None:
            if isinstance(alike, list):
                insort(alike, key)
                if len(alike) > _MANY:
                    self._alike[beginning] = SortedList(alike)
            else:
                alike.add(key)
        elif (other := self._lone.pop(beginning, None)) is not None:
            self._alike[beginning] = [key, other] if key < other else [other, key]
        else:
            self._lone[beginning] = key
        if self._sorted and (found := self._sorted.get(key[:1])) is not None:
            found.add(key)

    def remove(self, key: bytes) -> None:
        beginning = key[:key.find(END) + 1]
        if self._lone.pop(beginning, None) is None:
            alike = self._alike[beginning]
            if isinstance(alike, list):
                del alike[bisect_left(alike, key)]
            else:
                alike.remove(key)
        if (found := self._sorted.get(key[:1])) is not None:
            found.remove(key)

    def beginning(self, prefix: bytes) -> list[bytes]:
        """Those that begin with `prefix`, sorted."""
        end = prefix.find(END) + 1
        if not end:
            return sorted(key for key in self._all() if key.startswith(prefix))
        if (lone := self._lone.get(prefix[:end])) is not None:
            return [lone] if lone.startswith(prefix) else []
        alike = self._alike.get(prefix[:end])
        if not alike:
            return []
        following = islice(alike, bisect_left(alike, prefix), None) if isinstance(alike, list) else alike.irange(prefix)
        return list(takewhile(lambda key: key.startswith(prefix), following))

    def near(self, prefix: bytes) -> SortedList[bytes]:
        """All that have its first byte; all, where it has none."""
        first = prefix[:1]
        found = self._sorted.get(first)
        if found is None:
            found = SortedList(key for key in self._all() if key.startswith(first))
            if first:
                self._sorted[first] = found
        return found

    def _all(self) -> Iterator[bytes]:
        return chain(self._lone.values(), *self._alike.values())

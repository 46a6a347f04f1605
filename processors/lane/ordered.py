"""Keys, in order as far as anyone asks which come next."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, takewhile

from sortedcontainers import SortedList

from processors.keys import END


class Ordered:
    """Most keys are asked for by a beginning that has an `END` in it, if at all: they are kept by what comes before their first one, and
    sorted when they are found. Of the first bytes of which more is asked, all keys are kept sorted from then on."""

    def __init__(self, keys: Iterable[bytes] = ()) -> None:
        self._lone: dict[bytes, bytes] = {}
        """By beginning the key that alone has it, as most do: of bytes alone, this is nothing to the garbage collector."""
        self._alike: dict[bytes, list[bytes]] = {}
        """By beginning those that share it."""
        self._sorted: dict[bytes, SortedList[bytes]] = {}
        for key in keys:
            self.add(key)

    def add(self, key: bytes) -> None:
        """One that is not among them."""
        beginning = key[:key.find(END) + 1]
        if (alike := self._alike.get(beginning)) is not None:
            alike.append(key)
        elif (other := self._lone.pop(beginning, None)) is not None:
            self._alike[beginning] = [other, key]
        else:
            self._lone[beginning] = key
        if self._sorted and (found := self._sorted.get(key[:1])) is not None:
            found.add(key)

    def remove(self, key: bytes) -> None:
        beginning = key[:key.find(END) + 1]
        if self._lone.pop(beginning, None) is None:
            self._alike[beginning].remove(key)
        if (found := self._sorted.get(key[:1])) is not None:
            found.remove(key)

    def beginning(self, prefix: bytes) -> list[bytes]:
        """Those that begin with `prefix`, sorted."""
        if end := prefix.find(END) + 1:
            if (lone := self._lone.get(prefix[:end])) is not None:
                return [lone] if lone.startswith(prefix) else []
            return sorted(key for key in self._alike.get(prefix[:end], ()) if key.startswith(prefix))
        return list(takewhile(lambda key: key.startswith(prefix), self.near(prefix).irange(prefix)))

    def near(self, prefix: bytes) -> SortedList[bytes]:
        """All that have its first byte; all, where it has none."""
        first = prefix[:1]
        found = self._sorted.get(first)
        if found is None:
            found = SortedList(key for key in chain(self._lone.values(), *self._alike.values()) if key.startswith(first))
            if first:
                self._sorted[first] = found
        return found

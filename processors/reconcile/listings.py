"""Which manifest counts for which kind, kept in state for each source patient of one person."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mainstem.model import Known, Status
from processors.keys import pack
from processors.lane.contract import State
from processors.reconcile import absence, layout

Found = tuple[bytes, str]
"""Packed version and record of a manifest."""


class Listings:
    """Reads through to state, and writes at once: manifests are few."""

    def __init__(self, letter: bytes, person: bytes, state: State, kinds_of: Callable[[Known], Iterable[str]]) -> None:
        """`letter`: of the rows in state (`processors.reconcile.layout`). `kinds_of`: the kinds a manifest speaks of."""
        self._prefix = letter + person
        self._state = state
        self._kinds_of = kinds_of
        self._held: dict[str, dict[str, Found]] = {}

    def of(self, subject: str) -> dict[str, Found]:
        """Kind -> the manifest that counts."""
        found = self._held.get(subject)
        if found is None:
            data = self._state.get(self._prefix + pack(subject))
            found = self._held[subject] = {} if data is None else layout.decode_listings(data)
        return found

    def take(self, subject: str, arrived: list[Known], every: Callable[[], Iterable[Known]]) -> set[str]:
        """After manifests came: the kinds for which another counts now. `every`: all versions of all of them, which a retraction of one
        makes it necessary to look at, then and ever after."""
        before = self.of(subject)
        if layout.WITHDRAWN_MANIFEST in before or any(known.assertion.status is not Status.ASSERTED for known in arrived):
            counting = absence.counting(every(), self._kinds_of)
            after = {kind: (one.version, one.record) for kind, one in counting.items()} | {layout.WITHDRAWN_MANIFEST: (b"", "")}
        else:
            after = dict(before)
            for known in arrived:
                found = absence.listing(known)
                for kind in self._kinds_of(known):
                    if kind not in after or found[:2] > after[kind]:
                        after[kind] = (found.version, found.record)
        if after != before:
            self._held[subject] = after
            self._state.put(self._prefix + pack(subject), layout.encode(after))
        return {kind for kind in before.keys() | after.keys() if before.get(kind) != after.get(kind)}

    def forget(self, subject: str) -> None:
        self._held[subject] = {}
        self._state.delete(self._prefix + pack(subject))

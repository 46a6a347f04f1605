"""What a store is to a sink: applied to in batches, idempotent, positions kept with the data, comparable with the fold."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

from mainstem.model import Entry, Summary
from schemas.topics import Purpose

_T = TypeVar("_T")

CURRENT = "current"
"""Status of an entry that stands; any other (`withdrawn`) leaves a tombstone."""


class Place(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"

    @classmethod
    def parse(cls, text: str) -> Place:
        topic, partition = text.rsplit("/", 1)
        return cls(topic, int(partition))


Positions = Mapping[Place, int]
"""Place -> offset of the next message to apply. A place not named starts at 0."""


class Held(NamedTuple):
    """A current entry as a store holds it: what verify compares with the fold."""

    person: str
    fact: str
    version: int
    digest: str
    """SHA-256 of the content, hex."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What was read from the topics since the last one, in any order, duplicates allowed."""

    entries: tuple[Entry, ...] = ()
    summaries: tuple[Summary, ...] = ()

    def latest_entries(self) -> list[Entry]:
        """The greatest version of each fact of each person."""
        return list(_greatest(self.entries, lambda e: (e.person, e.fact), lambda e: e.version))

    def latest_summaries(self) -> list[Summary]:
        """The greatest revision of each person."""
        return list(_greatest(self.summaries, lambda s: s.person, lambda s: s.revision))


class Store(Protocol):
    """One store of one purpose. Not thread-safe: one sink writes to it.

    Entries are versioned per (person, fact), summaries per person (`revision`): an older or equal one never overwrites. Two messages of
    one version are the same message. A withdrawn entry leaves its version behind, so that an older one arriving late cannot resurrect it.
    """

    name: str
    purpose: Purpose
    pace: float
    """Seconds from one batch to the next, at least, while little comes: longer where a commit costs much, whatever is in it."""

    def open(self) -> Positions:
        """Make it ready to be written to; called again after a fault. Raises StoreUnavailableError, StoreHeldError."""
        ...

    def apply(self, batch: Batch, positions: Positions) -> None:
        """Take the batch in, then `positions` (of every place), never the other way round: after a crash at any moment the positions tell
        of nothing that is not held. Raises StoreUnavailableError, StoreMovedError; UnfitError where the store refuses an entry for what is
        in it, which `fits` then raises of that entry."""
        ...

    def fits(self, entry: Entry) -> None:
        """Work out what `apply` would write. Raises whatever it raises where the entry's content is not of its kind's shape."""
        ...

    def contents(self) -> Iterator[Held]:
        """Every current entry."""
        ...

    def damaged(self) -> bool:
        """Whether what it keeps was found to be unreadable, so that it has to be built anew. Asked all the time: cheap. Raises
        StoreUnavailableError."""
        ...

    def clear(self) -> None:
        """Forget all, positions included: before a rebuild."""
        ...

    def close(self) -> None: ...


def _greatest(items: Iterable[_T], key: Callable[[_T], Hashable], rank: Callable[[_T], int]) -> Iterable[_T]:
    latest: dict[Hashable, _T] = {}
    for item in items:
        before = latest.get(key(item))
        if before is None or rank(item) > rank(before):
            latest[key(item)] = item
    return latest.values()

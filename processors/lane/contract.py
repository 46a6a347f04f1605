"""What the lane and a stage promise each other: a stage is pure and synchronous, the lane does all I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from schemas.topics import Topic


class State(Protocol):
    """One state partition: an overlay over RocksDB, or a sorted dict.

    Keys that begin with a zero byte belong to the lane; a stage must not use them.
    """

    def get(self, key: bytes) -> bytes | None: ...

    def multi_get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Values in the order of `keys`."""
        ...

    def prefix(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Pairs whose key begins with `prefix`, sorted by key, as they were when the iteration began.

        A stage may put and delete while it iterates.
        """
        ...

    def before(self, key: bytes, within: bytes) -> tuple[bytes, bytes] | None:
        """Of the pairs whose key begins with `within`, the last below `key`, which begins with it too."""
        ...

    def after(self, key: bytes, within: bytes) -> tuple[bytes, bytes] | None:
        """Of the pairs whose key begins with `within`, the first above `key`, which begins with it too."""
        ...

    def put(self, key: bytes, value: bytes) -> None: ...

    def delete(self, key: bytes) -> None: ...


class Received(NamedTuple):
    """One input message. `timestamp` is the broker's append time, milliseconds since the epoch."""

    topic: Topic
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


class Output(msgspec.Struct, frozen=True, gc=False):
    """One message to publish, encoded by the lane; it goes to `schemas.partition.partition(partition_by, topic.partitions)`."""

    topic: Topic
    key: bytes
    value: msgspec.Struct | bytes
    partition_by: str


class Stage(Protocol):
    """A pure core on the lane. Partition p of every input feeds state partition p."""

    name: str
    changelog: Topic
    offsets_count: bool
    """Whether it keeps offsets of its input as numbers that later ones must exceed: it then cannot read an input that was made anew."""

    @property
    def inputs(self) -> tuple[Topic, ...]: ...

    def process(self, batch: Sequence[tuple[Received, Any]], state: State) -> list[Output]:
        """The outputs of a batch, values decoded by the lane; state changes go to `state`.

        However the input is cut into batches, the state after it and the outputs a reader keeps must be the same.
        Raises nothing for content: an exception here is a bug and stops the worker.
        """
        ...

"""A live cache in a Redis Cluster for tests: people of whom every master has some, batches about them, and a writer that is cut short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from sinks.cache import CacheReader, layout
from sinks.cache.nodes import Nodes, Sent
from sinks.contract import Batch, Place
from tests.sinks.made import entry, summary
from tests.sinks.redises import Cluster

AT = Place("records.entries.v1", 0)
PERSONS = tuple(f"{n:032x}" for n in range(24))
"""So many that every master has some."""
NUMBER, OTHER, THIRD = "9990000018", "9990000026", "9990000034"
ALL = Batch(tuple(entry(person, "f1", 1) for person in PERSONS), tuple(summary(person, 1, (NUMBER,)) for person in PERSONS[:3]))
BEFORE = Batch(ALL.entries, tuple(summary(person, 1, (NUMBER, OTHER)) for person in PERSONS[:6]))
AFTER = Batch((*(entry(person, "f1", 2) for person in PERSONS), entry(PERSONS[0], "f1", 3, status="withdrawn")),
              tuple(summary(person, 2, (NUMBER, THIRD)) for person in PERSONS[:6]))


def persons(reader: CacheReader) -> list[str]:
    return sorted(held.person for held in reader.contents())


def of(cluster: Cluster, port: int) -> list[str]:
    return [person for person in PERSONS if cluster.owner(layout.record(person)) == port]


def elsewhere(cluster: Cluster, port: int) -> str:
    return next(person for person in PERSONS if cluster.owner(layout.record(person)) != port)


class Cut(Exception):
    """Where a process is killed."""


def cut_at(patched: pytest.MonkeyPatch, step: int, then: Callable[[], None] | None = None) -> None:
    """In the step-th write half is sent; then the process is killed, or something happens and it goes on."""
    send, seen = Nodes.send, [0]

    def sending(nodes: Nodes, sent: Sequence[Sent], *, writes: bool = True) -> list[Any]:
        seen[0] += bool(writes and sent)
        if writes and sent and seen[0] == step + 1:
            seen[0] += 100
            said = send(nodes, sent[:len(sent) // 2])
            if then is None:
                raise Cut
            then()
            return [*said, *send(nodes, sent[len(sent) // 2:])]
        return send(nodes, sent, writes=writes)

    patched.setattr(Nodes, "send", sending)

"""What will happen: faults drawn from a seed. Pure, so that a seed that failed can be run again."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle, islice

from mainstem import faults


class Kind(StrEnum):
    KILL = "kill"
    """kill -9 of a process of ours."""
    STEP = "step"
    """A worker dies at a named step of its commit, or while it takes partitions over; capture or a sink at one of its batch."""
    SERVER = "server"
    """kill -9 of a server, which is then started again."""
    PAUSE = "pause"
    """SIGSTOP for seconds."""
    SESSION = "session"
    """A worker is stopped for longer than its session lasts: others take its partitions, then it wakes."""
    CUT = "cut"
    """Every connection to a server is broken, and none is let through for seconds."""
    SLOW = "slow"
    """What goes between our processes and a server takes its time."""
    POISON = "poison"
    """Messages that are none, in the raw topics."""
    FENCE = "fence"
    """Another producer takes a worker's transactional id."""
    FULL = "full"
    """The disk of a worker is full; or a process can write no file larger than those it has."""
    LOST_STATE = "lost state"
    """A worker is killed and its local state removed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `after`: seconds of peace before it. `seconds`: how long it lasts, where it does."""

    kind: Kind
    target: str
    seconds: float
    after: float


WORKERS = ("worker", "worker-2")
_OURS = ("capture", "worker", "sink-search", "sink-analytics", "sink-cache", "worker-2", "web")
SERVERS = ("kafka", "connect", "registry", "redis", "postgres")
BEHIND_PROXIES = ("broker", "postgres", "redis", "registry")
"""What our processes, and the connectors, reach through a proxy. `broker` is Kafka."""
_TARGETS: Mapping[Kind, tuple[str, ...]] = {
    Kind.KILL: _OURS,
    Kind.STEP: (*faults.COMMIT, *faults.OPENING, *faults.CAPTURE, *faults.SINKS),
    Kind.SERVER: ("kafka", "postgres", "kafka", "connect", "kafka", "registry", "kafka", "redis"),
    Kind.PAUSE: (*_OURS, *SERVERS),
    Kind.SESSION: WORKERS,
    Kind.CUT: BEHIND_PROXIES,
    Kind.SLOW: BEHIND_PROXIES,
    Kind.POISON: ("raw",),
    Kind.FENCE: ("reconcile", "identity", "linker"),
    Kind.FULL: (*WORKERS, "sink-search", "sink-analytics"),
    Kind.LOST_STATE: WORKERS,
}
_SECONDS: Mapping[Kind, tuple[float, float]] = {
    Kind.PAUSE: (1, 6), Kind.SESSION: (12, 15), Kind.CUT: (1, 8), Kind.SLOW: (2, 8), Kind.FULL: (2, 5), Kind.POISON: (1, 1),
}
_TIMES: Mapping[Kind, int] = {Kind.KILL: 4, Kind.STEP: 4, Kind.SERVER: 2, Kind.PAUSE: 2}
"""How often a kind comes in one round; others once."""


def plan(seed: int, peace: float = 4.0) -> Iterator[Fault]:
    """Faults without end: rounds that hold every kind, shuffled; the targets of a kind take turns. `peace`: mean seconds between two."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    # The broker first and every second time: nothing depends on the others so much.
    turns = {kind: cycle(targets) if kind is Kind.SERVER else _turns(targets, chance) for kind, targets in _TARGETS.items()}
    while True:
        round_ = [kind for kind in Kind for _ in range(_TIMES.get(kind, 1))]
        chance.shuffle(round_)
        for kind in round_:
            least, most = _SECONDS.get(kind, (0, 0))
            after = round(min(chance.expovariate(1 / peace), 3 * peace), 2)
            yield Fault(kind, next(turns[kind]), round(chance.uniform(least, most), 2), after)


def first(seed: int, count: int, peace: float = 4.0) -> list[Fault]:
    return list(islice(plan(seed, peace), count))


def _turns(targets: tuple[str, ...], chance: random.Random) -> Iterator[str]:
    while True:
        order = list(targets)
        chance.shuffle(order)
        yield from order

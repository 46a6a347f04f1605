"""The player: chooses actions by weight, keeps the rate, batches commits, and says what it did."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from seeds.catalogue import catalogue
from seeds.errors import LostError, StoppedError, UnreachableError
from seeds.load import connect
from seeds.profiles import EVERYDAY, Profile
from seeds.trusts import TRUSTS
from seeds.truth import encode, opened
from seeds.workload import community, hospital, practice
from seeds.workload.world import Action, Deed, World

ACTIONS: tuple[Action, ...] = (*hospital.ACTIONS, *practice.ACTIONS, *community.ACTIONS)
POOLS = hospital.POOLS | practice.POOLS | community.POOLS
_WEIGHTS = [action.weight for action in ACTIONS]
COMMITS_PER_SECOND = 25
"""Changes due within 40 ms share a commit; below 25 changes a second each action has its own."""
_AGAIN = 0.5
"""Seconds from one try to reach a server that is away to the next."""


@dataclass(slots=True)
class Report:
    """What was done. A change is one row inserted, updated or deleted."""

    wanted_rate: float
    changes: int = 0
    seconds: float = 0.0
    actions: dict[str, int] = field(default_factory=dict)
    """Action -> how often."""
    changes_by_action: dict[str, int] = field(default_factory=dict)
    changes_by_source: dict[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return self.changes / self.seconds if self.seconds else 0.0


def play(dsn: str, *, rate: float, seconds: float | None = None, changes: int | None = None, seed: int = 1, profile: Profile = EVERYDAY,
         truth_path: Path | None = None, stop: threading.Event | None = None, progress: Callable[[Report], None] | None = None) -> Report:
    """Makes `rate` row changes a second, until `seconds` are over, `changes` are made or `stop` is set; rate 0 = as fast as it goes.

    The same seed on the same databases does the same things (GUIDs of new rows apart). What was done is committed, whatever ended it.
    A server that goes away is waited for; a batch that it may or may not have committed is not counted, nor in the truth.
    Raises UnreachableError, DatabaseMissingError, DsnError, TruthFileError, StoppedError.
    """
    report, stop, rng = Report(rate), stop or threading.Event(), Random(seed)
    start: float | None = None
    with opened(truth_path, "ab") if truth_path else nullcontext() as truth:
        while True:
            try:
                with _world(dsn, profile, rng) as world:
                    start = time.monotonic() if start is None else start
                    while not (stop.is_set() or _done(report, start, seconds, changes)):
                        lines = _committed(world, report, _target(report, start, rate, changes))
                        if truth:
                            truth.writelines(lines)
                            truth.flush()
                        report.seconds = time.monotonic() - start
                        if progress:
                            progress(report)
                        stop.wait(_left(report, start, rate, seconds))
                break
            except (LostError, UnreachableError):
                if start is None:
                    raise
                if stop.wait(_AGAIN):
                    break
        report.seconds = time.monotonic() - start
    return report


@contextmanager
def _world(dsn: str, profile: Profile, rng: Random) -> Iterator[World]:
    """Raises UnreachableError, DatabaseMissingError, LostError."""
    with ExitStack() as stack:
        connections = {trust.source: stack.enter_context(connect(dsn, trust)) for trust in TRUSTS}
        try:
            world = World(connections, POOLS, catalogue(profile.catalogue), rng, lambda: datetime.now(UTC))
            world.commit()
        except psycopg.OperationalError as error:
            raise _stopped(0, error) from error
        yield world


def _committed(world: World, report: Report, target: float) -> list[bytes]:
    """One batch, and its lines for the truth file; reported once it is committed everywhere. Raises StoppedError, LostError."""
    done: list[tuple[Action, bytes]] = []
    try:
        while report.changes + world.due < target:
            done.append(_act(world))
        changed = world.commit()
    except psycopg.Error as error:
        raise _stopped(report.changes, error) from error
    for action, _ in done:
        report.actions[action.name] = report.actions.get(action.name, 0) + 1
    for action in dict.fromkeys(action for action, _ in done):
        rows = changed[action.name]
        report.changes += rows
        for counts, name in ((report.changes_by_action, action.name), (report.changes_by_source, action.source)):
            counts[name] = counts.get(name, 0) + rows
    return [line for _, line in done]


def _stopped(changes: int, error: psycopg.Error) -> StoppedError:
    kind = LostError if isinstance(error, psycopg.OperationalError) else StoppedError
    return kind(f"the database refused a change after {changes} ({type(error).__name__}); see its log")


def _act(world: World) -> tuple[Action, bytes]:
    """One action, and its line. An action that finds nothing to do gives way to another."""
    for _ in range(1000):
        (action,) = world.rng.choices(ACTIONS, _WEIGHTS)
        world.doing = action.name
        deed = action.do(world)
        if deed is not None:
            return action, encode(_line(action, deed))
    raise StoppedError("nothing is left to happen to; make the trusts anew with `mainstem seeds make --replace`")


def _line(action: Action, deed: Deed) -> dict[str, Any]:
    records = [{"source": action.source, "table": table, "key": key} for table, key in deed.records]
    line = {"type": "change", "change": action.name, "source": action.source, "patient": deed.patient, "records": records}
    return line | (deed.more or {})


def _done(report: Report, start: float, seconds: float | None, changes: int | None) -> bool:
    return (changes is not None and report.changes >= changes) or (seconds is not None and time.monotonic() - start >= seconds)


def _size(rate: float) -> float:
    """Changes in a commit."""
    return max(1.0, rate / COMMITS_PER_SECOND) if rate else 200.0


def _target(report: Report, start: float, rate: float, changes: int | None) -> float:
    """How many changes there should be after the next batch."""
    due = (time.monotonic() - start) * rate if rate else inf
    return min(due, report.changes + 5 * _size(rate), inf if changes is None else changes)


def _left(report: Report, start: float, rate: float, seconds: float | None) -> float:
    """Seconds until the next batch is due, or the time is up."""
    if not rate:
        return 0.0
    due = start + (report.changes + _size(rate)) / rate
    if seconds is not None:
        due = min(due, start + seconds)
    return max(0.0, due - time.monotonic())

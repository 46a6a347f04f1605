"""Whether the page can be relied on: sources are captured, processes make progress, stores answer, the audit can be written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mainstem.observe import metrics
from mainstem.observe.connect import Connector
from mainstem.web.errors import AuditUnavailableError, StoreUnavailableError
from mainstem.web.figures import StageFigures
from mainstem.web.sources import Sources

STUCK_SECONDS = 30.0
"""Without progress while the lag grows. A batch takes seconds at most; a store or broker that is away says so at once."""


@dataclass(frozen=True, slots=True)
class Check:
    """`detail` says how it stands, and where it is not well the reason."""

    name: str
    well: bool
    detail: str


def checks(sources: Sources) -> list[Check]:
    return [
        *(_captured(sources.connectors()) if sources.connectors else ()),
        *(_stage(one) for one in sources.stream.figures().stages),
        _asked("search store", sources.people.check),
        _asked("live cache", sources.records.check),
        _asked("audit", sources.audit.check),
        Check("quarantine counted", sources.quarantine.counted, f"{sources.quarantine.total} items"),
    ]


class Watch:
    """Tells /metrics every ten seconds what the checks say, in a thread of its own."""

    def __init__(self, sources: Sources, seconds: float = 10.0) -> None:
        self._sources, self._seconds = sources, seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            for stage in self._sources.stream.figures().stages:
                metrics.HEARTBEAT_AGE.labels(stage.stage).set(float("inf") if stage.age is None else stage.age)
            for check in checks(self._sources):
                metrics.WELL.labels(check.name).set(int(check.well))
            self._ended.wait(self._seconds)


def _captured(found: Sequence[Connector]) -> list[Check]:
    detail = f"{len(found)} known" if found else "Connect knows of none, or does not answer"
    each = (Check(f"connector {one.name}", one.running and not one.silent, one.detail) for one in found)
    return [Check("connectors", bool(found), detail), *each]


def _stage(one: StageFigures) -> Check:
    well, detail = _standing(one)
    return Check(f"stage {one.stage}", well, detail)


def _standing(one: StageFigures) -> tuple[bool, str]:
    if one.stopped is not None:
        why, ago = one.stopped
        return False, f"{why} ({ago:.0f} s ago)"
    if one.age is None:
        return False, "never heard"
    if one.silent:
        return False, f"not heard for {one.age:.0f} s, {one.lag} messages behind when last heard: its process has ended or hangs"
    if one.stuck >= STUCK_SECONDS:
        where = f" of {one.stuck_at}" if one.stuck_at else ""
        return False, f"nothing{where} processed for {one.stuck:.0f} s while its lag grew to {one.lag} messages"
    if one.note:
        return False, f"waits for a dependency ({one.note})"
    return True, f"heard {one.age:.1f} s ago"


def _asked(name: str, check: Callable[[], None]) -> Check:
    try:
        check()
    except (StoreUnavailableError, AuditUnavailableError) as fault:
        return Check(name, False, fault.why)
    return Check(name, True, "answers")

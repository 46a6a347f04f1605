"""Whether the page can be relied on: sources are captured, processes make progress, stores answer, the audit can be written."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mainstem.observe import metrics
from mainstem.observe.connect import Connector
from mainstem.web.errors import AuditUnavailableError, StoreUnavailableError
from mainstem.web.figures import STAGES, StageFigures
from mainstem.web.guard import where
from mainstem.web.sources import Sources

_log = logging.getLogger(__name__)

STUCK_SECONDS = 30.0
"""Without progress while the lag grows. A batch takes seconds at most; a store or broker that is away says so at once."""
_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Check:
    """`detail` says how it stands, and where it is not well the reason."""

    name: str
    well: bool
    detail: str


def checks(sources: Sources) -> list[Check]:
    """A check that fails as nobody foresaw is not well, and the others are made."""
    connectors, stream, quarantine = sources.connectors, sources.stream, sources.quarantine
    return [
        *(_looked(["connectors"], lambda: _captured(connectors())) if connectors else ()),
        *_looked([f"stage {stage}" for stage in STAGES], lambda: map(_stage, stream.figures().stages)),
        _asked("search store", sources.people.check),
        _asked("live cache", sources.records.check),
        _asked("audit", sources.audit.check),
        _asked("schema registry", sources.registry),
        *_looked(["quarantine counted"], lambda: [Check("quarantine counted", quarantine.counted, f"{quarantine.total} items")]),
    ]


class Watch:
    """Tells /metrics every ten seconds what the checks say, in a thread of its own. What could not be found out is not well and not heard:
    no gauge stays at what it once was."""

    def __init__(self, sources: Sources, seconds: float = 10.0) -> None:
        self._sources, self._seconds = sources, seconds
        self._ages: dict[str, float] = {}
        self._well: dict[str, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._ages = dict.fromkeys(self._ages, _NEVER) | self._told("heartbeats", _ages)
            self._well = dict.fromkeys(self._well, 0.0) | self._told("everything", _well)
            for stage, age in self._ages.items():
                metrics.HEARTBEAT_AGE.labels(stage).set(age)
            for name, well in self._well.items():
                metrics.WELL.labels(name).set(well)
            self._ended.wait(self._seconds)

    def _told(self, name: str, look: Callable[[Sources], dict[str, float]]) -> dict[str, float]:
        try:
            return look(self._sources)
        except Exception as fault:  # without the thread every gauge would stay as it is
            _failed(name, fault)
            return {}


def _ages(sources: Sources) -> dict[str, float]:
    return {one.stage: _NEVER if one.age is None else one.age for one in sources.stream.figures().stages}


def _well(sources: Sources) -> dict[str, float]:
    return {check.name: float(check.well) for check in checks(sources)}


def _captured(found: Sequence[Connector]) -> list[Check]:
    detail = f"{len(found)} known" if found else "Connect knows of none, or does not answer"
    each = (Check(f"connector {one.name}", one.well, one.detail) for one in found)
    return [Check("connectors", bool(found), detail), *each]


def _stage(one: StageFigures) -> Check:
    well, detail = standing(one)
    return Check(f"stage {one.stage}", well, detail)


def standing(one: StageFigures) -> tuple[bool, str]:
    """Whether a stage is well, and how it stands."""
    if one.stopped is not None:
        why, ago = one.stopped
        return False, f"{why} ({ago:.0f} s ago)"
    if one.age is None:
        return False, "never heard"
    if one.silent:
        why = "its process has ended or hangs, or the broker is away"
        return False, f"not heard for {one.age:.0f} s, {one.lag} messages behind when last heard: {why}"
    if one.idle:
        return False, one.note
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
    except Exception as fault:
        return _failed(name, fault)
    return Check(name, True, "answers")


def _looked(names: Sequence[str], look: Callable[[], Iterable[Check]]) -> list[Check]:
    """`names`: of the checks that are not well where the look fails."""
    try:
        return list(look())
    except Exception as fault:
        return [_failed(name, fault) for name in names]


def _failed(name: str, fault: Exception) -> Check:
    """Without its text, which may quote what is stored."""
    _log.error("%s in the check of %s: %s", type(fault).__name__, name, where(fault))
    return Check(name, False, f"its check failed ({type(fault).__name__}); the log of the web process says where")

"""Whether the page can be relied on: the processes are heard, the stores answer, the audit can be written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mainstem.web.errors import AuditUnavailableError, StoreUnavailableError
from mainstem.web.sources import Sources


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    well: bool
    detail: str


def checks(sources: Sources) -> list[Check]:
    stages = [Check(f"stage {one.stage}", not one.silent, _heard(one.age)) for one in sources.stream.figures().stages]
    return [
        *stages,
        _asked("search store", sources.people.check),
        _asked("live cache", sources.records.check),
        _asked("audit", sources.audit.check),
        Check("quarantine counted", sources.quarantine.counted, f"{sources.quarantine.total} items"),
    ]


def _heard(age: float | None) -> str:
    return "never heard" if age is None else f"heard {age:.1f} s ago"


def _asked(name: str, check: Callable[[], None]) -> Check:
    try:
        check()
    except (StoreUnavailableError, AuditUnavailableError) as fault:
        return Check(name, False, fault.why)
    return Check(name, True, "answers")

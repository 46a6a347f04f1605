"""What another model release would change: who changes person, which review tasks open, change or close. Pure; a dry run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mainstem.model import Claim, Task
from processors.identity.linker import assign, review
from processors.identity.scoring.release import Model


class Moved(NamedTuple):
    subject: str
    person: str
    becomes: str
    reason: str
    because: str
    """The rule by which it would be there; `reason`: by which it is where it is."""


class Changed(NamedTuple):
    """Of a task. `what`: opens, closes, or changes (other candidates, another order, other scores)."""

    task: str
    what: str
    reason: str
    subjects: tuple[str, ...]
    scores: tuple[float, ...]
    were: tuple[float, ...]


class Rematch(NamedTuple):
    moved: list[Moved]
    tasks: list[Changed]
    source_patients: int
    open_before: int
    open_after: int

    def counts(self) -> dict[str, int]:
        return {"source patients that change person": len(self.moved)} | {
            f"tasks that {what}": sum(each.what == verb for each in self.tasks)
            for verb, what in (("opens", "open"), ("changes", "change"), ("closes", "close"))}


def rematch(claims: Sequence[Claim], key: bytes, now: Model, then: Model) -> Rematch:
    """Human decisions are claims like others: no release moves whom a human placed."""
    before, after = assign(claims, key, now), assign(claims, key, then)
    moved = [Moved(subject, before[subject].person, after[subject].person, before[subject].reason, after[subject].reason)
             for subject in sorted(before) if before[subject].person != after[subject].person]
    open_, opened = ({task.id: task for task in review(claims, key, model)} for model in (now, then))
    return Rematch(moved, [changed for task in sorted(open_.keys() | opened.keys())
                           if (changed := _changed(open_.get(task), opened.get(task))) is not None], len(before), len(open_), len(opened))


def _changed(before: Task | None, after: Task | None) -> Changed | None:
    task = after or before
    if task is None or before == after:
        return None
    what = "opens" if before is None else "closes" if after is None else "changes"
    return Changed(task.id, what, task.reason, task.subjects, after.scores if after else (), before.scores if before else ())

"""What another model release would change: who changes person, which review tasks open, change or close. Pure; a dry run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from mainstem.model import Claim, Task
from processors.identity.linker import assign, review
from processors.identity.persons import Placed
from processors.identity.scoring.release import Model


class Moved(NamedTuple):
    subject: str
    person: str
    becomes: str
    reason: str
    because: str
    """The rule by which it would be there; `reason`: by which it is where it is."""


class Link(NamedTuple):
    """Two source patients that would become one person, or two. `what`: joins or parts."""

    one: str
    other: str
    what: str
    because: str
    """The rule by which the one would be where it would be."""


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
    links: list[Link]
    """Sorted. Where all of a person move together none changes."""
    tasks: list[Changed]
    source_patients: int
    open_before: int
    open_after: int

    def counts(self) -> dict[str, int]:
        return {"source patients that change person": len(self.moved)} | {
            f"links {done}": sum(each.what == what for each in self.links) for what, done in (("joins", "made"), ("parts", "broken"))} | {
            f"tasks that {what}": sum(each.what == verb for each in self.tasks)
            for verb, what in (("opens", "open"), ("changes", "change"), ("closes", "close"))}


def rematch(claims: Sequence[Claim], key: bytes, now: Model, then: Model) -> Rematch:
    """Human decisions are claims like others: no release moves whom a human placed."""
    before, after = assign(claims, key, now), assign(claims, key, then)
    moved = [Moved(subject, before[subject].person, after[subject].person, before[subject].reason, after[subject].reason)
             for subject in sorted(before) if before[subject].person != after[subject].person]
    open_, opened = ({task.id: task for task in review(claims, key, model)} for model in (now, then))
    return Rematch(moved, _links(before, after, [each.subject for each in moved]), [changed for task in sorted(open_.keys() | opened.keys())
                           if (changed := _changed(open_.get(task), opened.get(task))) is not None], len(before), len(open_), len(opened))


def _links(before: Mapping[str, Placed], after: Mapping[str, Placed], moved: Iterable[str]) -> list[Link]:
    """Only persons are looked at that somebody comes to or leaves."""
    concerned = {where[subject].person for subject in moved for where in (before, after)}
    are, would = _pairs(before, concerned), _pairs(after, concerned)
    return sorted([*(Link(*pair, "joins", after[pair[0]].reason) for pair in would - are),
                   *(Link(*pair, "parts", after[pair[0]].reason) for pair in are - would)])


def _pairs(where: Mapping[str, Placed], concerned: set[str]) -> set[tuple[str, str]]:
    members: defaultdict[str, list[str]] = defaultdict(list)
    for subject in sorted(where):
        if where[subject].person in concerned:
            members[where[subject].person].append(subject)
    return {pair for group in members.values() for pair in combinations(group, 2)}


def _changed(before: Task | None, after: Task | None) -> Changed | None:
    task = after or before
    if task is None or before == after:
        return None
    what = "opens" if before is None else "closes" if after is None else "changes"
    return Changed(task.id, what, task.reason, task.subjects, after.scores if after else (), before.scores if before else ())

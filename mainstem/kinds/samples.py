"""Samples under one number, of which no report supersedes another's: which copy is of which.

Why: docs/decisions/serial-samples-are-results-of-their-own.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

from mainstem.kinds.concepts import meaning
from mainstem.kinds.dates import exact, moments
from mainstem.kinds.facts import Member, Terms
from mainstem.kinds.identifiers import minute
from mainstem.kinds.same import line, number, unit
from mainstem.kinds.statuses import word
from mainstem.kinds.titles import named

STANDING = {"corrected": 4, "final": 3, "preliminary": 2, "cancelled": 1, "requested": 0}
"""What no status is given for counts as final: a copy of a report."""
VALUES = ("value", "value_text", "value_code")
_BETWEEN = re.compile(r"[^\w/]|_")


def parted(members: Sequence[Member], terms: Terms) -> Sequence[Sequence[Member]]:
    """`Result.parted`: by the minute, the specimen's number, the specimen, or the day; by the panel (`Sodium` of serum and of urine) where
    values differ, since one measurement is reported in several (albumin); and what one report tells several values of, by the value."""

    def panel(member: Member) -> str | None:
        return meaning(member.content.get("panel"), terms)

    valued_by = [member.place.subject for member in members if valued(member)]
    if len(set(valued_by)) == len(valued_by):
        return [members]
    found = _parted(members, at_minute, corrected=True)
    for told in (_specimen_number, lambda member: meaning(member.content.get("specimen"), terms), _day):
        found = [part for run in found for part in _parted(run, told, corrected=False)]
    found = [part for run in found for part in (_parted(run, panel, corrected=False) if _differ(run) else [run])]
    return [part for run in found for part in (_by_report(run) if _differ(run) else [run])]


def at_minute(member: Member) -> str | None:
    """The minute at which it was taken, in UTC; None where no more than the day is told."""
    taken = member.content.get("taken")
    return _minute(taken) if isinstance(taken, str) else None


def by_minute(members: Sequence[Member], order: Sequence[int]) -> dict[str, int]:
    """Minute -> the first in `order` with a value of then. More than one: serial samples under one number, none of which is another's."""
    found: dict[str, int] = {}
    for index in order:
        if valued(members[index]) and (at := at_minute(members[index])) is not None:
            found.setdefault(at, index)
    return found


def identifier(text: Any) -> str:
    """A business identifier however it is spaced and written: `s-0012 a` and `S0012A` are one; `7/1/12` and `7/11/2` are two. Empty where
    it stands for a number that is not known: without a digit (`UNKNOWN`), or of one zero or nine alone (`0`, `9999`). What is short tells
    here, unlike in `identifiers`: the test stands beside it."""
    return _identifier(text) if isinstance(text, str) else ""


@lru_cache(maxsize=1 << 14)
def _identifier(text: str) -> str:
    bare = _BETWEEN.sub("", text).upper()
    signs = set(bare) - {"/"}
    return bare if any(sign.isdigit() for sign in signs) and signs not in ({"0"}, {"9"}) else ""


def standing(member: Member) -> int:
    return STANDING.get(word(member.content, "status") or "final", STANDING["final"])


def valued(member: Member) -> bool:
    return any(member.content.get(name) for name in VALUES)


def value_of(content: dict[str, Any]) -> str:
    """What was found, however it is spelt. The unit counts where it is given."""
    value = content.get("value")
    if isinstance(value, dict):
        return f"{value.get('comparator') or ''}{number(str(value.get('value')))} {unit(value.get('unit') or '')}".strip()
    if content.get("value_text"):
        return line(content["value_text"]).casefold()
    found = content.get("value_code")
    return line(named(found, "")).casefold() or repr(found) if isinstance(found, dict) else ""


@lru_cache(maxsize=1 << 14)
def _minute(taken: str) -> str | None:
    span = moments(taken)
    return None if span is None or minute(taken) is None else span[0].isoformat(timespec="minutes")


def _specimen_number(member: Member) -> str | None:
    return identifier(member.content.get("specimen_id")) or None


def _day(member: Member) -> str | None:
    taken = member.content.get("taken")
    return taken.strip()[:10] if isinstance(taken, str) and exact(taken) else None


def _parted(members: Sequence[Member], told: Callable[[Member], str | None], *, corrected: bool) -> Sequence[Sequence[Member]]:
    """By the sample that each one tells, of those that one source patient has values of (of several, the one that tells most, the least),
    and what it has no value of, by its own clock: a third one was cancelled.
    `corrected`: whether a correction may be of a sample that no other record tells; else it may be the day or the specimen that it
    corrects."""
    samples: dict[str, list[Member]] = {}
    tellers: dict[str, set[str]] = {}
    for member in members:
        if valued(member) and (corrected or not _corrects(member)) and (sample := told(member)) is not None:
            samples.setdefault(sample, []).append(member)
            tellers.setdefault(member.place.subject, set()).add(sample)
    teller = max(sorted(tellers), key=lambda subject: len(tellers[subject]), default="")
    if len(tellers.get(teller, ())) < 2:
        return [members]
    samples = {sample: held for sample, held in samples.items() if sample in tellers[teller]}
    homes = [_home(member, told(member), samples) for member in members]
    for place, member in enumerate(members):
        if homes[place] is None and member.place.subject == teller and not valued(member) and (corrected or not _corrects(member)):
            homes[place] = told(member)
    if None in homes:
        return [members]
    return [[member for member, home in zip(members, homes, strict=True) if home == sample] for sample in dict.fromkeys(homes)]


def _by_report(members: Sequence[Member]) -> Sequence[Sequence[Member]]:
    """Values that one source patient reports at one moment, in one standing, are all meant: two organisms of a culture, and what each is
    sensitive to. A report that supersedes another comes after it."""
    reports: dict[tuple[str, int, str], set[str]] = {}
    for member in members:
        if valued(member) and (at := minute(member.content.get("reported"))) is not None:
            reports.setdefault((member.place.subject, standing(member), at), set()).add(value_of(member.content))
    values = max((reports[report] for report in sorted(reports)), key=len, default=set[str]())

    def value(member: Member) -> str | None:
        return found if valued(member) and (found := value_of(member.content)) in values else None

    return _parted(members, value, corrected=True) if len(values) > 1 else [members]


def _differ(members: Sequence[Member]) -> bool:
    return len({value_of(member.content) for member in members if valued(member)}) > 1


def _corrects(member: Member) -> bool:
    return standing(member) == STANDING["corrected"]


def _home(member: Member, told: str | None, samples: Mapping[str, Sequence[Member]]) -> str | None:
    """The sample a member stands with: its own; else one that it says nothing beyond, of its day before others, the nearest in time (one
    feed has when it was collected, another when it was received), the earliest; else, of another value, the only one that was corrected.
    None: it may be of any."""
    if told in samples:
        return told
    taken, at = str(member.content.get("taken") or ""), moments(told)
    may_be = [each for each, held in samples.items() if any(_adds_nothing(member, report) for report in held)]
    if not may_be and valued(member) and not _corrects(member):
        mended = [each for each, held in samples.items() if any(map(_corrects, held))]
        return mended[0] if len(mended) == 1 else None

    def away(sample: str) -> tuple[bool, timedelta]:
        then = moments(sample)
        return sample[:10] != taken[:10], abs(at[0] - then[0]) if at and then else timedelta()

    return min(may_be, key=lambda each: (*away(each), each), default=None)


def _adds_nothing(copy: Member, report: Member) -> bool:
    """Whether it is the order, or says the same value in no later standing."""
    if not valued(copy):
        return word(copy.content, "status") == "requested"
    return standing(copy) <= standing(report) and value_of(copy.content) == value_of(report.content)

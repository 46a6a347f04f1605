"""A review task as it is shown: its source patients side by side, what speaks for and against, what each one's record holds. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mainstem import kinds
from mainstem.adjudication.desk import Waiting
from mainstem.model import Compared
from mainstem.web import words
from mainstem.web.record import Record
from mainstem.web.seen import restricted, withheld

REASONS = {
    "identity.conflicting-numbers": "A merge, or one source patient, with two verified NHS numbers",
    "identity.contradicting-demographics": "One NHS number, and demographics that cannot be of one person",
    "identity.kept-apart": "Apart only because a human holds others apart",
    "identity.conflicting-decisions": "A decision that newer ones have set aside",
    "identity.shared-number": "An NHS number that too many carry: a placeholder",
    "identity.void-number": "An NHS number that was made void, or became two",
    "identity.unverified-number": "Carries another's NHS number, and it is not verified",
    "identity.same-demographics": "Birth date and names are another's",
}
_OUTCOMES = {"agree": ("Agree", "blue"), "differ": ("Differ", "red"), "missing": ("Cannot tell", "grey")}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One source patient of a task."""

    subject: str
    source: str
    patient: str
    person: str
    others: tuple[str, ...]
    """Source patients with whom it is one person now."""
    held: tuple[tuple[str, int], ...]
    """What the person's record holds: kind in words, how many. Empty where the record is not held."""
    restricted: bool


@dataclass(frozen=True, slots=True)
class Row:
    field: str
    values: tuple[str, ...]
    outcome: str
    colour: str
    weight: str
    """What the matching model makes of it, where it has scored the pair."""


@dataclass(frozen=True, slots=True)
class Shown:
    id: str
    reason: str
    rule: str
    since: str
    candidates: tuple[Candidate, ...]
    rows: tuple[Row, ...]
    weighed: bool


def show(waiting: Waiting, records: Mapping[str, Record | None], members: Mapping[str, Sequence[str]]) -> Shown:
    task = waiting.task
    candidates = tuple(_candidate(subject, person, records.get(person), members.get(person, ()))
                       for subject, person in zip(task.subjects, task.persons, strict=True))
    evidence = withheld(task.evidence, [each.restricted for each in candidates]) if candidates else task.evidence
    rows = tuple(map(_row, evidence))
    return Shown(task.id, reason(task.reason), task.reason, words.moment(waiting.since), candidates, rows, any(row.weight for row in rows))


def reason(rule: str) -> str:
    return REASONS.get(rule, rule)


def _candidate(subject: str, person: str, record: Record | None, members: Sequence[str]) -> Candidate:
    source, _, patient = subject.partition("|")
    counted = Counter(item.kind for item in record.current) if record else Counter[str]()
    held = tuple((_kind(kind, count), count) for kind, count in sorted(counted.items()))
    return Candidate(subject, source, patient, person, tuple(each for each in members if each != subject), held, restricted(record))


def _kind(name: str, count: int) -> str:
    kind = kinds.BY_NAME.get(name)
    return f"{name}{'' if count == 1 else 's'}" + (f" ({kind.heading})" if kind and kind.heading else "")


def _row(each: Compared) -> Row:
    outcome, colour = _OUTCOMES.get(each.outcome, (each.outcome, "grey"))
    weight: Any = getattr(each, "weight", None)
    return Row(words.label(each.field), tuple(_value(each.field, value) for value in each.values), outcome, colour,
               "" if weight is None else f"{weight:+.2f}")


def _value(field: str, value: str) -> str:
    return words.date(value) if field == "birth_date" else value

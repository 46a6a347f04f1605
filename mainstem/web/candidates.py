"""A review task as it is shown: its source patients side by side, what speaks for and against, what each one's record holds. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mainstem import kinds
from mainstem.adjudication.desk import Waiting
from mainstem.model import Compared
from mainstem.web import words
from mainstem.web.record import Record
from mainstem.web.seen import WITHHELD, hidden, likeness, withheld

REASONS = {
    "identity.conflicting-numbers": "A merge, or one source patient, with two verified NHS numbers",
    "identity.contradicting-demographics": "One NHS number, and demographics that cannot be of one person",
    "identity.kept-apart": "Apart only because a human holds others apart",
    "identity.conflicting-decisions": "A decision that newer ones have set aside",
    "identity.shared-number": "An NHS number that too many carry: a placeholder",
    "identity.overrun": "Too many source patients were merged into this one: it joins none of them",
    "identity.void-number": "An NHS number that was made void, or became two",
    "identity.unverified-number": "Carries another's NHS number, and it is not verified",
    "identity.same-demographics": "Alike: as likely one person as two, or likelier",
}
_OUTCOMES = {"agree": ("Agree", "blue"), "differ": ("Differ", "red"), "missing": ("Cannot tell", "grey"), WITHHELD: ("Withheld", "grey")}


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
    hidden: bool
    """Whether what it says of where they live is withheld."""


@dataclass(frozen=True, slots=True)
class Row:
    field: str
    values: tuple[str, ...]
    outcome: str
    colour: str
    weights: tuple[str, ...]
    """In the order of the values: bits for one person with the first, by the matching model; empty where it was not weighed."""


@dataclass(frozen=True, slots=True)
class Shown:
    id: str
    reason: str
    rule: str
    since: str
    candidates: tuple[Candidate, ...]
    rows: tuple[Row, ...]
    scores: tuple[str, ...]
    """In the order of the candidates: the sum of the bits that are shown, with those that any two start with, and the chance it stands for.
    """


def show(waiting: Waiting, records: Mapping[str, Record | None], members: Mapping[str, Sequence[str]]) -> Shown:
    task = waiting.task
    candidates = tuple(_candidate(subject, person, records.get(person), members.get(person, ()))
                       for subject, person in zip(task.subjects, task.persons, strict=True))
    hides = [each.hidden for each in candidates]
    evidence = withheld(task.evidence, hides) if candidates else task.evidence
    return Shown(task.id, reason(task.reason), task.reason, words.moment(waiting.since), candidates, rows(evidence),
                 ("", *map(score, likeness(task.scores, task.evidence, hides))) if task.scores and candidates else ())


def reason(rule: str) -> str:
    return REASONS.get(rule, rule)


def rows(evidence: Iterable[Compared]) -> tuple[Row, ...]:
    return tuple(map(_row, evidence))


def score(weight: float) -> str:
    """A match weight, and the chance it stands for."""
    chance = 1 / (1 + 2 ** -weight)
    return f"{weight:+.1f} bits: {'more than 99.9 %' if chance > 0.999 else 'less than 0.1 %' if chance < 0.001 else f'{chance:.1%}'}"


def _candidate(subject: str, person: str, record: Record | None, members: Sequence[str]) -> Candidate:
    source, _, patient = subject.partition("|")
    counted = Counter(item.kind for item in record.current) if record else Counter[str]()
    held = tuple((_kind(kind, count), count) for kind, count in sorted(counted.items()))
    return Candidate(subject, source, patient, person, tuple(each for each in members if each != subject), held, hidden(subject, record))


def _kind(name: str, count: int) -> str:
    kind = kinds.BY_NAME.get(name)
    return f"{name}{'' if count == 1 else 's'}" + (f" ({kind.heading})" if kind and kind.heading else "")


def _row(each: Compared) -> Row:
    outcome, colour = _OUTCOMES.get(each.outcome, (each.outcome, "grey"))
    weights = ("", *(f"{weight:+.1f}" if weight else "" for weight in each.weights))
    values = tuple(_value(each.field, value) for value in each.values)
    return Row(words.label(each.field), values, outcome, colour, (*weights, *[""] * len(values))[:len(values)])


def _value(field: str, value: str) -> str:
    if value in ("", WITHHELD):
        return value
    if field == "verification":
        return words.verification(value)
    return "".join(words.value(value, field)) if field in {"birth_date", "nhs_number"} else value

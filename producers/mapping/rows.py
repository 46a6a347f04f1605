"""A compiled mapping: what the change of one row says. Pure; knows neither Debezium nor Kafka.

What a change says is the difference between what the row said before and what it says now: a place (patient, record, part)
that it no longer speaks of is removed. So a delete, a new patient column, a new key and a row that turns from one kind
into another are one rule. Where the row before is not known, places it might have spoken of are removed as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from mainstem import canonical
from mainstem.kinds.base import Content
from mainstem.model import Status
from producers.mapping.claims import MERGED_INTO, Evidence, Reader
from producers.mapping.conditions import Row, Test
from producers.mapping.scope import Value
from producers.mapping.values import text
from producers.reasons import Reason


class RefusedError(ValueError):
    """The row cannot be taken in; `what` names a column, never a value."""

    def __init__(self, reason: Reason, what: str) -> None:
        super().__init__(f"{reason}: {what}")
        self.reason = reason
        self.what = what


class Place(NamedTuple):
    patient: str
    record: str
    part: str


class Statement(NamedTuple):
    """An assertion before it is stamped with its version."""

    place: Place
    kind: str
    status: Status
    content: bytes = b"{}"
    recorded: str | None = None
    labels: tuple[str, ...] = ()


class Told(NamedTuple):
    statements: list[Statement]
    evidence: list[tuple[str, Evidence]]
    """With the patient it is about."""
    ignored: Reason | None = None
    """Set where nothing was said."""
    refused: RefusedError | None = None
    """Set where the row cannot be taken in. What is told is then only what it said before and says no longer."""


@dataclass(frozen=True, slots=True)
class RecordRule:
    """One record a row speaks of."""

    kind: str
    content: type[Content]
    fields: tuple[tuple[str, Value], ...]
    record: Callable[[Row], str]
    part: Callable[[Row], str]
    only: Test | None
    retracted: Test | None
    removed: Test | None
    recorded: Value | None
    labels: tuple[tuple[str, Test], ...]

    def place(self, row: Row, patient: str) -> Place:
        return Place(patient, self.record(row), self.part(row))

    def speaks(self, row: Row) -> bool:
        return self.only is None or self.only(row)

    def said(self, row: Row) -> Content:
        return self.content(**{name: found for name, value in self.fields if (found := value(row)) is not None})

    def statement(self, row: Row, place: Place) -> Statement:
        return Statement(
            place, self.kind, self._status(row), canonical.encode(self.said(row)), self.recorded(row) if self.recorded else None,
            tuple(label for label, test in self.labels if test(row)))

    def _status(self, row: Row) -> Status:
        if self.retracted is not None and self.retracted(row):
            return Status.RETRACTED
        if self.removed is not None and self.removed(row):
            return Status.REMOVED
        return Status.ASSERTED


class _Spoken(NamedTuple):
    """What one row speaks of, by the rule and the patient."""

    places: list[tuple[RecordRule, Place]]
    evidence: list[tuple[str, Evidence]]
    refused: RefusedError | None = None
    """Why there may be more."""


@dataclass(frozen=True, slots=True)
class Table:
    """One mapped table."""

    name: str
    patient: str
    """Column."""
    records: tuple[RecordRule, ...]
    claims: tuple[Reader, ...]
    ignore: Test | None
    columns: frozenset[str]
    """Every column that is read."""
    not_taken: frozenset[str]

    def unread(self, row: Row) -> tuple[str, ...]:
        """Columns that the mapping neither reads nor leaves on purpose."""
        return tuple(row.keys() - self.columns - self.not_taken)

    def tell(self, before: Row | None, after: Row | None, *, new: bool) -> Told:
        """`new`: nothing was said of the row before (an insert). Raises KeyError where a column is lacking, RefusedError.

        A row that is refused, since it names no patient or lacks a key, still no longer says what it said of its earlier patient. A place
        that it names all the same stays as it was."""
        ignored = after is not None and self._ignores(after)
        now = self._spoken(after)
        refused = now.refused
        statements: list[Statement] = []
        evidence: list[tuple[str, Evidence]] = []
        if after is not None and refused is None:
            statements = [rule.statement(after, place) for rule, place in now.places]
            evidence = list(now.evidence)
        named = {place for _, place in now.places}
        if before is not None:
            earlier = self._spoken(before)
            if earlier.refused is not None and after is None:
                refused = RefusedError(Reason.NO_BEFORE, earlier.refused.what)
            claimed = {(patient, found.type, found.ref) for patient, found in now.evidence}
            statements += [Statement(place, rule.kind, Status.REMOVED) for rule, place in earlier.places if place not in named]
            evidence += [(patient, found._replace(status=_ended(found, after is None), body=b"{}"))
                         for patient, found in earlier.evidence if (patient, found.type, found.ref) not in claimed]
        elif not new and after is not None and refused is None:
            statements += self._might_have_said(after, named, ignored)
        if statements or evidence or refused is not None:
            return Told(statements, evidence, refused=refused)
        return Told([], [], Reason.IGNORED_ROW if ignored else Reason.NOTHING_SAID)

    def _ignores(self, row: Row) -> bool:
        return self.ignore is not None and self.ignore(row)

    def _spoken(self, row: Row | None) -> _Spoken:
        """As far as it can be told: where one of the row's places lacks a key, the others are told."""
        if row is None or self._ignores(row):
            return _Spoken([], [])
        try:
            patient = self._patient(row)
        except RefusedError as fault:
            return _Spoken([], [], fault)
        places: list[tuple[RecordRule, Place]] = []
        refused = None
        for rule in self.records:
            if rule.speaks(row):
                try:
                    places.append((rule, rule.place(row, patient)))
                except RefusedError as fault:
                    refused = fault
        return _Spoken(places, [(patient, found) for claim in self.claims if (found := claim(row, patient)) is not None], refused)

    def _might_have_said(self, row: Row, named: set[Place], ignored: bool) -> list[Statement]:
        """Removals of what the row does not speak of now and may have spoken of before. Raises RefusedError."""
        patient = self._patient(row)
        silent = [rule for rule in self.records if ignored or not rule.speaks(row)]
        return [Statement(place, rule.kind, Status.REMOVED) for rule in silent if (place := rule.place(row, patient)) not in named]

    def _patient(self, row: Row) -> str:
        patient = text(row[self.patient])
        if patient is None:
            raise RefusedError(Reason.NO_PATIENT, f"column {self.patient}")
        return patient


@dataclass(frozen=True, slots=True)
class Mapping:
    """One source's mapping, compiled."""

    source: str
    incarnation: int
    tables: dict[str, Table]
    ignored: dict[str, str]
    """Table -> why."""


def _ended(found: Evidence, deleted: bool) -> Status:
    """A merge pointer that was cleared was wrong; a deleted row only went away."""
    return Status.RETRACTED if found.type == MERGED_INTO and not deleted else Status.REMOVED

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

    def tell(self, before: Row | None, after: Row | None, *, new: bool) -> Told:
        """`new`: nothing was said of the row before (an insert). Raises RefusedError, KeyError where a column is lacking."""
        statements: list[Statement] = []
        evidence: list[tuple[str, Evidence]] = []
        if after is None:
            ignored = False
        elif not (ignored := self.ignore is not None and self.ignore(after)):
            patient = self._patient(after)
            statements = [rule.statement(after, rule.place(after, patient)) for rule in self.records if rule.speaks(after)]
            evidence = [(patient, found) for claim in self.claims if (found := claim(after, patient)) is not None]
        spoken = {statement.place for statement in statements}
        if before is not None:
            claimed = {(patient, found.type, found.ref) for patient, found in evidence}
            withdrawn, gone = self._before(before, after is None)
            statements += [each for each in withdrawn if each.place not in spoken]
            evidence += [(patient, each) for patient, each in gone if (patient, each.type, each.ref) not in claimed]
        elif not new and after is not None:
            statements += self._might_have_said(after, spoken, ignored)
        if statements or evidence:
            return Told(statements, evidence)
        return Told([], [], Reason.IGNORED_ROW if ignored else Reason.NOTHING_SAID)

    def _before(self, row: Row, deleted: bool) -> tuple[list[Statement], list[tuple[str, Evidence]]]:
        """What the row said, withdrawn. A row that was quarantined then said nothing."""
        if self.ignore is not None and self.ignore(row):
            return [], []
        try:
            patient = self._patient(row)
            places = [(rule, rule.place(row, patient)) for rule in self.records if rule.speaks(row)]
        except RefusedError as fault:
            if deleted:
                raise RefusedError(Reason.NO_BEFORE, fault.what) from None
            return [], []
        gone = [(patient, found._replace(status=_ended(found, deleted), body=b"{}"))
                for claim in self.claims if (found := claim(row, patient)) is not None]
        return [Statement(place, rule.kind, Status.REMOVED) for rule, place in places], gone

    def _might_have_said(self, row: Row, spoken: set[Place], ignored: bool) -> list[Statement]:
        """Removals of what the row does not speak of now and may have spoken of before."""
        patient = self._patient(row)
        silent = [rule for rule in self.records if ignored or not rule.speaks(row)]
        return [Statement(place, rule.kind, Status.REMOVED) for rule in silent if (place := rule.place(row, patient)) not in spoken]

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

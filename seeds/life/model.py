"""People and clinical truths as types. A trust's view turns each truth into rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from seeds.catalogue import Allergen, Concept, Medicine, Panel, Problem, Test, Vaccine

AS_OF = date(2026, 1, 31)
"""The day on which all lives are told; nothing made by the generator is later. Fixed, so that a seed means the same for ever."""


class When(NamedTuple):
    """A day as precise as the teller knows it."""

    day: date
    precision: str = "day"
    """`day`, `month`, `year`, or `none`: undated."""

    @property
    def exact(self) -> date | None:
        return self.day if self.precision == "day" else None

    @property
    def text(self) -> str | None:
        """ISO 8601 as precise as known: `2019`, `2019-03`, `2019-03-02`; None where undated."""
        return {"day": self.day.isoformat(), "month": f"{self.day:%Y-%m}", "year": f"{self.day:%Y}"}.get(self.precision)


@dataclass(frozen=True, slots=True)
class Person:
    index: int
    nhs_number: str
    family: str
    given: tuple[str, ...]
    title: str
    sex: str
    """`F` or `M`."""
    born: date
    died: date | None
    address: tuple[str, str, str, str]
    """Two lines, town, postcode."""
    phone: str
    email: str
    relation: str | None = None
    """`twin-of:<index>`, `newborn-of:<index>`."""

    @property
    def id(self) -> str:
        return f"person-{self.index:06d}"

    def age(self, on: date) -> int:
        return on.year - self.born.year - ((on.month, on.day) < (self.born.month, self.born.day))


@dataclass(frozen=True, slots=True)
class Allergy:
    allergen: Allergen | None
    """None: no known allergies."""
    reaction: Concept | None
    severity: str
    """`mild`, `moderate`, `severe`."""
    status: str
    """`active`, `resolved`."""
    onset: When


@dataclass(frozen=True, slots=True)
class Course:
    """A course of a medicine."""

    medicine: Medicine
    dose: str
    frequency: str
    start: When
    end: date | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Condition:
    problem: Problem
    onset: When
    ended: date | None
    significant: bool


@dataclass(frozen=True, slots=True)
class Result:
    """One test of one specimen. Results of an order share `order`."""

    order: str
    panel: Panel
    test: Test
    value: float
    preliminary: float | None
    """What was reported first, where it was corrected since."""
    taken: When
    hour: int


@dataclass(frozen=True, slots=True)
class Stay:
    """Time in hospital."""

    class_: str
    """`I`, `E`, `O`."""
    reason: Concept
    specialty: str
    ward: str
    consultant: str
    admitted: datetime
    discharged: datetime | None


@dataclass(frozen=True, slots=True)
class Consultation:
    reason: Concept
    type_: str
    clinician: str
    on: When


@dataclass(frozen=True, slots=True)
class Vaccination:
    vaccine: Vaccine
    given: When
    declined: bool


@dataclass(frozen=True, slots=True)
class Measurement:
    what: Concept
    value: str
    value2: str | None
    unit: str
    on: When


@dataclass(frozen=True, slots=True)
class Letter:
    type_: Concept
    author: str
    specialty: str
    written: datetime
    sections: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Operation:
    procedure: Concept
    performed: datetime
    surgeon: str


@dataclass(frozen=True, slots=True)
class Referral:
    team_code: str
    team: str
    reason: str
    urgency: str
    received: date
    open_: bool


@dataclass(frozen=True, slots=True)
class Contact:
    referral: int
    """Which of the person's referrals, counted from 1."""
    on: date
    hour: int
    clinician: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Plan:
    code: str
    title: str
    started: date
    author: str
    goals: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Alert:
    code: str
    text: str
    category: str
    raised: When
    active: bool


Truth = (Allergy | Course | Condition | Result | Stay | Consultation | Vaccination | Measurement | Letter | Operation | Referral | Contact
         | Plan | Alert)

KINDS: dict[type, str] = {
    Allergy: "allergy", Course: "medicine", Condition: "problem", Result: "result", Stay: "encounter", Consultation: "encounter",
    Vaccination: "immunisation", Measurement: "observation", Letter: "document", Operation: "procedure", Referral: "referral",
    Contact: "appointment", Plan: "careplan", Alert: "flag",
}
"""The kind of entry a truth becomes (`mainstem.kinds`)."""

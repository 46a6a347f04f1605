"""What a mapper gets and gives. A mapper turns one resource into a content of a kind; it is pure and knows one resource type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from msgspec import UNSET, UnsetType

from mainstem.kinds.base import Coded, Content
from mainstem.model import Status
from producers.fhir import identity
from producers.fhir.bundle import Contents
from producers.fhir.datatypes import coded, labels, words
from producers.fhir.elements import Resource, child, children, many, text, texts
from producers.fhir.errors import FieldError

T = TypeVar("T")
ENTERED_IN_ERROR = "entered-in-error"
NO_ORDER = {"proposal", "plan", "option"}
"""Intents that authorise nothing (R4, "Request pattern")."""
SPOKEN = ("medicationReference", "reasonReference", "specimen", "condition", "goal")
"""References to what a content is told in the words of."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """What one resource says: a part of a record. Without `record` the record is the resource itself."""

    kind: str
    content: Content
    status: Status = Status.ASSERTED
    recorded: str | None = None
    record: str | None = None
    part: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """The file a resource stands in: what its references mean, and what other resources say of it."""

    contents: Contents
    gpconnect: bool
    reports: dict[str, Resource] = field(default_factory=dict)
    """Observation (`Observation/1`) -> the DiagnosticReport it is a result of, directly or as a member of a group."""
    last_issues: dict[str, str] = field(default_factory=dict)
    """Plan (`MedicationRequest/1`) -> its latest issue (`MedicationRequest/2`), GP Connect."""

    def names(self, owner: Resource, element: str, within: str = "actor") -> str | None:
        """Who or where an element points to, itself or `within` its parts, as text: the names of what it resolves to, else what it
        displays."""
        return joined((self.shown(child(each, within) or each, owner) for each in children(owner, element)), ", ")

    def shown(self, reference: Resource, owner: Resource) -> str | None:
        """A reference as text. An unresolved id is no name, and is left out."""
        return told(self.contents.resolve(reference, owner), self._called) or text(reference, "display")

    def spoken(self, resource: Resource) -> list[Resource]:
        """What else the content of a resource holds clinical words of: later than its own update, and marked as that is. Names of people
        and places count for neither."""
        places = [resource, *(each for each in many(resource, "diagnosis") if isinstance(each, dict))]
        references = (each for place in places for name in SPOKEN for each in many(place, name) if isinstance(each, dict))
        found = [self.contents.resolve(each, resource) for each in references]
        return [each for each in (*found, self.reports.get(identity.name(resource) or "")) if each is not None]

    def reasons(self, owner: Resource, *elements: str) -> list[Coded]:
        """All that some elements say, with the code of what `reasonReference` and a diagnosis point to (Condition.code), else what that
        displays."""
        said = [coded(each) for name in elements for each in children(owner, name)]
        references = [*children(owner, "reasonReference"), *(child(each, "condition") or {} for each in children(owner, "diagnosis"))]
        for reference in references:
            found = told(self.contents.resolve(reference, owner), lambda target: coded(child(target, "code")))
            shown = text(reference, "display")
            said.append(found or (Coded(text=shown) if shown else None))
        return [each for each in said if each is not None]

    def _called(self, target: Resource) -> str | None:
        if target.get("resourceType") == "PractitionerRole":
            target = self.contents.resolve(child(target, "practitioner"), target) or {}
        return named(target)


Mapper = Callable[[Resource, Context], Mapped]


def said(value: T | None) -> T | UnsetType:
    """What a resource leaves out says nothing; it does not clear."""
    return UNSET if value is None else value


def status_of(code: str | None) -> Status:
    """Entered in error withdraws the record; its content is kept as the source has it."""
    return Status.RETRACTED if code == ENTERED_IN_ERROR else Status.ASSERTED


def joined(values: Iterable[str | None], separator: str = "\n") -> str | None:
    return separator.join(dict.fromkeys(value for value in values if value)) or None


def noted(resource: Resource, heading: str, *elements: str, beyond: int = 0) -> str | None:
    """`Reason: pain, fever`: CodeableConcepts that no field holds, as a line of a note; all `beyond` so many that a field holds."""
    return under(heading, labels(resource, *elements)[beyond:])


def under(heading: str, found: Iterable[str | None]) -> str | None:
    said = joined(found, ", ")
    return f"{heading}: {said}" if said else None


def first(reasons: Sequence[Coded]) -> Coded | UnsetType:
    return reasons[0] if reasons else UNSET


def also(reasons: Sequence[Coded]) -> str | None:
    """All reasons but the first, which a field holds."""
    return under("Also for", (more for more in map(words, reasons[1:]) if more != words(reasons[0])))


def told(target: Resource | None, reading: Callable[[Resource], T | None]) -> T | None:
    """What another resource says to one that names it. The other's fault is found when it is its turn, and spoils nobody else's."""
    try:
        return reading(target) if target is not None else None
    except FieldError:
        return None


def named(target: Resource) -> str | None:
    """A person's HumanName, or the plain name of an organisation or place."""
    for name in many(target, "name"):
        if not isinstance(name, dict):
            return text(target, "name")
        shown = text(name, "text") or joined([*texts(name, "prefix"), *texts(name, "given"), *texts(name, "family")], " ")
        if shown:
            return shown
    return None

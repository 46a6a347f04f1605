"""A FHIR file to assertions, claims and outcomes: exactly one outcome for each resource, whatever the file holds. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from msgspec.structs import replace as replace_claim

from mainstem import canonical, versions
from mainstem.kinds.patient import PatientContent
from mainstem.model import Assertion, Claim, RawRef, Status
from mainstem.operations import Result
from producers.fhir import export, former, subject
from producers.fhir.bundle import Contents, Item
from producers.fhir.elements import Resource
from producers.fhir.errors import FieldError, PassedOverError, RefusedError
from producers.fhir.labels import labels
from producers.fhir.manifest import manifest, whose
from producers.fhir.mapping import MAPPERS, Mapped, context_of
from producers.fhir.mapping.patient import merges, nhs_number
from producers.fhir.marks import Marks
from producers.fhir.modifiers import refuse_modified, refuse_part
from producers.fhir.reasons import Reason
from producers.fhir.types import CONTEXT, NO_KIND
from producers.fhir.walk import CONTAINERS, DELETION, PATCH
from producers.items import Read
from producers.processing import Processing
from producers.reasons import Reason as AnyReason

UNNAMED = "unknown/fhir"
"""Source of files that do not say whose they are and for which nobody has said it."""
_UNTOLD = {DELETION: Reason.DELETION, PATCH: Reason.PATCH}
_TYPES = frozenset((*CONTAINERS, *CONTEXT, *NO_KIND, *_UNTOLD, *MAPPERS))
"""Items of other types are shown as `unknown`: what stands there may be anything."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the file lies, and whose it is, when it was exported and what it is of, where that has been said."""

    raw: RawRef
    source: str | None = None
    incarnation: int = 0
    exported: str | None = None
    """UTC at fixed width."""
    processing: Processing = Processing.PRODUCTION


def read(contents: Contents, origin: Origin) -> list[Read]:
    """Every item of a file with its outcome."""
    return _File(contents, origin).read()


class _File:
    def __init__(self, contents: Contents, origin: Origin) -> None:
        self._contents, self._origin = contents, origin
        self._marks = Marks(contents if origin.processing is Processing.PRODUCTION else Contents(()))
        self._context = context_of(replace(contents, items=tuple(item for item in contents.items if item.resource not in self._marks)))
        self._source = origin.source or export.source_of(contents)
        self._exported: dict[int, str | None] = {}

    def read(self) -> list[Read]:
        return self._with_manifests(_apart([self._item(item) for item in self._contents.items]))

    def _item(self, item: Item) -> Read:
        if item.resource in self._marks:
            kind = item.type if item.type in _TYPES else "unknown"
            return Read(item.name, kind, Result.IGNORED, Reason.NOT_PRODUCTION, source=self._source or "")
        if item.type in CONTAINERS:
            return Read(item.name, item.type, Result.IGNORED, Reason.CONTAINER)
        if item.type in CONTEXT:
            return Read(item.name, item.type, Result.IGNORED, Reason.CONTEXT)
        if item.type in NO_KIND:
            return Read(item.name, item.type, Result.IGNORED, Reason.NO_KIND)
        blank = Read(item.name, item.type, Result.QUARANTINED, source=self._source or "")
        if item.type in _UNTOLD:
            return replace(blank, reason=_UNTOLD[item.type], detail=_UNTOLD[item.type].todo)
        if item.type not in MAPPERS:
            return replace(blank, type="unknown", reason=Reason.UNKNOWN_TYPE, detail=Reason.UNKNOWN_TYPE.todo)
        try:
            whose = subject.whose(item.resource, self._contents)
            blank = replace(blank, patient=whose.patient, source=self._source_for(whose.patient))
            spoken = self._context.spoken(item.resource)
            if whose.patient in self._marks.patients or any(each in self._marks for each in spoken):
                raise PassedOverError(Reason.NOT_PRODUCTION)
            refuse_part(item.resource)
            refuse_modified(item.resource, (*item.holders, *spoken))
            mapped = MAPPERS[item.type](item.resource, self._context)
            return self._taken(blank, item, mapped, whose.contained)
        except PassedOverError as passed:
            return replace(blank, result=Result.IGNORED, reason=passed.reason)
        except RefusedError as refused:
            return replace(blank, reason=refused.reason, detail=refused.reason.todo)
        except FieldError as fault:
            return replace(blank, reason=Reason.BAD_ELEMENT, detail=str(fault))
        except Exception:                                  # ours, and this resource's alone
            return replace(blank, reason=AnyReason.READER_FAULT, detail=AnyReason.READER_FAULT.todo)

    def _source_for(self, patient: str) -> str:
        """An unnamed system's patients are kept only under ids that no other system has: `1` could be anybody's."""
        if self._source:
            return self._source
        if len(patient) < subject.UNMISTAKABLE:
            raise RefusedError(Reason.NO_SOURCE)
        return UNNAMED

    def _taken(self, blank: Read, item: Item, mapped: Mapped, contained: Resource | None) -> Read:
        assertion = self._assertion(blank, item, mapped, mapped.record or subject.record(item))
        claims: Iterable[Claim] = ()
        if item.type == "Patient":
            claims = self._claims(assertion, item.resource, mapped)
        elif contained is not None and mapped.status is not Status.RETRACTED:
            claims = self._carried(assertion, contained)
        return replace(blank, result=Result.ASSERTIONS, assertions=(assertion,), claims=tuple(claims))

    def _assertion(self, blank: Read, item: Item, mapped: Mapped, record: str) -> Assertion:
        spoken = self._context.spoken(item.resource)
        return Assertion(
            source=blank.source, patient=blank.patient or "", record=record, part=mapped.part, kind=mapped.kind, status=mapped.status,
            incarnation=self._origin.incarnation,
            position=export.position(item.resource, self._when(item.holders), spoken),
            content=canonical.encode(mapped.content), recorded=mapped.recorded, raw=self._raw(item.name),
            labels=labels(item.resource, (*item.holders, *spoken)))

    def _claims(self, assertion: Assertion, resource: Resource, mapped: Mapped) -> Iterator[Claim]:
        yield self._number(assertion, resource)
        if isinstance(mapped.content, PatientContent):
            body = former.demographics(mapped.content, resource, assertion.position)
            yield _claim(assertion, assertion.patient, "demographics", "", body)
        yield self._merges(assertion, resource)

    def _carried(self, assertion: Assertion, patient: Resource) -> Iterator[Claim]:
        """What a contained Patient says of who it is. It holds what its container needs: what it leaves out it does not take back."""
        if nhs_number(patient):
            yield self._number(assertion, patient)
        content = MAPPERS["Patient"](patient, self._context).content
        body = former.demographics(content, patient, assertion.position) if isinstance(content, PatientContent) else {}
        if body:
            yield _claim(assertion, assertion.patient, "demographics", "", body)

    def _number(self, assertion: Assertion, resource: Resource) -> Claim:
        """A Patient without a number withdraws the one it had, as a row without one does."""
        number = nhs_number(resource)
        body = {"nhs_number": number.value, "verification": number.verification} if number else {}
        claim = _claim(assertion, assertion.patient, "carries-number", "", body)
        return claim if number else replace_claim(claim, status=Status.RETRACTED)

    def _merges(self, assertion: Assertion, resource: Resource) -> Claim:
        """All of `Patient.link` is one claim of its own, what it replaces too: a later version without a link, or with another, takes
        it back, and nothing that the other Patient says of itself does."""
        here, found = f"{assertion.source}|", sorted({link for link in merges(resource, self._contents) if link[0] != assertion.patient})
        sides = {"into": [here + other for other, survives in found if survives],
                 "from": [here + other for other, survives in found if not survives]}
        body = {name: others[0] if len(others) == 1 else others for name, others in sides.items() if others}
        claim = _claim(assertion, assertion.patient, "merged-into", "link", body)
        return claim if body else replace_claim(claim, status=Status.RETRACTED)

    def _when(self, holders: Iterable[Resource]) -> str | None:
        """The time of the nearest Bundle that says one; else of the file."""
        for each in holders:
            if id(each) not in self._exported:
                self._exported[id(each)] = export.exported(each) if each.get("resourceType") == "Bundle" else None
            if when := self._exported[id(each)]:
                return when
        return self._origin.exported

    def _with_manifests(self, found: list[Read]) -> list[Read]:
        """A structured record of one patient says what it was complete for: its Bundle's own assertion."""
        inside: dict[int, list[tuple[Item, Read]]] = {}
        for item, each in zip(self._contents.items, found, strict=True):
            if item.bundle is not None:
                inside.setdefault(id(item.bundle), []).append((item, each))
        return [self._manifest(item, each, inside.get(id(item.resource), [])) if item.type == "Bundle" else each
                for item, each in zip(self._contents.items, found, strict=True)]

    def _manifest(self, item: Item, bundle: Read, inside: list[tuple[Item, Read]]) -> Read:
        when = self._when((item.resource, *item.holders))
        patient = whose(inside, self._contents)
        if when is None or patient is None or not export.is_gpconnect([item.resource, *(each.resource for each, _ in inside)]):
            return bundle
        listed = manifest(item.resource, inside, self._contents)
        if listed is None:
            return bundle
        of = patient.assertions[0]
        assertion = Assertion(source=of.source, patient=of.patient, record="manifest", kind="manifest", incarnation=of.incarnation,
                              position=when, content=canonical.encode(listed), raw=self._raw(item.name))
        return replace(bundle, result=Result.ASSERTIONS, reason="", source=of.source, patient=of.patient, assertions=(assertion,))

    def _raw(self, item: str) -> RawRef:
        return RawRef(self._origin.raw.topic, self._origin.raw.partition, self._origin.raw.offset, item)


def _apart(found: list[Read]) -> list[Read]:
    """Of resources with one id and version that say different things the record can hold one: the greatest, as it would be chosen
    across files. The others are quarantined, not lost in it."""
    together: dict[tuple[str, ...], list[int]] = {}
    for number, each in enumerate(found):
        for assertion in each.assertions:
            together.setdefault(_place(assertion), []).append(number)
    for numbers in together.values():
        if len(numbers) > 1:
            said = {number: versions.of_assertion(found[number].assertions[0]) for number in numbers}
            for number in numbers:
                if said[number] < max(said.values()):
                    found[number] = replace(found[number], result=Result.QUARANTINED, reason=Reason.DUPLICATE_ID,
                                            detail=Reason.DUPLICATE_ID.todo, assertions=(), claims=())
    return found


def _place(assertion: Assertion) -> tuple[str, ...]:
    return assertion.source, assertion.patient, assertion.record, assertion.part, assertion.position


def _claim(assertion: Assertion, patient: str, kind: str, ref: str, body: dict[str, Any]) -> Claim:
    """What a Patient resource says of who someone is, at the version of its assertion."""
    return Claim(source=assertion.source, patient=patient, type=kind, ref=ref, incarnation=assertion.incarnation,
                 position=assertion.position, body=canonical.encode(body), raw=assertion.raw)

"""What a GP Connect structured record was complete for: the manifest that makes absence derivable.

A manifest is of one Bundle and its one Patient; where anything in the Bundle is of another, there is none. It is complete for a kind
only where its section Lists are in the Bundle, hold something, list nothing that is not there, and warn of nothing: an empty
List (`no-content-recorded`) is *information not available* (GP Connect, "Using the List resource"), never "none", and a warning code
says that items are missing: kept confidential, in transit from another practice, or waiting to be filed (GP Connect, "Warning
codes"). The latter two name the day before which information may be missing: the kind is complete for what was recorded since. A
kind of which any resource was quarantined is not complete: a fault of reading must not make a record look deleted. Of several Lists of
a section each counts. Why a kind that has a List is not complete is in the manifest too; one that has none is not spoken of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from mainstem.kinds.manifest import AWAITING_FILING, EMPTY, IN_TRANSIT, INCOMPLETE, WITHHELD, ManifestContent
from mainstem.operations import Result
from producers.fhir import subject
from producers.fhir.bundle import Contents, Item
from producers.fhir.datatypes import codes
from producers.fhir.elements import Resource, child, children, extensions, text, texts
from producers.fhir.errors import FieldError, RefusedError
from producers.fhir.mapping import MAPPERS
from producers.fhir.reasons import Reason
from producers.fhir.sections import SECTIONS, sections
from producers.items import Read

WARNINGS = (WITHHELD, IN_TRANSIT, AWAITING_FILING)
DATED = frozenset({IN_TRANSIT, AWAITING_FILING})
PAGES = frozenset({"next", "previous", "prev"})
"""Relations of a Bundle's link to another part of it (IANA link relations; R4, "Paging")."""
_KINDS = {
    "AllergyIntolerance": ("allergy",), "MedicationStatement": ("medicine",), "MedicationRequest": ("medicine",),
    "MedicationDispense": ("medicine",), "MedicationAdministration": ("medicine",), "Condition": ("problem",),
    "Immunization": ("immunisation",), "Observation": ("observation", "result"), "DiagnosticReport": ("result",),
    "Encounter": ("encounter",), "ReferralRequest": ("referral",), "ProcedureRequest": ("referral",), "ServiceRequest": ("referral",),
}
_BEFORE = re.compile(r"before ([0-9]{2})-([A-Z][a-z]{2})-([0-9]{4})")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Inside = Sequence[tuple[Item, Read]]
"""What stands in a Bundle, each with what became of it."""


def whose(inside: Inside, contents: Contents) -> Read | None:
    """The Patient of a Bundle, where there is one, it was taken in, and nothing in the Bundle is about another."""
    patients = [each for item, each in inside if item.type == "Patient"]
    if len(patients) != 1 or not patients[0].assertions:
        return None
    told = {each.patient or _about(item.resource, contents) for item, each in inside}
    return patients[0] if told <= {patients[0].patient, None} else None


def manifest(bundle: Resource, inside: Inside, contents: Contents) -> ManifestContent | None:
    """Of a Bundle of one patient (`whose`). None where it has no section List of theirs."""
    told, untaken = _told(inside, contents)
    if _goes_on(bundle):
        untaken |= SECTIONS.keys()
    there = {_name(item.resource) for item, each in inside if not _left_out(each)}
    kinds: list[str] = []
    since: dict[str, str] = {}
    partial: dict[str, tuple[str, ...]] = {}
    for kind, wanted in SECTIONS.items():
        here = [each for section in wanted.spoken + wanted.present for each in told.get(section, ())]
        spoken = [told.get(section, []) for section in wanted.spoken]
        holding = [any(map(_holds, lists)) for lists in spoken]
        reasons = _reasons(here, there, contents) | ({INCOMPLETE} if kind in untaken else set())
        if all(spoken) and not any(holding):
            reasons.add(EMPTY)
        if any(spoken) and reasons:
            partial[kind] = tuple(sorted(reasons))
        if not all(section in told for section in wanted.present) or not all(holding) or not reasons <= DATED:
            continue
        day = _complete_since(here) if reasons else ""
        if day is not None:
            kinds.append(kind)
            since |= {kind: day} if day else {}
    if not kinds and not partial:
        return None
    records = {found.record for _, each in inside for found in each.assertions if found.kind in kinds}
    return ManifestContent(kinds=tuple(sorted(kinds)), records=tuple(sorted(records)), since=since, partial=partial)


def _told(inside: Inside, contents: Contents) -> tuple[dict[str, list[Resource]], set[str]]:
    """The patient's section Lists, and the kinds of which anything was not taken in or is in a List that does not say whose it is."""
    told: dict[str, list[Resource]] = {}
    untaken = {kind for item, each in inside if _left_out(each) for kind in _kinds(item.type)}
    for section, each in sections(item.resource for item, _ in inside):
        if _about(each, contents) is None:
            untaken |= {kind for kind, wanted in SECTIONS.items() if section in wanted.spoken + wanted.present}
        else:
            told.setdefault(section, []).append(each)
    return told, untaken


def _left_out(read: Read) -> bool:
    """Whether the record lacks what it says, which must not look as if it were no longer said."""
    return read.result == Result.QUARANTINED or read.reason == Reason.NOT_PRODUCTION


def _kinds(resource_type: str) -> Iterable[str]:
    """The kinds of a manifest that a resource of this type may have been of, had it been taken in; of no known type: any."""
    return _KINDS.get(resource_type, ()) if resource_type in MAPPERS else SECTIONS


def _about(resource: Resource, contents: Contents) -> str | None:
    """The patient that a resource is about, where it says so; the Bundle's own items have their outcomes."""
    try:
        return subject.whose(resource, contents).patient
    except (FieldError, RefusedError):
        return None


def _goes_on(bundle: Resource) -> bool:
    """Whether it is one page of several."""
    try:
        return any(text(link, "relation") in PAGES for link in children(bundle, "link"))
    except FieldError:
        return True


def _name(resource: Resource) -> str:
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def _holds(section: Resource) -> bool:
    return bool(section.get("entry"))


def _reasons(lists: list[Resource], there: set[str], contents: Contents) -> set[str]:
    """Why Lists do not tell all that there is: what they warn of, and what they list that is not `there`, in the Bundle. An entry that
    says by an identifier or in words alone what it is may be anything."""
    found: set[str] = set()
    for section in lists:
        try:
            warned = [each for extension in extensions(section, "ListWarningCode") for each in _warnings(extension)]
            listed = [contents.resolve(child(entry, "item"), section) for entry in children(section, "entry")]
        except FieldError:
            found.add(INCOMPLETE)
            continue
        found.update(each if each in WARNINGS else INCOMPLETE for each in warned)
        if not all(target is not None and _name(target) in there for target in listed):
            found.add(INCOMPLETE)
    return found


def _warnings(extension: Resource) -> list[str]:
    """A code in STU3, a CodeableConcept in UK Core R4. One that says no code still warns."""
    return codes(extension, "valueCode") + codes(extension, "valueCodeableConcept") or [INCOMPLETE]


def _complete_since(lists: list[Resource]) -> str | None:
    """The day before which information may be missing from Lists, by their notes: "information recorded before 02-Mar-2020 may be
    missing". None where a List warns of more than its notes name days of, or a note or a day cannot be read."""
    found: list[str] = []
    try:
        for section in lists:
            notes = [said for note in children(section, "note") for said in texts(note, "text")]
            days = [_day(*each) for said in notes for each in _BEFORE.findall(said)]
            if len(days) < len(extensions(section, "ListWarningCode")):
                return None
            found += days
    except ValueError:  # FieldError is one
        return None
    return max(found)


def _day(day: str, month: str, year: str) -> str:
    """Raises ValueError where there is no such day."""
    return date(int(year), _MONTHS.index(month) + 1, int(day)).isoformat()

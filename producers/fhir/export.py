"""What a file says about itself: which system it comes from, and when it was exported.

Both are derived from the content alone, never from file names, the order of files or a clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from producers.fhir.bundle import Contents
from producers.fhir.elements import Resource, child, children, many, text, texts
from producers.fhir.errors import FieldError
from producers.fhir.instants import NEVER, utc

ODS = ("https://fhir.nhs.uk/Id/ods-organization-code", "http://fhir.nhs.net/Id/ods-organization-code")
GPCONNECT = ("GPConnect", "CareConnect-GPC")
RECORDING = ("date", "recordedDate", "assertedDate", "dateAsserted", "authoredOn", "issued", "indexed", "recorded", "created")
"""Elements that say when something was written down, for files that say nowhere when they were exported. Dates of what was
recorded (onset, appointment, recall) may lie in the future: they count only where there is nothing else."""


def is_gpconnect(contents: Contents) -> bool:
    """By profile: a GP Connect export, which is STU3."""
    return any(mark in profile for item in contents.items for profile in _profiles(item.resource) for mark in GPCONNECT)


def source_of(contents: Contents) -> str | None:
    """`ODS/system` where the file names exactly one organisation as the holder of its patients' records, else None.

    The managing organisation of the patients; in a GP Connect export also their GP practice; else the one organisation that
    assigned the patients' local identifiers, or whose EMIS system the identifiers name (`https://EMISWeb/A82038`). A hospital's
    export names the patient's GP practice too, so there it is no evidence.
    """
    gpconnect = is_gpconnect(contents)
    system = "gpconnect" if gpconnect else "fhir"
    for evidence in (_managing, _practice) if gpconnect else (_managing,):
        found = {code for patient in contents.of("Patient") for code in evidence(contents, patient)}
        if found:
            return f"{found.pop()}/{system}" if len(found) == 1 else None
    found = {code for item in contents.items for code in _assigners(contents, item.resource)}
    return f"{found.pop()}/{system}" if len(found) == 1 else None


def exported(contents: Contents) -> str:
    """When the file was exported, UTC at fixed width.

    The Bundle's timestamp or meta.lastUpdated; else the latest date of a snapshot List (GP Connect dates its sections with the
    time of export); else the latest date on which any resource in it was updated or recorded; else the latest date in it.
    """
    tiers: tuple[Iterator[str | None], ...] = (
        (_when(bundle, "timestamp") or last_updated(bundle) for bundle in contents.of("Bundle")),
        (_when(each, "date") for each in contents.of("List") if _first(each, "mode") == "snapshot"),
        (last_updated(item.resource) for item in contents.items),
        (_when(item.resource, name) for item in contents.items for name in RECORDING),
        (utc(value) for item in contents.items for value in _texts(item.resource)),
    )
    for tier in tiers:
        latest = max((when for when in tier if when), default=None)
        if latest:
            return latest
    return NEVER


def position(resource: Resource, export_time: str) -> str:
    """The order of versions: the resource's own last update, else the export's, then its version id."""
    meta = _meta(resource)
    version = text(meta, "versionId") or "" if meta else ""
    return f"{last_updated(resource) or export_time}|{version:0>20}" if version else last_updated(resource) or export_time


def last_updated(resource: Resource) -> str | None:
    meta = _meta(resource)
    return _when(meta, "lastUpdated") if meta else None


def ods_code(organisation: Resource | None) -> str | None:
    for identifier in children(organisation or {}, "identifier"):
        if text(identifier, "system") in ODS:
            return text(identifier, "value")
    return None


def _texts(value: Any) -> Iterator[str]:
    """Every text in a resource that may be a date, wherever it stands."""
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, (dict, list)):
            pending += each.values() if isinstance(each, dict) else each


def _when(element: Resource, name: str) -> str | None:
    value = _first(element, name)
    return utc(value.strip()) if value else None


def _first(element: Resource, name: str) -> str | None:
    return next((each for each in many(element, name) if isinstance(each, str)), None)


def _meta(resource: Resource) -> Resource | None:
    try:
        return child(resource, "meta")
    except FieldError:
        return None


def _profiles(resource: Resource) -> list[str]:
    meta = _meta(resource)
    return [each for each in many(meta, "profile") if isinstance(each, str)] if meta else []


def _managing(contents: Contents, patient: Resource) -> set[str]:
    return _organisations(contents, patient, "managingOrganization")


def _practice(contents: Contents, patient: Resource) -> set[str]:
    return _organisations(contents, patient, "generalPractitioner")


def _organisations(contents: Contents, patient: Resource, element: str) -> set[str]:
    found = set()
    try:
        for reference in children(patient, element):
            target = contents.resolve(reference, patient)
            logical = child(reference, "identifier")
            found.add(ods_code(target) or (ods_code({"identifier": [logical]}) if logical else None))
    except FieldError:
        return set()
    return {code for code in found if code and _is_ods(code)}


def _assigners(contents: Contents, resource: Resource) -> set[str]:
    """Who assigned a patient's local identifiers; elsewhere an assigner may be anybody (a laboratory, a referrer)."""
    found = set()
    try:
        for identifier in children(resource, "identifier"):
            if resource.get("resourceType") == "Patient":
                assigner = child(identifier, "assigner")
                logical = child(assigner, "identifier") if assigner else None
                found.add(ods_code({"identifier": [logical]}) if logical else ods_code(contents.resolve(assigner, resource)))
            for system in texts(identifier, "system"):
                if system.startswith("https://EMISWeb/"):
                    found.add(system.rsplit("/", 1)[-1])
    except FieldError:
        return set()
    return {code for code in found if code and _is_ods(code)}


def _is_ods(code: str) -> bool:
    return re.fullmatch(r"[A-Z0-9]{3,10}", code) is not None

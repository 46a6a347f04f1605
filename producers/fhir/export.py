"""What a file says about itself: which system it comes from, when each of its Bundles was made, and so which version a resource is.

All is derived from the content alone, never from file names, the order of files or a clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from producers.fhir.bundle import Contents
from producers.fhir.elements import Resource, child, children, instant, many, text, texts
from producers.fhir.errors import FieldError, RefusedError
from producers.fhir.instants import utc
from producers.fhir.reasons import Reason
from producers.fhir.sections import sections

ODS = ("https://fhir.nhs.uk/Id/ods-organization-code", "http://fhir.nhs.net/Id/ods-organization-code")
GPCONNECT = ("GPConnect", "CareConnect-GPC")
ISSUED = {"Observation": "issued", "DiagnosticReport": "issued", "Composition": "date"}
"""Elements that say when *this version* was issued or edited (R4, definitions of each), unlike dates of first recording
(`recordedDate`, `authoredOn`), which every version of a record repeats."""


def is_gpconnect(resources: Iterable[Resource]) -> bool:
    """By profile: a GP Connect export, which is STU3."""
    return any(mark in profile for each in resources for profile in _profiles(each) for mark in GPCONNECT)


def source_of(contents: Contents) -> str | None:
    """`ODS/system` where the file names exactly one organisation as the holder of its patients' records, else None.

    The managing organisation of the patients; in a GP Connect export also their GP practice; else the one organisation that
    assigned the patients' local identifiers, or whose EMIS system the identifiers name (`https://EMISWeb/A82038`). A hospital's
    export names the patient's GP practice too, so there it is no evidence.
    """
    gpconnect = is_gpconnect(item.resource for item in contents.items)
    system = "gpconnect" if gpconnect else "fhir"
    for evidence in (_managing, _practice) if gpconnect else (_managing,):
        found = {code for patient in contents.of("Patient") for code in evidence(contents, patient)}
        if found:
            return f"{found.pop()}/{system}" if len(found) == 1 else None
    found = {code for item in contents.items for code in _assigners(contents, item.resource)}
    return f"{found.pop()}/{system}" if len(found) == 1 else None


def exported(bundle: Resource) -> str | None:
    """When a Bundle was made, UTC at fixed width; None where it does not say.

    Its timestamp or meta.lastUpdated; else what is in it says so: the timestamp of a message's header (STU3 Bundles have none of
    their own), the date of a document's Composition, the latest date of a section List (GP Connect dates them with the time of export).
    """
    meta = _meta(bundle)
    stated = _when(bundle, "timestamp") or (_when(meta, "lastUpdated") if meta else None)
    if stated:
        return stated
    inside = [each for entry in many(bundle, "entry") if isinstance(entry, dict) and isinstance(each := entry.get("resource"), dict)]
    document = _first(bundle, "type") == "document"
    found = [*(_when(each, "timestamp") for each in inside if each.get("resourceType") == "MessageHeader"),
             *(_when(each, "date") for each in inside if each.get("resourceType") == "Composition" and document),
             *(_when(section, "date") for _, section in sections(inside))]
    return max((when for when in found if when), default=None)


def position(resource: Resource, export_time: str | None, spoken: Iterable[Resource] = ()) -> str:
    """The order of versions: the resource's own last update, else the time of the Bundle around it, else when this version was issued;
    then its version id. `spoken`: what else its content holds the words of, which is updated without it: a medicine's Medication.

    Raises RefusedError where nothing says which version it is: between two such versions only chance could choose. FieldError where its
    last update is no time: it would count as updated when it was exported.
    """
    meta = child(resource, "meta") or {}
    at, version = instant(meta, "lastUpdated"), text(meta, "versionId") or ""
    if at is not None:
        at = max([at, *(when for each in spoken if (of := _meta(each)) and (when := _when(of, "lastUpdated")))])
    issued = ISSUED.get(str(resource.get("resourceType")))
    at = at or export_time or (instant(resource, issued) if issued else None)
    if at is None:
        raise RefusedError(Reason.NO_VERSION)
    return f"{at}|{version:0>20}" if version else at


def ods_code(organisation: Resource | None) -> str | None:
    for identifier in children(organisation or {}, "identifier"):
        if text(identifier, "system") in ODS:
            return text(identifier, "value")
    return None


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

"""Which patient a resource is about, and which record of theirs it is.

The logical id identifies a record: GP systems keep it from export to export, while the business identifier changes its spelling
(measured: of 850 clinical resources in two exports all but 3 kept their id and none its identifier).
"""

from __future__ import annotations

import re

from producers.fhir.bundle import Contents, relative
from producers.fhir.elements import Resource, child, children, text
from producers.fhir.errors import RefusedError
from producers.fhir.manifest import SECTIONS
from producers.fhir.mapping import MAPPERS
from producers.fhir.mapping.base import business_identifier
from producers.fhir.reasons import Reason

UNMISTAKABLE = 16
"""Characters from which on an id (a UUID, a name) is taken not to be another system's by chance."""
_ID = re.compile(r"[A-Za-z0-9._:~-]{1,128}")
_KINDS = {
    "AllergyIntolerance": ("allergy",), "MedicationStatement": ("medicine",), "MedicationRequest": ("medicine",),
    "Condition": ("problem",), "Immunization": ("immunisation",), "Observation": ("observation", "result"),
    "DiagnosticReport": ("result",), "Encounter": ("encounter",), "ReferralRequest": ("referral",), "ProcedureRequest": ("referral",),
}


def patient(resource: Resource, contents: Contents) -> str:
    """Local patient id. Raises RefusedError where there is none."""
    if resource.get("resourceType") == "Patient":
        return _identity(resource, Reason.NO_ID)
    references = [*children(resource, "subject"), *children(resource, "patient"), *children(resource, "for")]
    references += [each for participant in children(resource, "participant") for each in children(participant, "actor")]
    for reference in references:
        target = contents.resolve(reference, resource)
        if target is not None and target.get("resourceType") == "Patient":
            return _identity(target, Reason.NO_PATIENT)
        kind, _, identity = (relative(text(reference, "reference") or "") or "").partition("/")
        if kind == "Patient" and _ID.fullmatch(identity):
            return identity
        named = _by_identifier(reference, contents)
        if named is not None:
            return _identity(named, Reason.NO_PATIENT)
    raise RefusedError(Reason.NO_PATIENT)


def record(resource: Resource, kind: str) -> str:
    """Record id: `<type>/<id>`. Raises RefusedError where there is neither id nor business identifier."""
    return f"{kind}/{_identity(resource, Reason.NO_ID)}"


def kinds(resource_type: str) -> tuple[str, ...]:
    """The kinds of a manifest that a resource of this type may have been of, had it been taken in; of no known type: any."""
    if resource_type in MAPPERS:
        return _KINDS.get(resource_type, ())
    return tuple(SECTIONS)


def _by_identifier(reference: Resource, contents: Contents) -> Resource | None:
    """The one Patient in the file that carries the identifier of a logical reference."""
    wanted = child(reference, "identifier")
    if wanted is None or text(wanted, "value") is None:
        return None
    found = [each for each in contents.of("Patient") for identifier in children(each, "identifier")
             if (text(identifier, "system"), text(identifier, "value")) == (text(wanted, "system"), text(wanted, "value"))]
    return found[0] if len(found) == 1 else None


def _identity(resource: Resource, reason: Reason) -> str:
    identity = text(resource, "id") or business_identifier(resource)
    if identity is None or not _ID.fullmatch(identity):
        raise RefusedError(reason)
    return identity

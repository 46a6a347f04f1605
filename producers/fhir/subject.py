"""Which patient a resource is about, and which record of theirs it is.

The logical id identifies a record: GP systems keep it from export to export, while the business identifier changes its spelling
(measured: of 850 clinical resources in two exports all but 3 kept their id and none its identifier). The id of a contained resource
is its container's own (FHIR R4, "Contained Resources"): two people's may both be `Pat1`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from producers.fhir import identity
from producers.fhir.bundle import Contents, Item
from producers.fhir.datatypes import code
from producers.fhir.elements import Resource, child, children, text
from producers.fhir.errors import FieldError, RefusedError
from producers.fhir.reasons import Reason

UNMISTAKABLE = 16
"""Characters from which on an id (a UUID, a name) is taken not to be another system's by chance."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Local patient id, and the contained Patient where that alone says who it is."""

    patient: str
    contained: Resource | None = None


def whose(resource: Resource, contents: Contents) -> Whose:
    """Raises RefusedError where it does not say, or where its file mixes servers, each with ids of its own."""
    if len(contents.servers) > 1:
        raise RefusedError(Reason.SEVERAL_SERVERS)
    if resource.get("resourceType") == "Patient":
        return Whose(_known(identity.known_by, resource, Reason.NO_ID))
    references = [*children(resource, "subject"), *children(resource, "patient"), *children(resource, "for")]
    references += [each for participant in children(resource, "participant") for each in children(participant, "actor")]
    for reference in references:
        target = contents.resolve(reference, resource)
        if target is not None and target.get("resourceType") == "Patient":
            return _of(target, contents)
        kind, _, local = (contents.local(text(reference, "reference") or "") or "").partition("/")
        if kind == "Patient" and identity.is_id(local):
            return Whose(local)
        logical = child(reference, "identifier")
        carrying = _carrying({"identifier": [logical]}, contents) if logical else []
        if len(carrying) == 1:
            return _of(carrying[0], contents)
    raise RefusedError(Reason.NO_PATIENT)


def record(item: Item) -> str:
    """Record id: `<type>/<id>`, after its container's where it has one; Lists of GP Connect have no id, and are known by their code.

    Raises RefusedError where there is neither id nor business identifier.
    """
    own = f"{item.type}/{_known(identity.known_by, item.resource, Reason.NO_ID)}"
    if item.within is None:
        return own
    section = identity.known_by(item.within) or code(item.within, "code")
    if section is None:
        raise RefusedError(Reason.NO_ID)
    return f"{item.within['resourceType']}/{section}/{own}"


def _of(patient: Resource, contents: Contents) -> Whose:
    """A contained Patient is the one in the file with its identifiers, else known by them alone."""
    if contents.container(patient) is None:
        return Whose(_known(identity.known_by, patient, Reason.NO_PATIENT))
    carrying = _carrying(patient, contents)
    if len(carrying) == 1:
        return _of(carrying[0], contents)
    if carrying:
        raise RefusedError(Reason.NO_PATIENT)
    return Whose(_known(identity.identified, patient, Reason.NO_PATIENT), patient)


def _carrying(identified: Resource, contents: Contents) -> list[Resource]:
    """The Patients in the file with any of its identifiers."""
    found = {id(each): each for pair in identity.identifiers(identified) for each in contents.identified.get(pair, ())}
    return list(found.values())


def _known(how: Callable[[Resource], str | None], resource: Resource, reason: Reason) -> str:
    try:
        found = how(resource)
    except FieldError:
        if reason is Reason.NO_ID:                         # its own fault, not that of another that it names
            raise
        found = None
    if found is None:
        raise RefusedError(reason)
    return found

"""Privacy labels, from `meta.security` and a document's own: what the policy decides on later.

Labels that are not known, or have no code, are not dropped: they count as `sensitive`. A label on a Bundle counts for all that is in it
(R4, "Security Labels"), one on a List also for what it contains, which has no labels of its own (R4, "Contained Resources"), and one on
a Condition for the medicine whose reason it is: a content is as sensitive as the words in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from producers.fhir.elements import Resource, child, children, many, plain, text
from producers.fhir.errors import FieldError

ORDINARY = {"N", "U", "L", "M"}
"""v3-Confidentiality: normal and below."""
LABELS = {"NOPAT": "nopat", "NOPATIENT": "nopat", "R": "sensitive", "V": "sensitive"}
HANDLING = {"HTEST", "SUBSETTED", "TREAT", "HPAYMT", "HOPERAT", "ETREAT"}
"""v3-ActReason and v3-ObservationValue codes about purpose or form, not sensitivity."""
HL7 = ("http://hl7.org/", "http://terminology.hl7.org/", "urn:oid:2.16.840.1.113883.5.")
"""Where the codes that say nothing sensitive are HL7's: another system's `N` may mean anything."""


def labels(resource: Resource, others: Iterable[Resource] = ()) -> tuple[str, ...]:
    """Labels of a resource; `others`: what it stands in, and what it is told in the words of.

    A Patient marked R or REDACTED is restricted in PDS (address and contact withheld); one marked V (very restricted) is no less.
    """
    stated = (*_security(resource), *_stated(resource, "securityLabel"), *_stated(resource, "confidentiality"))
    patient = resource.get("resourceType") == "Patient"
    found = {"pds-restricted" if patient and label in ("R", "REDACTED") else _meaning(label) for label in stated}
    found |= {"pds-restricted"} if patient and "V" in stated else set()
    for other in others:
        try:
            found |= {_meaning(label) for label in _security(other)}
        except FieldError:                                 # the other's own fault, which must not unlock this
            found.add(_meaning(None))
    return tuple(sorted(found - {""}))


def _meaning(label: str | None) -> str:
    """Empty where it says nothing sensitive."""
    if label in ORDINARY or label in HANDLING:
        return ""
    return LABELS.get(label or "", "sensitive")


def _security(resource: Resource) -> Iterator[str | None]:
    meta = child(resource, "meta")
    return (_code(security) for security in (children(meta, "security") if meta else ()))


def _stated(resource: Resource, name: str) -> Iterator[str | None]:
    """The codes of an element that is a plain `code` or a CodeableConcept, None for each that has none."""
    for value in many(resource, name):
        if isinstance(value, dict):
            codings = children(value, "coding")
            yield from (_code(coding) for coding in codings) if codings else (None,)
        else:
            yield plain(value, name)


def _code(coding: Resource) -> str | None:
    code, system = text(coding, "code"), text(coding, "system")
    known = system is None or system.startswith(HL7) or code not in ORDINARY | HANDLING
    return code if known else None

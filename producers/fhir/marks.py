"""Which resources of a file are test data, by their own mark or by that of what they stand in.

A mark is a code of `meta.security` or `meta.tag`: `HTEST` of HL7's ActReason ("test health data"), or, as the v2-to-FHIR guide writes
MSH-11 (ConceptMap PT to Meta), a code of HL7 table 0103 that is not production's. What stands in a marked Bundle, Parameters or List is
marked (R4, "Security Labels"), and so is all of a message whose MessageHeader is.
"""

from __future__ import annotations

from collections.abc import Iterator

from producers.fhir import identity
from producers.fhir.bundle import Contents
from producers.fhir.elements import Resource, many
from producers.fhir.errors import FieldError
from producers.fhir.labels import HL7
from producers.processing import TESTING

_TEST = "HTEST"
_PROCESSING_ID = ("http://terminology.hl7.org/CodeSystem/v2-0103", "http://hl7.org/fhir/v2/0103")
"""HL7 table 0103, in R4 and in STU3."""


class Marks:
    """Of one file. What cannot be read marks nothing: it is its resource's own fault, and told there."""

    def __init__(self, contents: Contents) -> None:
        own = {id(item.resource) for item in contents.items if _marked(item.resource)}
        found = own | {id(item.bundle) for item in contents.items if item.type == "MessageHeader" and id(item.resource) in own}
        for item in contents.items if found else ():       # what holds others goes before them
            holder = next(item.holders, None)
            if holder is not None and id(holder) in found:
                found.add(id(item.resource))
        self._found = found
        self.patients = frozenset(_ids(item.resource for item in contents.items if item.type == "Patient" and id(item.resource) in own))
        """Local ids of the Patients that are marked themselves: what is told of them is test data too."""

    def __contains__(self, resource: Resource) -> bool:
        return id(resource) in self._found


def _ids(patients: Iterator[Resource]) -> Iterator[str]:
    for patient in patients:
        try:
            found = identity.known_by(patient)
        except FieldError:
            continue
        if found:
            yield found


def _marked(resource: Resource) -> bool:
    metas = (each for each in many(resource, "meta") if isinstance(each, dict))
    codings = (each for meta in metas for name in ("security", "tag") for each in many(meta, name) if isinstance(each, dict))
    return any(_says_test(_text(coding, "code").upper(), _text(coding, "system")) for coding in codings)


def _says_test(code: str, system: str) -> bool:
    """Another system's `HTEST` may be a hearing test; a code without a system is HL7's, as of other labels."""
    return (code == _TEST and (not system or system.startswith(HL7))) or (code in TESTING and system in _PROCESSING_ID)


def _text(coding: Resource, name: str) -> str:
    return next((each.strip() for each in many(coding, name) if isinstance(each, str)), "")

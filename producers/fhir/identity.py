"""What a resource is known by: its logical id, else a business identifier with its system."""

from __future__ import annotations

import re

from mainstem.nhs_number import VERIFIED, verified
from producers.fhir.elements import Resource, children, text
from producers.fhir.errors import FieldError

NHS_NUMBER = ("https://fhir.nhs.uk/Id/nhs-number", "http://fhir.nhs.net/Id/nhs-number", "urn:oid:2.16.840.1.113883.2.1.4.1")
"""Systems of it; the OID is that of CDA and HL7 v3, by which some hospital systems name it in FHIR too."""
_ID = re.compile(r"[A-Za-z0-9._:~-]{1,128}")
_LONGEST = 512
"""Characters of an identifier with its system, escaped."""


def known_by(resource: Resource) -> str | None:
    """The logical id, else what `identified` gives. None where there is neither, or the id cannot be one."""
    identity = text(resource, "id")
    if identity is None:
        return identified(resource)
    return identity if is_id(identity) else None


def is_id(value: str) -> bool:
    return _ID.fullmatch(value) is not None


def identified(resource: Resource) -> str | None:
    """The first business identifier with its system: the same number means another thing in another system (FHIR R4, "Identifier").

    Of a Patient one without a system is not enough, and the NHS number counts where there is nothing else: it says who somebody is,
    not how the source knows them.
    """
    if resource.get("resourceType") == "Patient":
        local = (pair for pair in identifiers(resource) if pair[0] and pair[0] not in NHS_NUMBER)
        return _spelled(*next(local, None) or _national(resource) or ("", ""))
    return _spelled(*next(iter(identifiers(resource)), ("", "")))


def identifiers(resource: Resource) -> list[tuple[str, str]]:
    """System (may be empty) and value of the business identifiers that are not old."""
    found = ((text(each, "system") or "", text(each, "value")) for each in children(resource, "identifier") if text(each, "use") != "old")
    return [(system, value) for system, value in found if value]


def name(resource: Resource) -> str | None:
    """`Type/<what it is known by>`; None where that cannot be read."""
    try:
        identity = known_by(resource)
    except FieldError:
        return None
    return f"{resource.get('resourceType')}/{identity}" if identity else None


def business_identifier(resource: Resource, *elements: str) -> str | None:
    """The first identifier that is not the logical id in other words (EMIS: patient id + id, differently in each release)."""
    identity = _bare(text(resource, "id") or "")
    for element in elements or ("identifier",):
        for identifier in children(resource, element):
            value = text(identifier, "value")
            if value and not (identity and identity in _bare(value)):
                return value
    return None


def _national(resource: Resource) -> tuple[str, str] | None:
    """The one NHS number, if it can be one: what forms are filled with is no identity."""
    found = {"".join(value.replace("-", "").split()) for system, value in identifiers(resource) if system in NHS_NUMBER}
    number = verified(found.pop(), VERIFIED) if len(found) == 1 else None
    return (NHS_NUMBER[0], number) if number else None


def _spelled(system: str, value: str) -> str | None:
    """In the characters of an id, one to one: others, and `~` itself, as `~` and two hexadecimal digits for each byte."""
    whole = f"{system}|{value}" if system else value
    spelled = re.sub(r"[^A-Za-z0-9._:-]", lambda found: "".join(f"~{byte:02X}" for byte in found[0].encode()), whole)
    return spelled if 0 < len(spelled) <= _LONGEST else None


def _bare(value: str) -> str:
    return value.replace("-", "").upper()

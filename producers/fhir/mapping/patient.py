"""Patient: demographics, and the claim to an NHS number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mainstem.kinds.patient import Identifier, Name, PatientContent
from mainstem.nhs_number import VERIFIED, verified
from producers.fhir.bundle import Contents
from producers.fhir.datatypes import code, coded, labels
from producers.fhir.elements import Resource, boolean, child, children, date, extension, extensions, text, texts
from producers.fhir.export import ods_code
from producers.fhir.identity import NHS_NUMBER
from producers.fhir.mapping.base import Context, Mapped, joined, named, said, told

NOT_TRACED = "02"
"""The verification status is an optional extension (UKCore-Patient, CareConnect-GPC-Patient: 0..1). A number without one is
present and nobody says that it was traced: it must not link by itself."""
_WORDS = {"number-present-and-verified": VERIFIED, "number-present-but-not-traced": NOT_TRACED}
"""Codes of UKCore-NHSNumberVerificationStatus, as UK Core had them before UKCore-NHSNumberVerificationStatusEngland and as the
booking, referral and prescribing messages of NHS England have them."""
TRACE_REQUIRED = "03"
CONFLICT = "05"


@dataclass(frozen=True, slots=True)
class Number:
    """The NHS number a Patient carries, and its verification status where one is stated."""

    value: str
    stated: str | None

    @property
    def verification(self) -> str:
        """For the claim: a number called verified whose check digit is wrong is to be traced, as in the trusts' own rows."""
        if self.stated == VERIFIED and not verified(self.value, VERIFIED):
            return TRACE_REQUIRED
        return self.stated or NOT_TRACED


def patient(resource: Resource, context: Context) -> Mapped:
    number = nhs_number(resource)
    address = current(children(resource, "address"))
    return Mapped("patient", PatientContent(
        nhs_number=said(number.value if number else None),
        verification=said(number.stated if number else None),
        names=said(_names(resource)),
        birth_date=said(date(resource, "birthDate")),
        gender=said(text(resource, "gender")),
        address=said(lines(address) if address else None),
        postcode=said(text(address, "postalCode") if address else None),
        telecom=said(tuple(value for value in (text(each, "value") for each in children(resource, "telecom")
                                               if text(each, "use") != "old") if value) or None),
        communication=said(tuple(_communication(resource)) or None),
        contacts=said(tuple(filter(None, map(_contact, children(resource, "contact")))) or None),
        deceased=said(date(resource, "deceasedDateTime") or ("true" if boolean(resource, "deceasedBoolean") else None)),
        gp_practice=said(_practice(resource, context)),
        identifiers=said(_identifiers(resource)),
        active=said(boolean(resource, "active")),
    ), record="patient")


def nhs_number(resource: Resource) -> Number | None:
    """The current NHS number. Two different current numbers in one Patient are in conflict, which stops either from linking."""
    current = [each for each in children(resource, "identifier")
               if text(each, "system") in NHS_NUMBER and text(each, "value") and text(each, "use") != "old"]
    found = []
    for each in current:
        stated = extension(each, "NHSNumberVerificationStatus") or extension(each, "NHSNumberVerificationStatusEngland")
        value = "".join((text(each, "value") or "").replace("-", "").split())
        status = code(stated, "valueCodeableConcept") if stated else None
        found.append(Number(value, _WORDS.get(status, status) if status else None))
    if not found:
        return None
    return found[0] if len({each.value for each in found}) == 1 else Number(min(each.value for each in found), CONFLICT)


def merges(resource: Resource, contents: Contents) -> list[tuple[str, bool]]:
    """Local ids of other Patients in `link`, and whether this one was merged into them (`replaced-by`) or they into it (`replaces`)."""
    found = []
    for link in children(resource, "link"):
        kind = text(link, "type")
        if kind in ("replaced-by", "replaces"):
            found += [(target.removeprefix("Patient/"), kind == "replaced-by") for target in contents.named(link, "other")
                      if target.startswith("Patient/")]
    return found


def _names(resource: Resource) -> tuple[Name, ...] | None:
    return tuple(Name(family=text(name, "family"), given=tuple(texts(name, "given")), prefix=text(name, "prefix"),
                      use=text(name, "use")) for name in children(resource, "name")) or None


def current(addresses: list[Resource]) -> Resource | None:
    """The home, else any that is neither old nor for a time."""
    lasting = [each for each in addresses if text(each, "use") not in ("old", "temp")]
    homes = [each for each in lasting if text(each, "use") == "home"]
    return next(iter(homes or lasting), None)


def lines(address: Resource) -> tuple[str, ...] | None:
    """Lines with town and district, else the address as text."""
    parts = [*texts(address, "line"), text(address, "city"), text(address, "district")]
    shown = tuple(part for part in parts if part)
    return shown or ((text(address, "text") or "",) if text(address, "text") else None)


def _communication(resource: Resource) -> Iterator[str]:
    """Languages, and that an interpreter is required. GP Connect has an extension (NHSCommunication) for R4's `communication`."""
    extended = extensions(resource, "NHSCommunication")
    for each in [*children(resource, "communication"), *extended]:
        modes = [mode for part in extensions(each, "modeOfCommunication") for mode in labels(part, "valueCodeableConcept")]
        preferred = boolean(each, "preferred") or boolean(extension(each, "preferred") or {}, "valueBoolean")
        languages = [*children(each, "language"), *(child(part, "valueCodeableConcept") or {} for part in extensions(each, "language"))]
        shown = joined([*map(_language, languages), *sorted(modes), "preferred" if preferred else None], ", ")
        if shown:
            yield shown
    if any(boolean(extension(each, "interpreterRequired") or {}, "valueBoolean") for each in (resource, *extended)):
        yield "Interpreter required"


def _language(concept: Resource) -> str | None:
    """All its codes: UK Core has a second language beside the first (British Sign Language, Makaton)."""
    found = coded(concept)
    return (found.text or ", ".join(sorted(code.display or code.code for code in found.codes))) if found else None


def _contact(contact: Resource) -> str | None:
    """Who it is to the patient, the name and how to reach them: `Carer: Mr John Test, 01904 987654`."""
    reached = sorted(filter(None, (text(each, "value") for each in children(contact, "telecom") if text(each, "use") != "old")))
    address = child(contact, "address")
    who = joined([named(contact), *reached, *(lines(address) or () if address else ()), text(address or {}, "postalCode")], ", ")
    return joined([joined(sorted(labels(contact, "relationship")), ", "), who], ": ")


def _practice(resource: Resource, context: Context) -> str | None:
    """ODS code of the GP practice; a GP Connect record's managing organisation is the practice."""
    for element in ("generalPractitioner", "managingOrganization") if context.gpconnect else ("generalPractitioner",):
        for reference in children(resource, element):
            logical = child(reference, "identifier")
            found = told(context.contents.resolve(reference, resource), ods_code) or ods_code({"identifier": [logical or {}]})
            if found:
                return found
    return None


def _identifiers(resource: Resource) -> tuple[Identifier, ...] | None:
    found = {(text(each, "system") or "", text(each, "value") or "") for each in children(resource, "identifier")
             if text(each, "system") not in NHS_NUMBER and text(each, "value")}
    return tuple(Identifier(system=system, value=value) for system, value in sorted(found)) or None

"""Encounter and Appointment."""

from __future__ import annotations

from mainstem.kinds.appointment import AppointmentContent
from mainstem.kinds.encounter import EncounterContent
from producers.fhir.datatypes import concept, label, notes, period
from producers.fhir.elements import Resource, child, children, date, text
from producers.fhir.identity import business_identifier
from producers.fhir.mapping.base import Context, Mapped, also, first, joined, noted, said, status_of

CLASS = {"IMP": "inpatient", "ACUTE": "inpatient", "NONAC": "inpatient", "OBSENC": "inpatient", "PRENC": "inpatient",
         "SS": "inpatient", "AMB": "outpatient", "EMER": "emergency", "HH": "home-visit", "FLD": "contact", "VR": "contact"}
"""v3-ActCode to the kind's classes."""
RECORDER = "REC"


def encounter(resource: Resource, context: Context) -> Mapped:
    start, end = period(resource, "period")
    coding = child(resource, "class")
    kind = text(coding, "code") if coding else None
    stay, reasons = child(resource, "hospitalization") or {}, context.reasons(resource, "reasonCode", "reason")
    return Mapped("encounter", EncounterContent(
        visit_id=said(business_identifier(resource)),
        encounter_class=said(CLASS.get(kind, kind.lower()) if kind else "consultation" if context.gpconnect else None),
        status=said(text(resource, "status")),
        type=said(concept(resource, "type")),
        reason=first(reasons),
        specialty=said(label(resource, "serviceType")),
        location=said(context.names(resource, "location", "location") or context.names(resource, "serviceProvider")),
        start=said(start), end=said(end),
        clinician=said(_clinician(resource, context)),
        outcome=said(label(stay, "dischargeDisposition")),
        note=said(joined([noted(resource, "Also", "type", beyond=1), also(reasons), notes(resource)])),
    ), status_of(text(resource, "status")), start)


def appointment(resource: Resource, context: Context) -> Mapped:
    people = [(_kind(child(each, "actor"), resource, context), context.shown(child(each, "actor") or {}, resource))
              for each in children(resource, "participant")]
    recorded, reasons = date(resource, "created"), context.reasons(resource, "reasonCode", "reason")
    kinds = ("serviceType", "serviceCategory", "appointmentType")
    return Mapped("appointment", AppointmentContent(
        appointment_id=said(business_identifier(resource)),
        service=said(concept(resource, *kinds)),
        status=said(text(resource, "status")),
        start=said(date(resource, "start")), end=said(date(resource, "end")),
        location=said(joined((name for kind, name in people if kind == "Location"), ", ")),
        clinician=said(joined((name for kind, name in people if kind.startswith("Practitioner")), ", ")),
        reason=first(reasons),
        note=said(joined([noted(resource, "Also", *kinds, beyond=1), noted(resource, "Specialty", "specialty"),
                          noted(resource, "Cancelled because", "cancelationReason"), also(reasons),
                          text(resource, "description"), notes(resource, "comment"), notes(resource, "patientInstruction")])),
    ), status_of(text(resource, "status")), recorded)


def _kind(reference: Resource | None, owner: Resource, context: Context) -> str:
    """The type of what a reference points to, else the one that it names."""
    target = context.contents.resolve(reference, owner)
    return str(target.get("resourceType")) if target else (text(reference or {}, "reference") or "").rpartition("/")[0].rpartition("/")[2]


def _clinician(resource: Resource, context: Context) -> str | None:
    """Who saw the patient; who only typed it (GP Connect participant REC) where nobody else is named."""
    seen: list[str | None] = []
    typed: list[str | None] = []
    for each in children(resource, "participant"):
        roles = {text(coding, "code") for kind in children(each, "type") for coding in children(kind, "coding")}
        who = child(each, "individual") or child(each, "actor") or {}
        (typed if roles == {RECORDER} else seen).append(context.shown(who, resource))
    return joined(seen, ", ") or joined(typed, ", ")

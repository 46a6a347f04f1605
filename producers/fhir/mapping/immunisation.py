"""Immunization, R4 and STU3 (`date`, `notGiven`, `practitioner`, `explanation`)."""

from __future__ import annotations

from mainstem.kinds.immunisation import ImmunisationContent
from producers.fhir.datatypes import amount, code, coded, concept, label, notes, shown
from producers.fhir.elements import Resource, boolean, child, choice, date, extension, text
from producers.fhir.mapping.base import Context, Mapped, also, joined, noted, said, status_of


def immunisation(resource: Resource, context: Context) -> Mapped:
    status = text(resource, "status")
    not_done = status == "not-done" or boolean(resource, "notGiven")
    procedure, written = extension(resource, "VaccinationProcedure"), extension(resource, "DateRecorded")
    recorded = date(resource, "recorded") or (choice(written, "valueDateTime") if written else None)
    dose = child(resource, "protocolApplied") or child(resource, "vaccinationProtocol") or {}
    explanation = child(resource, "explanation") or {}
    dose_given = shown(amount(resource, "doseQuantity"))
    reasons = context.reasons(resource, "statusReason", "reasonCode")
    second_hand = "Not told by who gave it" if boolean(resource, "primarySource") is False else None
    return Mapped("immunisation", ImmunisationContent(
        vaccine=said(concept(resource, "vaccineCode")),
        procedure=said(coded(child(procedure, "valueCodeableConcept")) if procedure else None),
        status=said("not-done" if not_done else "completed" if status == "completed" else None),
        given=said(choice(resource, "occurrenceDateTime", "date") or text(resource, "occurrenceString")),
        dose_number=said(text(dose, "doseNumberPositiveInt") or text(dose, "doseNumberString") or text(dose, "doseSequence")),
        batch=said(text(resource, "lotNumber")),
        manufacturer=said(context.names(resource, "manufacturer")),
        site=said(concept(resource, "site")),
        route=said(concept(resource, "route")),
        reason=said(next(iter(reasons), None) or concept(explanation, "reasonNotGiven", "reason")),
        performer=said(context.names(resource, "performer") or context.names(resource, "practitioner")),
        note=said(joined([
            "Subpotent dose" if boolean(resource, "isSubpotent") else None,
            joined(["Dose does not count", label(dose, "doseStatusReason")], ": ") if code(dose, "doseStatus") == "dontcount" else None,
            f"Dose: {dose_given}" if dose_given else None,
            second_hand, noted(resource, "Reported by", "reportOrigin"), also(reasons), notes(resource)])),
    ), status_of(status), recorded)

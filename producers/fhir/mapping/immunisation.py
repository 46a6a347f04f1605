"""Immunization, R4 and STU3 (`date`, `notGiven`, `practitioner`, `explanation`)."""

from __future__ import annotations

from mainstem.kinds.immunisation import ImmunisationContent
from producers.fhir.datatypes import amount, coded, concept, notes, shown
from producers.fhir.elements import Resource, boolean, child, choice, date, extension, text
from producers.fhir.mapping.base import Context, Mapped, joined, noted, said, status_of


def immunisation(resource: Resource, context: Context) -> Mapped:
    status = text(resource, "status")
    not_done = status == "not-done" or boolean(resource, "notGiven")
    procedure, written = extension(resource, "VaccinationProcedure"), extension(resource, "DateRecorded")
    recorded = date(resource, "recorded") or (choice(written, "valueDateTime") if written else None)
    dose = child(resource, "protocolApplied") or child(resource, "vaccinationProtocol") or {}
    explanation = child(resource, "explanation") or {}
    given_by = child(resource, "performer") or child(resource, "practitioner") or {}
    dose_given = shown(amount(resource, "doseQuantity"))
    return Mapped("immunisation", ImmunisationContent(
        vaccine=said(concept(resource, "vaccineCode")),
        procedure=said(coded(child(procedure, "valueCodeableConcept")) if procedure else None),
        status=said("not-done" if not_done else "completed" if status == "completed" else None),
        given=said(choice(resource, "occurrenceDateTime", "date") or text(resource, "occurrenceString")),
        dose_number=said(text(dose, "doseNumberPositiveInt") or text(dose, "doseNumberString") or text(dose, "doseSequence")),
        batch=said(text(resource, "lotNumber")),
        manufacturer=said(context.name(resource, "manufacturer")),
        site=said(concept(resource, "site")),
        route=said(concept(resource, "route")),
        reason=said(concept(resource, "statusReason", "reasonCode") or concept(explanation, "reasonNotGiven", "reason")),
        performer=said(context.name(given_by, "actor")),
        note=said(joined([
            "Subpotent dose" if boolean(resource, "isSubpotent") else None, f"Dose: {dose_given}" if dose_given else None,
            noted(resource, "Also for", "statusReason", "reasonCode", beyond=1), notes(resource)])),
    ), status_of(status), recorded)

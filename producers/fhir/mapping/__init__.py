"""One mapper for each resource type that a kind holds. Adding a type is a mapper and a line here."""

from __future__ import annotations

from producers.fhir.bundle import Contents
from producers.fhir.export import is_gpconnect
from producers.fhir.mapping import allergy, contact, immunisation, medicine, observation, other, patient, problem, request
from producers.fhir.mapping.base import Context, Mapped, Mapper

MAPPERS: dict[str, Mapper] = {
    "Patient": patient.patient,
    "AllergyIntolerance": allergy.allergy,
    "MedicationStatement": medicine.statement,
    "MedicationRequest": medicine.request,
    "MedicationDispense": medicine.dispense,
    "MedicationAdministration": medicine.administration,
    "Condition": problem.problem,
    "Observation": observation.observation,
    "DiagnosticReport": observation.report,
    "Immunization": immunisation.immunisation,
    "Encounter": contact.encounter,
    "Appointment": contact.appointment,
    "ServiceRequest": request.service_request,
    "ProcedureRequest": request.service_request,
    "ReferralRequest": request.referral_request,
    "Procedure": other.procedure,
    "DocumentReference": other.document,
    "Composition": other.composition,
    "Flag": other.flag,
    "CarePlan": other.care_plan,
}


def context_of(contents: Contents) -> Context:
    """What mappers need to know of the file around a resource. Raises FieldError where that cannot be read."""
    return Context(contents, is_gpconnect(item.resource for item in contents.items), observation.reports(contents),
                   medicine.last_issues(contents))


__all__ = ["MAPPERS", "Context", "Mapped", "Mapper", "context_of"]

"""FHIR files: UK Core (R4) and GP Connect structured records (STU3), JSON and XML. docs/fhir.md says what becomes of each resource."""

from producers.fhir.format import FhirFormat

__all__ = ["FhirFormat"]

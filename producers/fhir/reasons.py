"""Why a resource was quarantined or ignored. docs/fhir.md explains each; its table is checked against this module."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    # quarantined
    UNREADABLE = "unreadable"
    BAD_ELEMENT = "bad-element"
    UNKNOWN_TYPE = "unknown-type"
    NO_SOURCE = "no-source"
    NO_PATIENT = "no-patient"
    NO_ID = "no-id"
    NO_PRODUCT = "no-product"
    # ignored
    CONTAINER = "container"
    CONTEXT = "context"
    NO_KIND = "no-kind"
    EARLIER_ISSUE = "earlier-issue"
    NOT_ISSUED = "not-issued"


TO_DO = {
    Reason.UNKNOWN_TYPE: "it has no resourceType that FHIR R4 or STU3 knows; send FHIR resources",
    Reason.NO_SOURCE: "nothing in the file says whose system it comes from and its patient id could be any system's; "
                      "say it with --source ODS/system",
    Reason.NO_PATIENT: "it does not say which patient it is about; give it a subject that is a Patient in the file or `Patient/<id>`",
    Reason.NO_ID: "it has no usable id and no business identifier, so a later version of it could not be told; give it an id",
}
"""What a quarantined resource is said to lack, and what to do."""

"""Privacy labels, from `meta.security` and a document's own: what the policy decides on later.

Labels that are not known are not dropped: they count as `sensitive`.
"""

from __future__ import annotations

from producers.fhir.datatypes import codes
from producers.fhir.elements import Resource, child, children, text

ORDINARY = {"N", "U", "L", "M"}
"""v3-Confidentiality: normal and below."""
LABELS = {"NOPAT": "nopat", "NOPATIENT": "nopat", "R": "sensitive", "V": "sensitive"}
HANDLING = {"HTEST", "SUBSETTED", "TREAT", "HPAYMT", "HOPERAT", "ETREAT"}
"""v3-ActReason and v3-ObservationValue codes about purpose or form, not sensitivity."""


def labels(resource: Resource) -> tuple[str, ...]:
    """Labels of a resource. A Patient marked R or REDACTED is restricted in PDS (address and contact withheld)."""
    found = set()
    stated = [text(security, "code") for security in children(child(resource, "meta") or {}, "security")]
    for label in (*stated, *codes(resource, "securityLabel"), *codes(resource, "confidentiality")):
        if label is None or label in ORDINARY or label in HANDLING:
            continue
        if resource.get("resourceType") == "Patient" and label in ("R", "REDACTED"):
            found.add("pds-restricted")
        else:
            found.add(LABELS.get(label, "sensitive"))
    return tuple(sorted(found))

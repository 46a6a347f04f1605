"""Privacy labels from `meta.security`: what the policy decides on later. Unknown labels are not dropped silently: they are `sensitive`."""

from __future__ import annotations

from producers.fhir.elements import Resource, child, children, text

ORDINARY = {"N", "U", "L", "M"}
"""v3-Confidentiality: normal and below."""
LABELS = {"NOPAT": "nopat", "NOPATIENT": "nopat", "R": "sensitive", "V": "sensitive"}
HANDLING = {"HTEST", "SUBSETTED", "TREAT", "HPAYMT", "HOPERAT", "ETREAT"}
"""v3-ActReason and v3-ObservationValue codes about purpose or form, not sensitivity."""


def labels(resource: Resource) -> tuple[str, ...]:
    """Labels of a resource. A Patient marked R or REDACTED is restricted in PDS (address and contact withheld)."""
    found = set()
    for security in children(child(resource, "meta") or {}, "security"):
        label = text(security, "code")
        if label is None or label in ORDINARY or label in HANDLING:
            continue
        if resource.get("resourceType") == "Patient" and label in ("R", "REDACTED"):
            found.add("pds-restricted")
        else:
            found.add(LABELS.get(label, "sensitive"))
    return tuple(sorted(found))

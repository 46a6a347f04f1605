"""Elements that may turn the meaning of a resource round (FHIR R4, "Modifier elements"), and that no kind can hold.

An application must not process a resource whose modifiers it does not understand: an order marked `doNotPerform` would become an
order. Modifiers that kinds can hold (status, notGiven, notDone, taken, verificationStatus) are the mappers' business.
"""

from __future__ import annotations

from typing import Any

from producers.fhir.elements import Resource, boolean
from producers.fhir.errors import RefusedError
from producers.fhir.reasons import Reason

UNKNOWN = ("modifierExtension", "implicitRules")
NEGATIONS = ("doNotPerform", "prohibited")


def refuse_modified(resource: Resource) -> None:
    """Raises RefusedError where the resource, or any element in it, carries a modifier that may negate it."""
    if any(boolean(resource, name) for name in NEGATIONS) or _modified(resource):
        raise RefusedError(Reason.MODIFIED)


def _modified(resource: Resource) -> bool:
    """However deep its extensions go."""
    pending: list[Any] = [resource]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if any(value.get(name) for name in UNKNOWN):
                return True
            pending += [each for name, each in value.items() if name != "contained"]
        elif isinstance(value, list):
            pending += value
    return False

"""Elements that may turn the meaning of a resource round (FHIR R4, "Modifier elements"), and that no kind can hold.

An application must not process a resource whose modifiers it does not understand: an order marked `doNotPerform` would become an
order. Modifiers that kinds can hold (status, notGiven, notDone, taken, verificationStatus) are the mappers' business.

Nor must it take a part of a resource for the whole (R4, "_summary", the tag SUBSETTED): an allergy would lose its reactions, a Patient
the NHS number.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from producers.fhir.elements import Resource, boolean, child, children, text
from producers.fhir.errors import RefusedError
from producers.fhir.reasons import Reason

UNKNOWN = ("modifierExtension", "implicitRules")
NEGATIONS = ("doNotPerform", "prohibited")


PART = "SUBSETTED"


def refuse_modified(resource: Resource, others: Iterable[Resource]) -> None:
    """Raises RefusedError where the resource, or any element in it, carries a modifier that may negate it, or one of `others` does: what it
    stands in, and what it is told in the words of."""
    if any(boolean(resource, name) for name in NEGATIONS) or _modified(resource):
        raise RefusedError(Reason.MODIFIED)
    if any(other.get(name) for other in others for name in UNKNOWN):
        raise RefusedError(Reason.MODIFIED)


def refuse_part(resource: Resource) -> None:
    """Raises RefusedError where the resource says that it is not the whole of it."""
    meta = child(resource, "meta") or {}
    if any(text(coding, "code") == PART for coding in (*children(meta, "tag"), *children(meta, "security"))):
        raise RefusedError(Reason.SUBSETTED)


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

"""Which NHS number took the place of which, from PDS, as `superseded` claims. Pure.

A signal of the Multicast Notification Service (`nhs-number-change`) points and says nothing more: whose number is to be asked for.
What PDS then answers says it: a Patient with another id than was asked for is superseded, one marked REDACTED is void
(uk-standards, "PDS"), and so is one of which PDS answers INVALIDATED_RESOURCE. `pds-record-change` and `pds-change-of-gp` name a number
too, and change nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mainstem import canonical
from mainstem.model import Claim, RawRef, Status
from mainstem.nhs_number import VERIFIED, verified

SOURCE = "X26/pds"
"""NHS England, which runs PDS."""
_NUMBER_CHANGE = re.compile(r"nhs-number-change-\d+")
_INVALIDATED = "INVALIDATED_RESOURCE"
"""Of an OperationOutcome (PDS FHIR API, "Get patient details", 404): there was a patient of that number, and it has been invalidated."""


def to_ask(signal: Mapping[str, Any]) -> tuple[str, ...]:
    """The NHS numbers that a number-change signal names, sorted, in CloudEvents or in FHIR form; none where it is another signal."""
    kinds = {text for text in _texts(signal) if _NUMBER_CHANGE.fullmatch(text)}
    if not kinds:
        return ()
    last = (text.rstrip("/").rsplit("/", 1)[-1] for text in _texts(signal))
    return tuple(sorted({number for each in last if (number := verified(each, VERIFIED))}))


def superseded(asked: str, answer: Mapping[str, Any], position: str, raw: RawRef) -> Claim | None:
    """From PDS's answer for a number; retracted where it is still the same number: what an earlier answer said of it is taken back. None
    where the answer is neither a Patient with a number nor that the number is invalidated.

    `position`: when it was asked, UTC at fixed width: the latest answer counts.
    """
    old, new = verified(asked, VERIFIED), _id(answer)
    if old is None:
        return None
    if is_invalidated(answer) or (is_patient(answer) and "REDACTED" in _security(answer)):
        new = None
    elif new is None or not is_patient(answer):
        return None
    stands = new == old
    return Claim(source=SOURCE, patient=old, type="superseded", ref=old, position=position, raw=raw,
                 status=Status.RETRACTED if stands else Status.ASSERTED, body=canonical.encode({} if stands else {"old": old, "new": new}))


def is_patient(answer: Mapping[str, Any]) -> bool:
    return answer.get("resourceType") == "Patient"


def is_invalidated(answer: Mapping[str, Any]) -> bool:
    """Whether PDS answers that there is no such number any more. That it knows none (RESOURCE_NOT_FOUND) says nothing of it."""
    return answer.get("resourceType") == "OperationOutcome" and _INVALIDATED in _texts(answer)


def _id(answer: Mapping[str, Any]) -> str | None:
    given = answer.get("id")
    return verified(given, VERIFIED) if isinstance(given, str) else None


def _security(answer: Mapping[str, Any]) -> set[str]:
    meta = answer.get("meta")
    labels = meta.get("security") if isinstance(meta, dict) else None
    return {str(each.get("code")) for each in labels if isinstance(each, dict)} if isinstance(labels, list) else set()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)

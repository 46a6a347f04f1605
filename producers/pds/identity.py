"""What PDS says of NHS numbers, as claims: which took the place of which (`superseded`), and of which the whereabouts of whose it is are
restricted (`restricted`). Pure.

A signal of the Multicast Notification Service (`nhs-number-change`) points and says nothing more: whose number is to be asked for.
What PDS then answers says it: a Patient with another id than was asked for is superseded, one marked REDACTED is void
(uk-standards, "PDS"), and so is one of which PDS answers INVALIDATED_RESOURCE. `pds-record-change` and `pds-change-of-gp` name a number
too, and change nobody's.

How confidential PDS holds a patient is in the answer's `meta.security` (PDS FHIR API, "Get patient details"): U unrestricted, R restricted,
V very restricted, REDACTED invalid. Only U lifts what an earlier answer restricted.
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
UNRESTRICTED = "U"
_CONFIDENTIALITY = ("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "http://hl7.org/fhir/v3/Confidentiality")
"""Of R4 and of STU3. Another system's `U` may mean anything."""
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
    if is_invalidated(answer) or (is_patient(answer) and "REDACTED" in map(_code, _security(answer))):
        new = None
    elif new is None or not is_patient(answer):
        return None
    stands = new == old
    return Claim(source=SOURCE, patient=old, type="superseded", ref=old, position=position, raw=raw,
                 status=Status.RETRACTED if stands else Status.ASSERTED, body=canonical.encode({} if stands else {"old": old, "new": new}))


def restricted(asked: str, answer: Mapping[str, Any], position: str, raw: RawRef) -> tuple[Claim, ...]:
    """From PDS's answer for a number, of it and of the number that the answer bears where that is another: the two may be parted again.
    Retracted where the patient is unrestricted. Empty where the answer is no Patient, or does not say, being a part of one.

    Whatever is said that is not the code for unrestricted restricts, a code that is not known or cannot be read as well: somebody misses
    what is withheld for nothing, and what was told cannot be taken back.

    `position`: as `superseded` has it.
    """
    said = _security(answer) if is_patient(answer) else []
    numbers = {number for number in (verified(asked, VERIFIED), _id(answer)) if number} if said else set[str]()
    status = Status.RETRACTED if all(map(_is_unrestricted, said)) else Status.ASSERTED
    return tuple(Claim(source=SOURCE, patient=number, type="restricted", ref=number, position=position, raw=raw, status=status)
                 for number in sorted(numbers))


def is_patient(answer: Mapping[str, Any]) -> bool:
    return answer.get("resourceType") == "Patient"


def is_invalidated(answer: Mapping[str, Any]) -> bool:
    """Whether PDS answers that there is no such number any more. That it knows none (RESOURCE_NOT_FOUND) says nothing of it."""
    return answer.get("resourceType") == "OperationOutcome" and _INVALIDATED in _texts(answer)


def _id(answer: Mapping[str, Any]) -> str | None:
    given = answer.get("id")
    return verified(given, VERIFIED) if isinstance(given, str) else None


def _security(answer: Mapping[str, Any]) -> list[Any]:
    """What it says of its confidentiality, in whatever form; empty where it says nothing."""
    meta = answer.get("meta")
    said = meta.get("security") if isinstance(meta, dict) else None
    return said if isinstance(said, list) else [] if said is None else [said]


def _code(label: Any) -> Any:
    return label.get("code") if isinstance(label, dict) else None


def _is_unrestricted(label: Any) -> bool:
    return _code(label) == UNRESTRICTED and label.get("system") in (None, *_CONFIDENTIALITY)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)

"""From claims to persons, as a pure function of the set of claims.

Only two things link at this stage: a verified NHS number, and a source's own merge of two of its patients. Claims of other types
(`linked`, `unlinked`, `superseded`, `demographics`, `erased`) are kept by the linker, and move nobody yet.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from mainstem.model import Claim, Status
from mainstem.nhs_number import verified

NUMBER = "carries-number"
MERGED = "merged-into"

VERIFIED_NUMBER = "identity.verified-number"
"""A valid NHS number with verification status 01 (uk-standards: only 01 may link by itself)."""
OWN_PERSON = "identity.own-person"
"""Nothing links this source patient: a person of its own."""
MERGED_IN_SOURCE = "identity.merged-in-source"
"""The source says that two of its patients are one (HL7 A40 and the like), and no verified number speaks against it."""
CONFLICTING_NUMBERS = "identity.conflicting-numbers"
"""One source patient, or a merge, would join different verified numbers: never by machine."""


class Placed(NamedTuple):
    """The person a source patient belongs to, and the id of the rule that says so."""

    person: str
    reason: str


class Evidence(NamedTuple):
    """What a source patient's own claims say."""

    numbers: frozenset[str] = frozenset()
    """Verified numbers carried."""
    merged_into: frozenset[str] = frozenset()
    """Subjects of the same source that it was merged into."""


NOTHING = Evidence()


@lru_cache(maxsize=200_000)
def own_person(key: bytes, subject: str) -> str:
    """The person of a source patient that nothing links to another."""
    return _person_id(key, f"sp|{subject}")


def numbered_person(key: bytes, number: str) -> str:
    return _person_id(key, f"nhs|{number}")


def evidence(claims: Iterable[Claim]) -> Evidence:
    """From the greatest versions of one source patient's claims."""
    numbers, merged = set(), set()
    for claim in claims:
        if claim.status is not Status.ASSERTED:
            continue
        if claim.type == NUMBER:
            body = _body(claim)
            number = verified(_text(body.get("nhs_number")), _text(body.get("verification")))
            if number:
                numbers.add(number)
        elif claim.type == MERGED:
            into = _text(_body(claim).get("into"))
            if into and into != claim.subject and into.startswith(f"{claim.source}|"):
                merged.add(into)
    return Evidence(frozenset(numbers), frozenset(merged))


def component(subject: str, neighbours: Callable[[str], Iterable[str]]) -> list[str]:
    """The source patients joined with this one by merges, in whatever direction and round whatever circle; sorted."""
    seen, todo = {subject}, [subject]
    while todo:
        for other in neighbours(todo.pop()):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return sorted(seen)


def place(members: Mapping[str, Evidence], key: bytes) -> dict[str, Placed]:
    """The persons of the source patients of one component."""
    numbers = frozenset().union(*(found.numbers for found in members.values()))
    if len(numbers) > 1:
        return {subject: _alone(subject, found, key, CONFLICTING_NUMBERS) for subject, found in members.items()}
    if len(members) == 1:
        return {subject: _alone(subject, found, key, OWN_PERSON) for subject, found in members.items()}
    person = numbered_person(key, next(iter(numbers))) if numbers else own_person(key, min(members))
    return {subject: Placed(person, VERIFIED_NUMBER if found.numbers else MERGED_IN_SOURCE) for subject, found in members.items()}


def _alone(subject: str, found: Evidence, key: bytes, otherwise: str) -> Placed:
    if len(found.numbers) == 1:
        return Placed(numbered_person(key, next(iter(found.numbers))), VERIFIED_NUMBER)
    return Placed(own_person(key, subject), otherwise)


def _person_id(key: bytes, what: str) -> str:
    return hmac.digest(key, what.encode(), hashlib.sha256).hex()[:32]


def _body(claim: Claim) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(claim.body)
    except (ValueError, RecursionError):
        return {}  # capture writes bodies; one that is no JSON says nothing, and stays in state for whoever looks
    return body if isinstance(body, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None

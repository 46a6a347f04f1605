"""Persons: their ids, and the rules by which a source patient comes to one. docs/identity.md tells what each rule is for."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

VERIFIED_NUMBER = "identity.verified-number"
"""A valid NHS number with verification status 01 (uk-standards: only 01 may link by itself)."""
OWN_PERSON = "identity.own-person"
"""Nothing links this source patient: a person of its own."""
MERGED_IN_SOURCE = "identity.merged-in-source"
"""The source says that two of its patients are one (HL7 A40 and the like), and no verified number speaks against it."""
CONFLICTING_NUMBERS = "identity.conflicting-numbers"
"""One source patient, or a merge, would join different verified numbers: never by machine."""
DECIDED = "identity.human-decision"
"""A human joined it with another."""
KEPT_APART = "identity.kept-apart"
"""A human holds it, or one it would be joined with, apart from another: nothing tells the machine which side it belongs to."""
CONTRADICTED = "identity.contradicting-demographics"
"""Demographics that cannot be of one person: of carriers of a number, which then does not link by itself; of a merge in the source."""
SHARED_NUMBER = "identity.shared-number"
"""A number that too many source patients of one source carry: a placeholder, which links nobody."""
OVERRUN = "identity.overrun"
"""Too many source patients were merged into one: it joins none of them."""
VOID_NUMBER = "identity.void-number"
"""A number that PDS made void, or that is said to have become two: nobody's."""

CONFLICTING_DECISIONS = "identity.conflicting-decisions"
"""Human decisions that cannot all stand: the newer count, and this one is set aside."""
UNVERIFIED_NUMBER = "identity.unverified-number"
"""Carries another's number, not verified here: to be looked at, never linked by itself."""
SAME_DEMOGRAPHICS = "identity.same-demographics"
"""More alike another than the model's threshold for review: to be looked at."""
SCORED = "identity.scored"
"""More alike all others of its person than the model's threshold for linking; only where an operator turned that on."""


class Placed(NamedTuple):
    """The person a source patient belongs to, and the id of the rule that says so."""

    person: str
    reason: str
    opted_out: bool | None = None
    """Whether an opt-out stands for a number that one of the person carries (`processors.identity.answers`). Where none does: False where
    it was asked about one that this source patient carries, else None."""
    restricted: bool = False
    """Whether PDS restricts the whereabouts of whoever carries a number that one of the person carries."""


Where = Callable[[str], str]
"""Source patient -> its person."""


@lru_cache(maxsize=1 << 15)
def own_person(key: bytes, subject: str) -> str:
    """The person of a source patient that nothing links to another; of several without a number, of the least."""
    return _person_id(key, f"sp|{subject}")


@lru_cache(maxsize=1 << 15)
def numbered_person(key: bytes, number: str) -> str:
    return _person_id(key, f"nhs|{number}")


def _person_id(key: bytes, what: str) -> str:
    found = _keyed(key).copy()
    found.update(what.encode())
    return found.hexdigest()[:32]


@lru_cache(maxsize=8)
def _keyed(key: bytes) -> hmac.HMAC:
    """Before it is told what to hash: to set it up costs more than to copy it."""
    return hmac.new(key, digestmod="sha256")

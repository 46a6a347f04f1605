"""Whether the National Data Opt-out of a number stands: claims about the number itself, which say nothing of who anybody is.

So they join nobody, make nobody known and open no task. They hold for whoever carries the number, with whatever status: of records that
are kept apart, or of a number that is not verified yet, nobody can tell whose the choice was, and to leave one too many out of uses beyond
their care harms nobody (uk-standards.md, Governance).
"""

from __future__ import annotations

from typing import NamedTuple

from mainstem import versions
from mainstem.model import Claim, Status
from mainstem.nhs_number import VERIFIED, verified

OPTED_OUT = "opted-out"
"""Asserted: it stood when the number was asked about. Retracted: it did not. `ref` is the number."""


class Answer(NamedTuple):
    """What one claim says, at its version. The greater counts; at one moment one that stands is."""

    incarnation: int
    position: str
    digest: bytes
    stands: bool


def asked(claim: Claim) -> str | None:
    """The number that it is about; None where that is none."""
    return claim.ref if verified(claim.ref, VERIFIED) == claim.ref else None


def answer(claim: Claim) -> Answer:
    return Answer(*versions.of_claim(claim), claim.status is Status.ASSERTED)


def together(answers: list[Answer]) -> bool | None:
    """None where nobody has asked. One that stands is enough."""
    return any(each.stands for each in answers) if answers else None

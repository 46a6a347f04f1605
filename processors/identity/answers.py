"""What national services answered of an NHS number: claims about the number itself, which say nothing of who anybody is.

Whether a National Data Opt-out stands for it, and whether PDS restricts the whereabouts of whose it is. So they join nobody, make nobody
known and open no task. They hold for whoever carries the number, with whatever status, and for all of that person: of records that are kept
apart, or of a number that is not verified yet, nobody can tell whom the answer was about. To leave one too many out of uses beyond their
care harms nobody, nor does one address too few; one too many can cost a life (uk-standards.md, Governance, PDS).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from mainstem import versions
from mainstem.model import Claim, Status
from mainstem.nhs_number import VERIFIED, verified

OPTED_OUT = "opted-out"
"""Asserted: it stood when the number was asked about. Retracted: it did not. `ref` is the number."""
RESTRICTED = "restricted"
"""Asserted: PDS gave another confidentiality than unrestricted. Retracted: it gave that. `ref` is the number."""
ABOUT_NUMBERS = (OPTED_OUT, RESTRICTED)


class Answer(NamedTuple):
    """What one claim says, at its version. The greater counts; at one moment one that stands is."""

    incarnation: int
    position: str
    digest: bytes
    stands: bool


class Answered(NamedTuple):
    """Of a number, or of all that are one with it."""

    opted_out: bool | None = None
    """None where nobody has asked."""
    restricted: bool = False

    def beside(self, other: Answered) -> Answered:
        """Of two numbers that one source patient carries: what stands for either holds for it."""
        said = [each.opted_out for each in (self, other) if each.opted_out is not None]
        return Answered(any(said) if said else None, self.restricted or other.restricted)


def asked(claim: Claim) -> str | None:
    """The number that it is about; None where that is none."""
    return claim.ref if verified(claim.ref, VERIFIED) == claim.ref else None


def answer(claim: Claim) -> Answer:
    return Answer(*versions.of_claim(claim), claim.status is Status.ASSERTED)


def together(opt_outs: Collection[Mapping[str, Answer]], restrictions: Collection[Mapping[str, Answer]]) -> Answered:
    """Of numbers that are one. For each its answers, by who gives them: source, `|` and number.

    An opt-out that stands for any of them is enough. Of restrictions the latest answer of a source about any of them counts: by PDS's own
    word it is of one patient, and whoever is asked about by the new number alone would be restricted for ever by what was answered of the
    old one. One source that says so is enough.
    """
    stand = [each.stands for of_number in opt_outs for each in of_number.values()]
    latest: dict[str, Answer] = {}
    for of_number in restrictions:
        for by, each in of_number.items():
            source = by.partition("|")[0]
            latest[source] = max(each, latest.get(source, each))
    return Answered(any(stand) if stand else None, any(each.stands for each in latest.values()))

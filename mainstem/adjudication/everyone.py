"""Who is who by all claims, as whatever is explained rests on it: kept up to date (`Standing`), or worked out from scratch. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol

from mainstem import versions
from mainstem.model import Claim
from processors.identity.activated import ACTIVATED
from processors.identity.answers import ABOUT_NUMBERS
from processors.identity.claimed import Claimed
from processors.identity.evidence import Evidence
from processors.identity.linker import assign
from processors.identity.numbers import View
from processors.identity.persons import OWN_PERSON, Placed, own_person
from processors.identity.scoring.release import Model


class Everyone(Protocol):
    @property
    def model(self) -> Model:
        """The matching model in force."""
        ...

    def view(self) -> View: ...

    def said(self, subject: str) -> Evidence | None:
        """None where no claim is known of it, and none of others brings it to anybody."""
        ...

    def where(self, subject: str) -> Placed: ...

    def members(self, person: str) -> Sequence[str]:
        """Source patients of a person, sorted."""
        ...

    def claims(self, subject: str) -> Sequence[Claim]:
        """Its own claims that count, by type and `ref`."""
        ...

    def bearers(self, number: str) -> Sequence[str]:
        """Who carries an NHS number, with whatever status and check digit; sorted."""
        ...


class FromScratch:
    """`Everyone`, from a set of claims."""

    def __init__(self, claims: Sequence[Claim], key: bytes, model: Model) -> None:
        self.model = model
        self._key, self._view = key, Claimed(claims)
        self._assigned = {subject: placed for subject, placed in assign(claims, key, model).items()
                          if subject in self._view.evidence or placed.person != own_person(key, subject)}
        self._claims = _counting(claims)
        self._answers: defaultdict[tuple[str, str], list[Claim]] = defaultdict(list)
        for claim in (claim for of_subject in self._claims.values() for claim in of_subject if claim.type in ABOUT_NUMBERS):
            self._answers[claim.type, claim.ref].append(claim)
        self._members: defaultdict[str, list[str]] = defaultdict(list)
        for subject, placed in sorted(self._assigned.items()):
            self._members[placed.person].append(subject)

    def view(self) -> View:
        return self._view

    def said(self, subject: str) -> Evidence | None:
        return self._view.said(subject) if subject in self._assigned else None

    def where(self, subject: str) -> Placed:
        return self._assigned.get(subject) or Placed(own_person(self._key, subject), OWN_PERSON)

    def members(self, person: str) -> Sequence[str]:
        return self._members.get(person, ())

    def claims(self, subject: str) -> Sequence[Claim]:
        return self._claims.get(subject, ())

    def bearers(self, number: str) -> Sequence[str]:
        return sorted(subject for subject, said in self._view.evidence.items() if any(number == each for each, _ in said.carried))

    def answers(self, type_: str, number: str) -> Sequence[Claim]:
        """Those that count of what a national service answered of an NHS number."""
        return self._answers.get((type_, number), ())


def _counting(claims: Iterable[Claim]) -> dict[str, list[Claim]]:
    """The greatest version of each claim of a source patient."""
    greatest: dict[tuple[str, str, str], Claim] = {}
    for claim in claims:
        held = greatest.get(name := (claim.subject, claim.type, claim.ref))
        if claim.type != ACTIVATED and (held is None or versions.of_claim(claim) > versions.of_claim(held)):
            greatest[name] = claim
    found: defaultdict[str, list[Claim]] = defaultdict(list)
    for (subject, _, _), claim in sorted(greatest.items()):
        found[subject].append(claim)
    return dict(found)

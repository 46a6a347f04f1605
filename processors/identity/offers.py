"""Whom a source patient may be that nothing links: candidates by score, best first. No machine decision rests on it.

Who seeks is the least source patient of a person that no number names: one for each such person.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import msgspec

from processors.identity import numbers
from processors.identity.apart import newest
from processors.identity.evidence import Evidence
from processors.identity.numbers import View
from processors.identity.persons import Where, own_person
from processors.identity.scoring.blocking import NUMBER
from processors.identity.scoring.fields import Fields
from processors.identity.scoring.score import Scorer

CANDIDATES = 5
"""Most persons one source patient is offered as."""


class Offer(NamedTuple):
    """A person that another may be, shown by its source patient that is most alike."""

    weight: float
    other: str
    person: str
    by_number: bool
    """Both carry one number."""


class Seeker(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`keys`: those it is found by."""

    subject: str
    keys: tuple[str, ...]
    offers: tuple[Offer, ...]

    @property
    def first(self) -> str | None:
        """The person it most likely is."""
        return self.offers[0].person if self.offers else None


def seeker(subject: str, view: View, where: Where, key: bytes, scorer: Scorer) -> Seeker | None:
    """None where a number names its person, or a lesser source patient speaks for it."""
    said = view.said(subject)
    if where(subject) != own_person(key, subject) or not said.candidate_keys:
        return None
    return Seeker(subject, said.candidate_keys, _offers(subject, said, view, where, scorer))


def comparable(said: Evidence, view: View) -> Fields:
    """What of it is compared. A number that too many carry, whatever its status, says nothing."""
    fields = said.fields
    if fields.nhs_number and crowded(f"{NUMBER}{fields.nhs_number}", view):
        return fields._replace(nhs_number="")
    return fields


def known_as(said: Evidence, view: View) -> tuple[Fields, ...]:
    """`comparable`, and with former names and homes."""
    return _with_number(said, comparable(said, view))


def _beside(ours: Fields, theirs: Evidence, view: View) -> tuple[Fields, ...]:
    """What is comparable of one beside another: of two with one number, that is known."""
    found = theirs.fields
    known = not found.nhs_number or found.nhs_number == ours.nhs_number or not ours.nhs_number
    return _with_number(theirs, found if known else comparable(theirs, view))


def _with_number(said: Evidence, now: Fields) -> tuple[Fields, ...]:
    found = said.known_as
    return (now,) if len(found) == 1 else tuple(each._replace(nhs_number=now.nhs_number) for each in found)


def crowded(key: str, view: View) -> bool:
    sharing = view.sharing(key)
    if len(sharing) <= numbers.CROWD:
        return not sharing and view.full(key)
    return max(Counter(each.partition("|")[0] for each in sharing).values()) > numbers.CROWD


def _offers(subject: str, said: Evidence, view: View, where: Where, scorer: Scorer) -> tuple[Offer, ...]:
    ours, here = known_as(said, view), where(subject)
    others = {other for key in said.candidate_keys for other in view.sharing(key)} - {subject}
    least, found = scorer.model.thresholds.review, dict[str, Offer]()
    ruled_out: frozenset[str] | None = None
    alone = _number_of_its_own(said, view)
    for other in others:
        theirs = view.said(other)
        weight, one, two = scorer.best(ours, _beside(ours[0], theirs, view))
        if weight < least or scorer.unlike(one, two) or (alone and said.numbers == theirs.numbers):
            continue
        person = where(other)
        if ruled_out is None:
            ruled_out = _ruled_out(subject, said, view, where)
        if person == here or person in ruled_out:
            continue
        offer = Offer(round(weight, 6), other, person, bool(one.nhs_number) and one.nhs_number == two.nhs_number)
        if person not in found or _rank(offer) < _rank(found[person]):
            found[person] = offer
    return tuple(sorted(found.values(), key=_rank)[:CANDIDATES])


def _number_of_its_own(said: Evidence, view: View) -> bool:
    """It carries one number as verified, and nothing is known of that: whoever else does and is apart is in the task of who carries it."""
    if len(said.numbers) != 1:
        return False
    (number,) = said.numbers
    return not (view.successors(number) or view.predecessors(number) or crowded(f"{NUMBER}{number}", view))


def _ruled_out(subject: str, said: Evidence, view: View, where: Where) -> frozenset[str]:
    """Persons that a human said it is not."""
    return frozenset(
        where(other) for other in {*said.decided_about, *view.deciding(subject)}
        if (decision := newest(subject, said, other, view.said(other))) is not None and decision.stands and decision.apart)


def _rank(offer: Offer) -> tuple[float, str]:
    return -offer.weight, offer.other

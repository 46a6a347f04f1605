"""Who a person is made of, and why two source patients are one person or two: what the command line and the pages both say. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from mainstem import canonical
from mainstem.adjudication.errors import UnknownError
from mainstem.adjudication.everyone import Everyone, FromScratch
from mainstem.adjudication.grounds import FOR, Ground, Grounds
from mainstem.model import Claim, Compared
from processors.identity.evidence import LINKED, UNLINKED
from processors.identity.numbers import Numbers, View
from processors.identity.scoring.score import Scorer, scorer
from processors.identity.tasks import compared, likeness, weighed


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A claim that counts."""

    by: str
    """The source patient whose claim it is: of a decision the lesser of the two."""
    type: str
    status: str
    position: str
    recorded: str
    says: dict[str, Any]
    raw: str
    """`topic/partition offset item` of the raw message."""
    decision: str = ""
    """The id, of a human decision."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A source patient of a person."""

    subject: str
    person: str
    reason: str
    """The rule by which it is there."""
    bits: float | None
    """How alike the first it is; None of the first."""
    claims: tuple[Said, ...]
    """Its own that count, and decisions that name it."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    person: str
    members: tuple[Member, ...]
    fields: tuple[Compared, ...]
    """What they say of who they are, in the order of the members."""


class Step(msgspec.Struct, frozen=True):
    """Two of one person who are tied to each other, and the rule."""

    one: str
    other: str
    rule: str


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """Of two source patients."""

    one: Member
    other: Member
    together: bool
    grounds: tuple[Ground, ...]
    way: tuple[Step, ...]
    """From one to the other, from tie to tie, where they are one person."""
    fields: tuple[Compared, ...]
    """Weighed: bits of the other with the one."""
    score: float
    review: float
    """In bits: from here on a pair that no number names is offered to a human."""
    automatic: float
    links: bool
    """Whether the model release links by likeness at all, from `automatic` on."""
    model: str


def found(whom: str, everyone: Everyone) -> list[str]:
    """The persons meant by a source patient, a person id or an NHS number; sorted. Raises UnknownError."""
    whom = whom.strip()
    digits = whom.replace(" ", "").replace("-", "")
    if everyone.said(whom) is not None:
        return [everyone.where(whom).person]
    if everyone.members(whom):
        return [whom]
    persons = sorted({everyone.where(subject).person for subject in everyone.bearers(digits)})
    if not persons:
        raise UnknownError("nobody is known by that: give a source patient (RXA/epr|1000001), a person id or an NHS number")
    return persons


def show(person: str, everyone: Everyone) -> Shown:
    """Raises UnknownError."""
    subjects = list(everyone.members(person))
    if not subjects:
        raise UnknownError("no source patient is this person now")
    view, by = everyone.view(), scorer(everyone.model)
    bits = likeness(subjects, view, by)
    members = tuple(_member(subject, everyone, view, bits[place]) for place, subject in enumerate(subjects))
    return Shown(person=person, members=members, fields=compared([view.said(subject) for subject in subjects]))


def answers(type_: str, shown: Shown, everyone: FromScratch) -> tuple[Said, ...]:
    """What a national service said last of the numbers that its source patients carry, or that are one with these. `type_`: of
    `answers.ABOUT_NUMBERS`."""
    numbers = Numbers(view := everyone.view())
    called = {name for member in shown.members for number, _ in view.said(member.subject).carried for name in numbers.called(number)}
    return tuple(_said(claim) for number in sorted(called) for claim in everyone.answers(type_, number))


def why(one: str, other: str, everyone: Everyone) -> Why:
    """Raises UnknownError."""
    unknown = " and ".join(each for each in (one, other) if everyone.said(each) is None)
    if unknown or one == other:
        raise UnknownError(f"no claim is known of {unknown}; source patients are written as in RXA/epr|1000001" if unknown
                           else "name two different source patients")
    view, by = everyone.view(), scorer(everyone.model)
    grounds = Grounds(view, by, lambda whom: everyone.where(whom).person)
    thresholds = everyone.model.thresholds
    fields, score = _weighed(one, other, view, by)
    persons = everyone.where(one).person, everyone.where(other).person
    together = persons[0] == persons[1]
    return Why(one=_member(one, everyone, view, None), other=_member(other, everyone, view, score), together=together,
               grounds=tuple(grounds.of(one, other)), way=way(one, other, everyone.members(persons[0]), grounds) if together else (),
               fields=fields, score=score, review=thresholds.review, automatic=thresholds.automatic, links=thresholds.link,
               model=everyone.model.name)


def way(one: str, other: str, members: Sequence[str], grounds: Grounds) -> tuple[Step, ...]:
    """The shortest from one to the other by way of who is tied to whom; the least of equals. Empty: there is none."""
    left, came = sorted(set(members) - {one}), dict[str, Step]()
    todo = [one]
    for here in todo:
        for there in list(left):
            tie = next((each for each in grounds.of(here, there) if each.speaks == FOR), None)
            if tie is not None:
                left.remove(there)
                came[there] = Step(here, there, tie.rule)
                todo.append(there)
    steps: list[Step] = []
    while other in came:
        steps.append(came[other])
        other = came[other].one
    return tuple(reversed(steps))


def counting(subject: str, everyone: Everyone, view: View) -> list[Said]:
    """Its own claims that count, and decisions of others that name it."""
    deciding: Iterable[Claim] = (claim for other in sorted(view.deciding(subject)) for claim in everyone.claims(other)
                                 if claim.type in (LINKED, UNLINKED) and _body(claim).get("other") == subject)
    return [_said(claim) for claim in (*everyone.claims(subject), *deciding)]


def _member(subject: str, everyone: Everyone, view: View, bits: float | None) -> Member:
    placed = everyone.where(subject)
    return Member(subject=subject, person=placed.person, reason=placed.reason, bits=bits, claims=tuple(counting(subject, everyone, view)))


def _weighed(one: str, other: str, view: View, by: Scorer) -> tuple[tuple[Compared, ...], float]:
    """As a review task weighs them."""
    rows, scores = weighed(compared([view.said(one), view.said(other)]), (one, other), view, by)
    return rows, scores[0]


def _said(claim: Claim) -> Said:
    raw = claim.raw
    return Said(by=claim.subject, type=claim.type, status=claim.status.value, position=claim.position, recorded=claim.recorded or "",
                says=_body(claim), raw=f"{raw.topic}/{raw.partition} {raw.offset} {raw.item}".strip(),
                decision=raw.item if claim.type in (LINKED, UNLINKED) else "")


def _body(claim: Claim) -> dict[str, Any]:
    try:
        body = canonical.decode(claim.body)
    except ValueError:
        return {}  # capture writes bodies; one that is no JSON says nothing
    return body if isinstance(body, dict) else {}

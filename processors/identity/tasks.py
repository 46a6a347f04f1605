"""Review tasks: what only a human can settle, as a pure function of the claims and the persons they make."""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Protocol

from msgspec.structs import replace

from mainstem.model import Compared, Task
from processors.identity import demographics, persons
from processors.identity.demographics import folded
from processors.identity.evidence import Evidence
from processors.identity.layers import Finding
from processors.identity.numbers import Numbers, View
from processors.identity.offers import Seeker, known_as, seeker
from processors.identity.persons import Where
from processors.identity.scoring.score import Scorer

OPEN, CLOSED = "open", "closed"
FOLLOWERS = 10
"""Most source patients in one task about whom a person may be; the others come when some are decided."""


def of_finding(finding: Finding, view: View, where: Where, key: bytes) -> Task:
    return _task(finding.reason, finding.about, finding.subjects, view, where, key)


class Offered(Protocol):
    """All seekers, by the persons they are and the persons they most likely are."""

    def seeker(self, person: str) -> Seeker | None: ...

    def followers(self, person: str) -> list[str]:
        """Persons of the seekers whose first candidate is this person."""
        ...


def of_candidates(person: str, offered: Offered, view: View, where: Where, key: bytes, scorer: Scorer) -> Task | None:
    """Who may be this person: all whose first candidate it is, in one task. Where two persons are each other's first, the one that more
    follow has the task; of equal ones the lesser.

    One follower alone comes first in its task, with all it may be; of several the person itself, then they, most alike first.
    """
    here, followers = offered.seeker(person), offered.followers(person)
    mutual = here.first if here is not None and here.first in followers else None
    if mutual is not None and (-len(followers), person) > (-len(offered.followers(mutual)), mutual):
        followers = [each for each in followers if each != mutual]
    seekers = sorted((each.offers[0], each.subject, each) for each in map(offered.seeker, followers) if each is not None and each.offers)
    if not seekers:
        return None
    seekers.sort(key=lambda each: (-each[0].weight, each[1]))
    best, subject, only = seekers[0]
    subjects = (subject, *(offer.other for offer in only.offers)) if len(seekers) == 1 \
        else (best.other, *(each for _, each, _ in seekers[:FOLLOWERS]))
    by_number = any(offer.by_number for offer, _, _ in seekers)
    return _task(persons.UNVERIFIED_NUMBER if by_number else persons.SAME_DEMOGRAPHICS, person, subjects, view, where, key,
                 about_reason="identity.candidate", scorer=scorer)


def of_number(about: str, view: View, numbers: Numbers, key: bytes) -> Task | None:
    """A number that is no person's: a placeholder, or one said to have become two. `about`: the least of its names."""
    number = numbers.of(about)
    if number.names[0] != about or not any(view.crowd(name) for name in number.names):
        return None
    if number.crowded:
        evidence = (Compared(field="nhs_number", values=(about,), outcome="missing"),
                    Compared(field="source", values=number.crowded, outcome="differ"))
        return Task(id=_id(key, "identity.number", about), status=OPEN, reason=persons.SHARED_NUMBER, subjects=(), persons=(),
                    evidence=evidence)
    torn = [after for name in number.names if len(after := view.successors(name)) > 1]
    if torn:
        values = (*number.names, *sorted(frozenset().union(*torn) - set(number.names)))
        return Task(id=_id(key, "identity.number", about), status=OPEN, reason=persons.VOID_NUMBER, subjects=(), persons=(),
                    evidence=(Compared(field="nhs_number", values=values, outcome="differ"),))
    return None


def compared(said: Sequence[Evidence]) -> tuple[Compared, ...]:
    """What source patients say of who they are, field by field."""
    rows = {"nhs_number": [" ".join(number for number, _ in each.carried) for each in said],
            "verification": [" ".join(status for _, status in each.carried) for each in said]}
    for field in demographics.FIELDS:
        rows[field] = [each.demographics.shown(field) if each.demographics else "" for each in said]
    found = [Compared(field=field, values=tuple(values), outcome=_outcome(values)) for field, values in rows.items()]
    return (*found, *_former([each.demographics or demographics.Demographics() for each in said]))


def _former(whose: Sequence[demographics.Demographics]) -> Iterator[Compared]:
    """Former names and homes, where anyone has one. They agree where one is what another is or was called, or where it lives or lived."""
    for field, now_called, formerly in ((demographics.FORMER_NAMES, "family", "former_names"),
                                        (demographics.FORMER_HOMES, "postcode", "former_homes")):
        values = tuple(each.shown(field) for each in whose)
        if any(values):
            said = [({folded(getattr(each, now_called))} - {""}, {folded(text) for text, _ in getattr(each, formerly)} - {""})
                    for each in whose]
            agree = any((ours[1] & (theirs[0] | theirs[1])) or (ours[0] & theirs[1]) for ours, theirs in combinations(said, 2))
            spoken = sum(bool(now or before) for now, before in said)
            yield Compared(field=field, values=values, outcome="agree" if agree else "missing" if spoken < 2 else "differ")


def likeness(subjects: Sequence[str], view: View, by: Scorer) -> list[float | None]:
    """Match weights in bits of the first with each; None for the first."""
    first, *others = [known_as(view.said(each), view) for each in subjects]
    return [None, *(round(by.best(first, each)[0], 2) for each in others)]


def _task(reason: str, about: str, subjects: tuple[str, ...], view: View, where: Where, key: bytes, about_reason: str = "",
          scorer: Scorer | None = None) -> Task:
    scores: tuple[float, ...] = ()
    evidence = compared([view.said(each) for each in subjects])
    if scorer is not None and len(subjects) > 1:
        evidence, scores = weighed(evidence, subjects, view, scorer)
    return Task(id=_id(key, about_reason or reason, about), status=OPEN, reason=reason, subjects=subjects,
                persons=tuple(where(each) for each in subjects), evidence=evidence, scores=scores)


def weighed(evidence: tuple[Compared, ...], subjects: Sequence[str], view: View, scorer: Scorer,
             ) -> tuple[tuple[Compared, ...], tuple[float, ...]]:
    """The evidence with the bits of each field, and the match weights: of the first with each further one. Where it is a former name or
    home that is most alike, the bits of names or of addresses stand there."""
    ours = known_as(view.said(subjects[0]), view)
    explained: list[dict[str, float]] = []
    scores: list[float] = []
    for each in subjects[1:]:
        theirs = known_as(view.said(each), view)
        weight, one, other = scorer.best(ours, theirs)
        bits = {found.field: found.bits for found in scorer.explain(one, other)}
        for row, of, compared_by in _INSTEAD:
            former = any(found[place] != now[place] for found, now in ((one, ours[0]), (other, theirs[0])) for place in compared_by)
            bits[row] = sum(bits[field] for field in of) if former else 0.0
            bits |= dict.fromkeys(of, 0.0) if former else {}
        explained.append({field: round(found, 2) for field, found in bits.items()})
        scores.append(round(weight, 2))
    weighed = tuple(replace(row, weights=tuple(each[row.field] for each in explained)) if row.field in explained[0] else row
                    for row in evidence)
    return weighed, tuple(scores)


_INSTEAD = ((demographics.FORMER_NAMES, ("family", "given"), (0, 1)), (demographics.FORMER_HOMES, ("postcode", "address"), (4, 5)))
"""Row, the fields it stands for, and their places in `Fields`."""


def _id(key: bytes, reason: str, about: str) -> str:
    """Keyed, since it may stand for an NHS number."""
    return hmac.digest(key, f"task|{reason}|{about}".encode(), hashlib.sha256).hex()[:32]


def _outcome(values: Iterable[str]) -> str:
    spoken = [value for value in values if value]
    return "missing" if len(spoken) < 2 else "agree" if len(set(map(folded, spoken))) == 1 else "differ"


def all_tasks(view: View, subjects: Iterable[str], findings: Iterable[Finding], where: Where, key: bytes, scorer: Scorer) -> Iterator[Task]:
    """Every open task, from scratch."""
    numbers, carried, offered = Numbers(view), set[str](), _AllOffered()
    for finding in findings:
        yield of_finding(finding, view, where, key)
    for subject in subjects:
        carried.update(view.said(subject).numbers)
        if (found := seeker(subject, view, where, key, scorer)) is not None:
            offered.add(where(subject), found)
    for person in sorted(offered.following):
        if (task := of_candidates(person, offered, view, where, key, scorer)) is not None:
            yield task
    for about in sorted({numbers.of(number).names[0] for number in carried}):
        if (task := of_number(about, view, numbers, key)) is not None:
            yield task


class _AllOffered:
    def __init__(self) -> None:
        self._seekers: dict[str, Seeker] = {}
        self.following: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, person: str, found: Seeker) -> None:
        self._seekers[person] = found
        if found.first is not None:
            self.following[found.first].append(person)

    def seeker(self, person: str) -> Seeker | None:
        return self._seekers.get(person)

    def followers(self, person: str) -> list[str]:
        return sorted(self.following.get(person, ()))

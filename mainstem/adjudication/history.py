"""Who was one person with whom, from when to when: the linker run again over the claims that bear on them. Pure.

The assignments topic is compacted and forgets; the claims are kept for ever and say it all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mainstem import canonical
from mainstem.model import Assignment, Claim
from mainstem.shelf import ReleaseError
from processors.identity.activated import release_of
from processors.identity.answers import ABOUT_NUMBERS
from processors.identity.linker import Linker
from processors.identity.persons import own_person
from processors.identity.scoring.shelf import Opened, only_shipped
from processors.lane.contract import Received
from processors.lane.memory import MemoryState
from schemas import topics

Row = tuple[int, int, Claim]
"""Offset, append time in milliseconds, claim."""


class Move(NamedTuple):
    """A source patient comes to a person."""

    subject: str
    person: str
    epoch: int
    at: int
    reason: str


class Joined(NamedTuple):
    """Two source patients were one person."""

    one: str
    other: str
    person: str
    began: int
    """Epoch: offset of the claim that joined them; -1 where nothing did."""
    since: int
    ended: int | None
    """Epoch of the claim that parted them or took both to another person; None: they still are."""
    until: int | None
    apart: bool
    """Parted; False where both went to another person together, or still are one."""
    moved: tuple[int, ...] = ()
    """Epochs, from `ended` on, at which whoever left moved on. A handover that the next one overtakes is put right under that one's."""
    back: int | None = None
    """Epoch by which all who left had come back to the person; None where one did not."""


class Passed(NamedTuple):
    """A source patient came to a person, or left it."""

    subject: str
    before: str
    """Empty where it was first heard of."""
    after: str
    at: int
    epoch: int
    reason: str


def bearing(rows: Iterable[Row], subjects: Iterable[str]) -> list[Row]:
    """The claims of everyone who was ever tied to them: by a number carried or superseded, a merge or a decision; and which model release
    came into force when. In the topic's order."""
    held = list(rows)
    by_tie: defaultdict[str, list[int]] = defaultdict(list)
    tied = [ties(claim) for _, _, claim in held]
    for place, names in enumerate(tied):
        for name in names:
            by_tie[name].append(place)
    todo, seen = list(subjects), set(subjects)
    chosen = {place for place, (_, _, claim) in enumerate(held) if release_of(claim)}
    while todo:
        for place in by_tie.get(todo.pop(), ()):
            chosen.add(place)
            new = tied[place] - seen
            seen |= new
            todo += new
    return [held[place] for place in sorted(chosen)]


def ties(claim: Claim) -> set[str]:
    """The source patient, and what ties others to it."""
    try:
        body = canonical.decode(claim.body)
    except ValueError:
        return {claim.subject}
    said = [body.get(name) for name in ("into", "from", "other", "nhs_number", "old", "new")] if isinstance(body, dict) else []
    values = [value for each in said for value in (each if isinstance(each, list) else [each])]
    return {claim.subject, *("".join(each.split()).replace("-", "") if each[:1].isdigit() and "|" not in each else each
                             for each in values if isinstance(each, str) and each)}


def choose(rows: Sequence[Row], subjects: Iterable[str], models: Opened = only_shipped) -> Sequence[Row]:
    """`bearing`; all where a model release links by likeness, by which anybody may be tied to anybody, or is not at hand to tell."""
    try:
        linked = any(models(release).thresholds.link for _, _, claim in rows if (release := release_of(claim)))
    except ReleaseError:
        return rows
    return rows if linked else bearing(rows, subjects)


def moves(rows: Sequence[Row], key: bytes, models: Opened = only_shipped) -> list[Move]:
    """Every assignment that the claims caused, in order, by the model release in force at each. Raises ReleaseError."""
    linker, state = Linker(key), MemoryState()
    found = []
    for offset, at, claim in rows:
        if release := release_of(claim):
            linker = Linker(key, models(release), (claim.ref,))
        if claim.type in ABOUT_NUMBERS:
            continue  # it moves nobody
        for output in linker.process([(Received(topics.CLAIMS, 0, offset, at, None, None), claim)], state):
            if isinstance(output.value, Assignment):
                found.append(Move(output.value.subject, output.value.person, offset, at, output.value.reason))
    return found


def joined(one: str, other: str, told: Sequence[Move], key: bytes) -> list[Joined]:
    """The times at which two were one person, in order."""
    where = {one: own_person(key, one), other: own_person(key, other)}
    found: list[Joined] = []
    open_: Joined | None = None
    epochs: dict[int, list[Move]] = {}
    for move in told:
        if move.subject in where:
            epochs.setdefault(move.epoch, []).append(move)
    for epoch, moved in sorted(epochs.items()):
        for move in moved:
            where[move.subject] = move.person
        together = where[one] == where[other]
        if open_ is not None and (not together or where[one] != open_.person):
            found.append(open_._replace(ended=epoch, until=moved[0].at, apart=not together))
            open_ = None
        if together and open_ is None:
            open_ = Joined(one, other, where[one], epoch, moved[0].at, None, None, apart=False)
    left = [_left(span, span.ended, told) for span in found if span.ended is not None]
    return [*left, open_] if open_ is not None else left


def _left(span: Joined, ended: int, told: Sequence[Move]) -> Joined:
    """With where whoever left went from there."""
    moved, back = set[int](), list[int | None]()
    for subject in (span.one, span.other):
        after = [move for move in told if move.subject == subject and move.epoch >= ended]
        if after and after[0].epoch == ended and after[0].person != span.person:
            came = next((move.epoch for move in after if move.person == span.person), None)
            moved.update(move.epoch for move in after if came is None or move.epoch < came)
            back.append(came)
    returned = [each for each in back if each is not None]
    return span._replace(moved=tuple(sorted(moved)), back=max(returned, default=None) if len(returned) == len(back) else None)


def partners(subject: str, told: Sequence[Move], key: bytes) -> list[str]:
    """Everyone with whom it was ever one person, sorted."""
    others = sorted({move.subject for move in told} - {subject})
    return [other for other in others if joined(subject, other, told, key)]


def passed(person: str, told: Sequence[Move], key: bytes) -> list[Passed]:
    """Who came to a person and who left it, in order."""
    where: dict[str, str] = {}
    found: list[Passed] = []
    for move in told:
        own = own_person(key, move.subject)
        before = where.get(move.subject, "" if move.person == own else own)
        where[move.subject] = move.person
        if person in (before, move.person):
            found.append(Passed(move.subject, before, move.person, move.at, move.epoch, move.reason))
    return found


def parted(person: str, members: Sequence[str], told: Sequence[Move], key: bytes) -> list[Joined]:
    """The times at which a person's members were one person with others that are not with them now. Of several members that were so with
    the same other at the same time, the least speaks for all."""
    now = where_now(told)
    found: dict[tuple[str, str, int, int | None], Joined] = {}
    for one in sorted(members):
        for other in partners(one, told, key):
            if now.get(other) != person:
                for span in joined(one, other, told, key):
                    found.setdefault((other, span.person, span.began, span.ended), span)
    return sorted(found.values(), key=lambda span: (span.began, span.other))


def where_now(told: Sequence[Move]) -> dict[str, str]:
    return {move.subject: move.person for move in told}

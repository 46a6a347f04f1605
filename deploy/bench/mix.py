"""The input of the bench: person events of synthetic trusts, as the identity stage would send them in a quiet stream, one item each.

Two thirds tell a record for the first time, as the seeds make them, told by the trusts' own mappings. A sixth tell a record again that was
told before, with nothing new; a sixth give it other content of its kind, or withdraw it where there is none. Of each person come at most
`_A_PERSON` events, in a mixed order with those of all others: in a live stream a batch has few events of one person, and many events of one
would be cheap for whoever takes them together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import msgspec

from mainstem.model import Assertion, Claim, Known, Status
from mainstem.person_events import Op, PersonEvent
from mainstem.truth.told import Reader
from processors.identity.linker import assign
from processors.identity.persons import own_person
from processors.reconcile.fold import fold
from seeds.generate import Life, lives
from seeds.nhs import LIMIT
from seeds.profiles import profile

KEY = b"bench"
_MOST_PERSONS = LIMIT - 1
_A_PERSON = 10
_AGAIN = 0.5
"""Chance of a telling again after each first telling."""
_LATER = 1 << 40
"""Log positions of what is told again: above those of the first tellings."""


@dataclass(frozen=True, slots=True)
class Mix:
    """`digests`: person -> digest of the record that all the events come to."""

    events: tuple[PersonEvent, ...]
    persons: int
    digests: dict[str, str]


def mix(events: int, seed: int, terms: object) -> Mix:
    """So many events. The same seed gives the same ones. `terms`: the terminology that the expected records are folded with."""
    rng = Random(seed)  # noqa: S311  to be had again, not to be secret
    told: list[list[Assertion]] = []
    claims: list[Claim] = []
    reader, count = Reader(), 0
    for life in lives(_MOST_PERSONS, seed, profile("everyday")):
        first = list(_told(life, reader, claims))
        rng.shuffle(first)
        told.append(list(_with_tellings_again(first[:_A_PERSON], rng, count))[:_A_PERSON])
        count += len(told[-1])
        if count >= events:
            break
    turns = [number for number, each in enumerate(told) for _ in each]
    rng.shuffle(turns)
    queues = [iter(each) for each in told]
    known = [Known(next(queues[number]), at, 0, at) for at, number in enumerate(turns[:events])]
    placed = assign(claims, KEY)
    made = []
    for each in known:
        subject = each.assertion.subject
        where = placed.get(subject)
        person, epoch = (own_person(KEY, subject), -1) if where is None else (where.person, 0)
        made.append(PersonEvent(op=Op.APPLY, person=person, subject=subject, epoch=epoch, items=(each,)))
    records = fold(known, placed, KEY, terms)  # type: ignore[arg-type]
    return Mix(tuple(made), len(told), {person: record.digest for person, record in records.items()})


def _told(life: Life, reader: Reader, claims: list[Claim]) -> Iterator[Assertion]:
    for source, row in life.rows:
        for item in reader.read(source, row):
            claims.extend(item.claims)
            yield from item.assertions


def _with_tellings_again(first: list[Assertion], rng: Random, start: int) -> Iterator[Assertion]:
    by_kind: dict[tuple[str, str], list[Assertion]] = {}
    for number, assertion in enumerate(first):
        alike = by_kind.setdefault((assertion.subject, assertion.kind), [])
        alike.append(assertion)
        yield assertion
        if rng.random() < _AGAIN:
            yield _again(rng.choice(first[:number + 1]), by_kind, rng, f"{_LATER + start + number:016x}")


def _again(before: Assertion, by_kind: dict[tuple[str, str], list[Assertion]], rng: Random, position: str) -> Assertion:
    if rng.random() < 0.5:
        return msgspec.structs.replace(before, position=position)
    other = rng.choice(by_kind[before.subject, before.kind])
    if other.content == before.content:
        return msgspec.structs.replace(before, position=position, status=Status.RETRACTED)
    return msgspec.structs.replace(before, position=position, content=other.content)

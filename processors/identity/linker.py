"""The linker: folds claims into persons and says when a source patient's person changes.

`assign` works it out from scratch; `Linker` keeps it up to date claim by claim. Both give the same persons.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from mainstem.model import Assignment, Claim
from mainstem.settings import Settings
from processors.identity.claimed import Claimed
from processors.identity.evidence import Evidence
from processors.identity.indexes import Indexes
from processors.identity.numbers import Numbers
from processors.identity.persons import Placed, own_person
from processors.identity.placing import neighbourhood, place
from processors.keys import pack
from processors.lane.contract import Output, Received, State
from schemas import topics

__all__ = ["Linker", "Placed", "assign"]


def assign(claims: Iterable[Claim], key: bytes) -> dict[str, Placed]:
    """Source patient -> person, for each that has a claim or is named by one. Whoever is not named is `own_person`."""
    view = Claimed(claims)
    numbers = Numbers(view)
    assigned: dict[str, Placed] = {}
    for subject in view.evidence:
        if subject not in assigned:
            members = neighbourhood(subject, view, numbers)
            assigned.update(place({one: view.said(one) for one in members}, numbers, key).persons)
    return assigned


class Linker:
    """A stage: claims in, assignments out; the epoch of an assignment is the offset of the claim that caused it."""

    name = "linker"
    inputs = (topics.CLAIMS,)
    changelog = topics.LINKER_CHANGELOG

    def __init__(self, person_key: bytes | None = None) -> None:
        """`person_key`: what person ids are hashed with; by default that of the settings."""
        self._key = person_key or Settings().person_key.get_secret_value().encode()

    def process(self, batch: Sequence[tuple[Received, Any]], state: State) -> list[Output]:
        outputs: list[Output] = []
        indexes = Indexes(state)
        for received, claim in batch:
            for subject, placed in _Turn(indexes, state, self._key, claim, received.offset).changed():
                assignment = Assignment(subject=subject, person=placed.person, epoch=received.offset, reason=placed.reason)
                outputs.append(Output(topics.ASSIGNMENTS, subject.encode(), assignment, subject))
        return outputs


class _Turn:
    """One claim: whom it touches, and where they are now."""

    def __init__(self, indexes: Indexes, state: State, key: bytes, claim: Claim, offset: int) -> None:
        self._indexes, self._state, self._key, self._claim, self._offset = indexes, state, key, claim, offset

    def changed(self) -> list[tuple[str, Placed]]:
        """The source patients whose person the claim changes, sorted."""
        subject = self._claim.subject
        taken = self._indexes.take(self._claim)
        if taken is None:
            return []
        before, now = taken
        if before == now and self._state.get(b"a" + pack(subject)) is not None:
            return []
        touched = self._touched(before, now)
        self._indexes.put(subject, before, now)
        touched |= self._touched(before, now)
        return sorted(self._placed(touched))

    def _touched(self, before: Evidence, now: Evidence) -> set[str]:
        """Whose person may depend on what changes, as things stand."""
        numbers = Numbers(self._indexes)
        touched = set(neighbourhood(self._claim.subject, self._indexes, numbers))
        for number in set(before.numbers) ^ set(now.numbers):
            found = numbers.of(number)
            if found.usable is not None:
                touched.update(numbers.carriers(number))
        for superseded in set(before.superseded) ^ set(now.superseded):
            for number in filter(None, superseded):
                touched.update(numbers.carriers(number))
        return touched

    def _placed(self, touched: set[str]) -> Iterable[tuple[str, Placed]]:
        numbers = Numbers(self._indexes)
        while touched:
            members = neighbourhood(touched.pop(), self._indexes, numbers)
            touched.difference_update(members)
            found = place({one: self._indexes.said(one) for one in members}, numbers, self._key)
            for subject, placed in found.persons.items():
                if self._assign(subject, placed):
                    yield subject, placed

    def _assign(self, subject: str, placed: Placed) -> bool:
        """Whether it is news. One that is only named by others, and stays a person of its own, needs no assignment."""
        key = b"a" + pack(subject)
        data = self._state.get(key)
        if data is None:
            if subject != self._claim.subject and placed.person == own_person(self._key, subject):
                return False
        elif _decode_assigned(data)[0] == placed.person:
            return False
        self._state.put(key, _encode((placed.person, self._offset, placed.reason)))
        return True


_encode = msgspec.msgpack.Encoder().encode
_decode_assigned = msgspec.msgpack.Decoder(tuple[str, int, str]).decode

"""The linker: folds claims into persons and says when a source patient's person changes.

`assign` works it out from scratch; `Linker` keeps it up to date claim by claim. Both give the same persons.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from mainstem import versions
from mainstem.model import Assignment, Claim
from mainstem.settings import Settings
from processors.identity.persons import MERGED, NOTHING, NUMBER, Evidence, Placed, component, evidence, own_person, place
from processors.keys import pack, unpack
from processors.lane.contract import Output, Received, State
from schemas import topics

__all__ = ["Linker", "Placed", "assign"]


def assign(claims: Iterable[Claim], key: bytes) -> dict[str, Placed]:
    """Source patient -> person, for each that has a claim or is merged with one that has. Whoever is not named is `own_person`."""
    greatest: dict[tuple[str, str, str], Claim] = {}
    for claim in claims:
        held = greatest.get(name := (claim.subject, claim.type, claim.ref))
        if held is None or versions.of_claim(claim) > versions.of_claim(held):
            greatest[name] = claim
    by_subject: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in greatest.values():
        by_subject[claim.subject].append(claim)
    said = {subject: evidence(of_subject) for subject, of_subject in by_subject.items()}
    joined: defaultdict[str, set[str]] = defaultdict(set)
    for subject, found in said.items():
        for other in found.merged_into:
            joined[subject].add(other)
            joined[other].add(subject)
    assigned: dict[str, Placed] = {}
    for subject in said:
        if subject not in assigned:
            members = component(subject, lambda one: joined.get(one, ()))
            assigned.update(place({one: said.get(one, NOTHING) for one in members}, key))
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
        for received, claim in batch:
            for subject, placed in self._take(claim, received.offset, state):
                assignment = Assignment(subject=subject, person=placed.person, epoch=received.offset, reason=placed.reason)
                outputs.append(Output(topics.ASSIGNMENTS, subject.encode(), assignment, subject))
        return outputs

    def _take(self, claim: Claim, epoch: int, state: State) -> list[tuple[str, Placed]]:
        """The source patients whose person the claim changes."""
        name = b"c" + pack(claim.subject, claim.type, claim.ref)
        data = state.get(name)
        held = None if data is None else _decode_claim(data)
        if held is not None and versions.of_claim(claim) <= versions.of_claim(held):
            return []
        assigned = state.get(b"a" + pack(claim.subject)) is not None
        if claim.type not in (NUMBER, MERGED) and assigned:
            state.put(name, _encode(claim))
            return []
        affected = set(self._component(claim.subject, state)) if claim.type == MERGED else {claim.subject}
        before = _said(claim.subject, state).merged_into if claim.type == MERGED else frozenset()
        state.put(name, _encode(claim))
        if claim.type == MERGED:
            _index(claim.subject, before, _said(claim.subject, state).merged_into, state)
        changed: list[tuple[str, Placed]] = []
        while affected:
            members = self._component(affected.pop(), state)
            affected -= set(members)
            found = {one: _said(one, state) for one in members}
            for subject, placed in place(found, self._key).items():
                if self._assign(subject, placed, epoch, state, named=subject == claim.subject):
                    changed.append((subject, placed))
        return sorted(changed)

    def _component(self, subject: str, state: State) -> list[str]:
        return component(subject, lambda one: [*_said(one, state).merged_into, *_merged_from(one, state)])

    def _assign(self, subject: str, placed: Placed, epoch: int, state: State, *, named: bool) -> bool:
        """Whether it is news. One that is only the target of a merge, and stays a person of its own, needs no assignment."""
        key = b"a" + pack(subject)
        data = state.get(key)
        if data is None:
            if not named and placed.person == own_person(self._key, subject):
                return False
        elif _decode_assigned(data)[0] == placed.person:
            return False
        state.put(key, _encode((placed.person, epoch, placed.reason)))
        return True


_encode = msgspec.msgpack.Encoder().encode
_decode_claim = msgspec.msgpack.Decoder(Claim).decode
_decode_assigned = msgspec.msgpack.Decoder(tuple[str, int, str]).decode


def _said(subject: str, state: State) -> Evidence:
    return evidence(_decode_claim(value) for _, value in state.prefix(b"c" + pack(subject)))


def _merged_from(subject: str, state: State) -> list[str]:
    return [unpack(key[1:])[1] for key, _ in state.prefix(b"m" + pack(subject))]


def _index(subject: str, before: frozenset[str], after: frozenset[str], state: State) -> None:
    """Keep `m` target subject: who was merged into whom, read from the target's side."""
    for target in before - after:
        state.delete(b"m" + pack(target, subject))
    for target in after - before:
        state.put(b"m" + pack(target, subject), b"")

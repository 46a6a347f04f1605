"""What all claims say, kept in the linker's state claim by claim: the same view as `claimed.Claimed`, at the cost of what is asked.

Keys: `c` subject type ref: the claim. `e` subject: what its claims say. `p` other subject: who names whom. `n` number subject: who carries
it. `N` number: how many a source. `s` old, `r` new: numbers superseded. `k` key subject: who has a candidate key. `o` person: who seeks for
it, and whom. `u` key subject: who seeks by it; `U` key: how many. `f` person person: which persons' first candidate it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

import msgspec

from mainstem import versions
from mainstem.model import Claim
from processors.identity import claimed
from processors.identity.evidence import NOTHING, Evidence, evidence
from processors.identity.offers import Seeker
from processors.keys import pack, unpack
from processors.lane.contract import State


class Indexes:
    """A `View` of the claims in state. What it was asked is remembered: make a new one for each batch."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._said: dict[str, Evidence] = {}
        self._sharing: dict[str, list[str]] = {}

    def take(self, claim: Claim) -> tuple[Evidence, Evidence] | None:
        """Puts the claim in: what its source patient's claims said before, and now. None where a greater version is held."""
        name = b"c" + pack(claim.subject, claim.type, claim.ref)
        data = self._state.get(name)
        if data is not None and versions.of_claim(claim) <= versions.of_claim(_decode_claim(data)):
            return None
        before = self.said(claim.subject)
        self._state.put(name, _encode(claim))
        now = evidence(_decode_claim(value) for _, value in self._state.prefix(b"c" + pack(claim.subject)))
        return before, now

    def put(self, subject: str, before: Evidence, now: Evidence) -> None:
        """From now on the source patient's claims say this."""
        self._state.put(b"e" + pack(subject), _encode(now))
        self._said[subject] = now
        self._differ(b"p", subject, before.pointed_at, now.pointed_at)
        self._differ(b"n", subject, frozenset(before.numbers), frozenset(now.numbers))
        self._differ(b"k", subject, frozenset(before.candidate_keys), frozenset(now.candidate_keys))
        for key in set(before.candidate_keys) ^ set(now.candidate_keys):
            self._sharing.pop(key, None)
        for number in set(before.numbers) ^ set(now.numbers):
            self._count(number, subject.partition("|")[0], 1 if number in now.numbers else -1)
        for old, new in set(before.superseded) ^ set(now.superseded):
            said = (old, new) in now.superseded
            self._name(b"s" + pack(old), subject, new, said=said)
            self._name(b"r" + pack(new), subject, old, said=said)

    def subjects(self) -> Iterable[str]:
        """Everyone of whom a claim is held."""
        return (unpack(name[1:])[0] for name, _ in self._state.prefix(b"e"))

    def reindex(self, subject: str) -> None:
        """Where the keys by which candidates are found have become others."""
        self._differ(b"k", subject, frozenset(), frozenset(self.said(subject).candidate_keys))
        self._sharing.clear()

    def said(self, subject: str) -> Evidence:
        found = self._said.get(subject)
        if found is None:
            data = self._state.get(b"e" + pack(subject))
            found = self._said[subject] = NOTHING if data is None else _decode_evidence(data)
        return found

    def pointing(self, subject: str) -> Iterable[str]:
        return self._members(b"p" + pack(subject))

    def carriers(self, number: str) -> Iterable[str]:
        return self._members(b"n" + pack(number))

    def crowd(self, number: str) -> Mapping[str, int]:
        data = self._state.get(b"N" + pack(number))
        return {} if data is None else _decode_crowd(data)

    def successors(self, number: str) -> frozenset[str]:
        return self._named(b"s" + pack(number))

    def predecessors(self, number: str) -> frozenset[str]:
        return self._named(b"r" + pack(number))

    def sharing(self, key: str, more: int = 0) -> list[str]:
        found = self._first_sharing(key)
        return found if len(found) <= claimed.SHARED_BY + more else []

    def full(self, key: str) -> bool:
        return len(self._first_sharing(key)) > claimed.SHARED_BY

    def _first_sharing(self, key: str) -> list[str]:
        """As many as tell whether two more or less make a difference; sorted."""
        found = self._sharing.get(key)
        if found is None:
            found = self._sharing[key] = list(islice(self._members(b"k" + pack(key)), claimed.SHARED_BY + 2))
        return found

    def seeking(self, key: str) -> Iterable[str]:
        """Who seeks by this candidate key."""
        return self._members(b"u" + pack(key)) if self._state.get(b"U" + pack(key)) else ()

    def seeker(self, person: str) -> Seeker | None:
        data = self._state.get(b"o" + pack(person))
        return None if data is None else _decode_seeker(data)

    def followers(self, person: str) -> list[str]:
        return sorted(self._members(b"f" + pack(person)))

    def seek(self, person: str, before: Seeker | None, now: Seeker | None) -> None:
        """From now on this is who seeks for the person."""
        if before == now:
            return
        subject = (now or before).subject
        if now is None:
            self._state.delete(b"o" + pack(person))
        else:
            self._state.put(b"o" + pack(person), _encode(now))
        was, is_ = frozenset(before.keys if before else ()), frozenset(now.keys if now else ())
        self._differ(b"u", subject, was, is_)
        for key in was ^ is_:
            self._put_count(b"U" + pack(key), int(self._state.get(b"U" + pack(key)) or 0) + (1 if key in is_ else -1))
        first = [frozenset([each.first] if each and each.first else ()) for each in (before, now)]
        self._differ(b"f", person, *first)

    def _members(self, prefix: bytes) -> Iterable[str]:
        return (unpack(name[1:])[1] for name, _ in self._state.prefix(prefix))

    def _differ(self, letter: bytes, subject: str, before: frozenset[str], now: frozenset[str]) -> None:
        for each in before - now:
            self._state.delete(letter + pack(each, subject))
        for each in now - before:
            self._state.put(letter + pack(each, subject), b"")

    def _put_count(self, name: bytes, count: int) -> None:
        if count:
            self._state.put(name, b"%d" % count)
        else:
            self._state.delete(name)

    def _count(self, number: str, source: str, more: int) -> None:
        crowd = dict(self.crowd(number))
        crowd[source] = crowd.get(source, 0) + more
        left = {name: crowd[name] for name in sorted(crowd) if crowd[name]}
        if left:
            self._state.put(b"N" + pack(number), _encode(left))
        else:
            self._state.delete(b"N" + pack(number))

    def _named(self, name: bytes) -> frozenset[str]:
        data = self._state.get(name)
        return frozenset() if data is None else frozenset(other for _, other in _decode_pairs(data))

    def _name(self, name: bytes, subject: str, other: str, *, said: bool) -> None:
        data = self._state.get(name)
        pairs = set() if data is None else set(_decode_pairs(data))
        (pairs.add if said else pairs.discard)((subject, other))
        if pairs:
            self._state.put(name, _encode(sorted(pairs)))
        else:
            self._state.delete(name)


_encode = msgspec.msgpack.Encoder().encode
_decode_seeker = msgspec.msgpack.Decoder(Seeker).decode
_decode_claim = msgspec.msgpack.Decoder(Claim).decode
_decode_evidence = msgspec.msgpack.Decoder(Evidence).decode
_decode_crowd = msgspec.msgpack.Decoder(dict[str, int]).decode
_decode_pairs = msgspec.msgpack.Decoder(list[tuple[str, str]]).decode

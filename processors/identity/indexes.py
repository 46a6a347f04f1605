"""What all claims say, kept in the linker's state claim by claim: the same view as `claimed.Claimed`, at the cost of what is asked.

Keys: `c` subject type ref: the claim. `e` subject: what its claims say. `p` other subject: whom it names in a decision; `i`: in a merge.
`n` number subject: who carries it. `N` number: how many a source. `s` old, `r` new: numbers superseded. `k` key subject: who has a
candidate key. `o` person: who seeks for it, and whom. `u` key subject: who seeks by it; `U` key: how many. `f` person person: which
persons' first candidate it is. `a` subject: its person, epoch, reason, whether it is opted out and restricted. `x` number: who says whether
an opt-out of it stands; `y`: whether it is restricted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec

from mainstem import versions
from mainstem.model import Claim
from processors.identity import claimed
from processors.identity.answers import OPTED_OUT, RESTRICTED, Answer, answer
from processors.identity.evidence import NOTHING, Evidence, evidence
from processors.identity.offers import Seeker
from processors.identity.scoring import blocking
from processors.keys import END, pack, unpack
from processors.lane.contract import State


class Assigned(NamedTuple):
    """What was last published of a source patient."""

    person: str
    epoch: int
    reason: str
    opted_out: bool | None = None
    restricted: bool = False


class Indexes:
    """A `View` of the claims in state. What it was asked is remembered, and kept in step with what is put through it: make a new one for
    each batch."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._claims: dict[str, dict[tuple[str, str], Claim]] = {}
        self._said: dict[str, Evidence] = {}
        self._assigned: dict[str, Assigned | None] = {}
        self._seekers: dict[str, Seeker | None] = {}
        self._members: dict[tuple[bytes, str], list[str]] = {}
        """By letter and what comes first; of candidate keys no more than `_first_sharing` needs."""
        self._values: dict[tuple[bytes, str], bytes | None] = {}
        """Of the small values: crowds, successors, predecessors, counts of seekers."""

    def take(self, claim: Claim) -> tuple[Evidence, Evidence] | None:
        """Puts the claim in: what its source patient's claims said before, and now. None where a greater version is held."""
        subject, of = claim.subject, (claim.type, claim.ref)
        whose = b"c" + subject.encode() + END
        claims = self._claims.get(subject)
        if claims is None:
            claims = self._claims[subject] = {(each.type, each.ref): each for each in self._held(subject)}
        if of in claims and versions.of_claim(claim) <= versions.of_claim(claims[of]):
            return None
        claims[of] = claim
        self._state.put(whose + pack(*of), _encode(claim))
        return self.said(subject), evidence(claims.values())

    def put(self, subject: str, before: Evidence, now: Evidence) -> None:
        """From now on the source patient's claims say this."""
        self._state.put(b"e" + subject.encode() + END, _encode(now))
        self._said[subject] = now
        self._differ(b"k", subject, before.candidate_keys, now.candidate_keys)
        if before.decisions != now.decisions:
            self._differ(b"p", subject, before.decided_about, now.decided_about)
        if before.merged_into != now.merged_into or before.replaces != now.replaces:
            self._differ(b"i", subject, before.merges, now.merges)
        if before.numbers != now.numbers:
            self._differ(b"n", subject, before.numbers, now.numbers)
            source = subject.partition("|")[0]
            for number in set(before.numbers) ^ set(now.numbers):
                self._members.pop((b"n", f"{number}|{source}|"), None)
                self._count(number, source, 1 if number in now.numbers else -1)
        if before.superseded != now.superseded:
            for old, new in set(before.superseded) ^ set(now.superseded):
                said = (old, new) in now.superseded
                self._name(b"s", old, subject, new, said=said)
                if new:  # all that are void, under one key, would be read with each
                    self._name(b"r", new, subject, old, said=said)

    def answer(self, number: str, claim: Claim) -> None:
        """Puts in what it answers of the number."""
        before, now = self.answers(claim.type, number), answer(claim)
        if claim.subject not in before or now > before[claim.subject]:
            self._put(_ANSWERS[claim.type], number, _encode({**before, claim.subject: now}))

    def answers(self, type_: str, number: str) -> Mapping[str, Answer]:
        data = self._value(_ANSWERS[type_], number)
        return {} if data is None else _decode_answers(data)

    def bearing(self, number: str) -> Iterable[str]:
        """Everyone who carries it, with whatever status, however many."""
        prefix = b"k" + f"{blocking.NUMBER}{number}".encode() + END
        return [key[len(prefix):-1].decode() for key, _ in self._state.prefix(prefix)]

    def subjects(self) -> Iterable[str]:
        """Everyone of whom a claim is held."""
        return (unpack(name[1:])[0] for name, _ in self._state.prefix(b"e"))

    def reread(self, subject: str) -> None:
        """By the rules of this version: what its claims say, and the keys by which others are found."""
        before, said = self.said(subject), evidence(self._held(subject))
        if before != said:
            self.put(subject, before, said)
        self._differ(b"k", subject, (), said.candidate_keys)
        self._differ(b"i", subject, (), said.merges)
        self._differ(b"p", subject, said.pointed_at, said.decided_about)

    def forget_keys(self) -> None:
        """Candidate keys that earlier rules gave. Everyone has been reread."""
        for key, subject in [unpack(name[1:]) for name, _ in self._state.prefix(b"k")]:
            if key not in self.said(subject).candidate_keys:
                self._differ(b"k", subject, (key,), ())

    def said(self, subject: str) -> Evidence:
        found = self._said.get(subject)
        if found is None:
            data = self._state.get(b"e" + subject.encode() + END)
            found = self._said[subject] = NOTHING if data is None else _decode_evidence(data)
        return found

    def assigned(self, subject: str) -> Assigned | None:
        try:
            return self._assigned[subject]
        except KeyError:
            data = self._state.get(b"a" + subject.encode() + END)
            found = self._assigned[subject] = None if data is None else _decode_assigned(data)
            return found

    def assign(self, subject: str, now: Assigned) -> None:
        self._assigned[subject] = now
        self._state.put(b"a" + subject.encode() + END, _encode(now))

    def deciding(self, subject: str) -> Iterable[str]:
        return self._all(b"p", subject)

    def merging(self, subject: str) -> list[str]:
        return self._all(b"i", subject)

    def carriers(self, number: str) -> Iterable[str]:
        return self._all(b"n", number)

    def carrying(self, number: str, source: str) -> Iterable[str]:
        """Of each number and source remembered by themselves, since of one source they may be too many to be read."""
        found = self._members.get((b"n", of := f"{number}|{source}|"))
        if found is None:
            prefix = b"n" + number.encode() + END
            found = [key[len(prefix):-1].decode() for key, _ in self._state.prefix(prefix + source.encode() + b"|")]
            self._members[b"n", of] = found
        return found

    def crowd(self, number: str) -> Mapping[str, int]:
        data = self._value(b"N", number)
        return {} if data is None else _decode_crowd(data)

    def successors(self, number: str) -> frozenset[str]:
        return self._named(b"s", number)

    def predecessors(self, number: str) -> frozenset[str]:
        return self._named(b"r", number)

    def sharing(self, key: str, more: int = 0) -> list[str]:
        found = self._all(b"k", key)
        return found if len(found) <= claimed.SHARED_BY + more else []

    def full(self, key: str) -> bool:
        return len(self._all(b"k", key)) > claimed.SHARED_BY

    def seeking(self, key: str) -> Sequence[str]:
        """Who seeks by this candidate key."""
        return self._all(b"u", key) if self._value(b"U", key) else ()

    def seeker(self, person: str) -> Seeker | None:
        try:
            return self._seekers[person]
        except KeyError:
            data = self._state.get(b"o" + person.encode() + END)
            found = self._seekers[person] = None if data is None else _decode_seeker(data)
            return found

    def followers(self, person: str) -> list[str]:
        return self._all(b"f", person)

    def seek(self, person: str, before: Seeker | None, now: Seeker | None) -> None:
        """From now on this is who seeks for the person."""
        if before == now:
            return
        seeker = now or before
        assert seeker is not None
        subject = seeker.subject
        self._seekers[person] = now
        if now is None:
            self._state.delete(b"o" + person.encode() + END)
        else:
            self._state.put(b"o" + person.encode() + END, _encode(now))
        was, is_ = before.keys if before else (), now.keys if now else ()
        if was != is_:
            self._differ(b"u", subject, was, is_)
            for key in set(was) ^ set(is_):
                count = int(self._value(b"U", key) or 0) + (1 if key in is_ else -1)
                self._put(b"U", key, b"%d" % count if count else None)
        first = [(each.first,) if each and each.first else () for each in (before, now)]
        self._differ(b"f", person, *first)

    def _held(self, subject: str) -> list[Claim]:
        return [_decode_claim(value) for _, value in self._state.prefix(b"c" + subject.encode() + END)]

    def _all(self, letter: bytes, name: str) -> list[str]:
        """What is kept under a name, sorted; no more than is asked for."""
        found = self._members.get((letter, name))
        if found is None:
            prefix = letter + name.encode() + END
            start = len(prefix)
            found = [key[start:-1].decode() for key, _ in islice(self._state.prefix(prefix), _MOST.get(letter))]
            found.sort()
            self._members[letter, name] = found
        return found

    def _differ(self, letter: bytes, subject: str, before: Collection[str], now: Collection[str]) -> None:
        if before == now:
            return
        put, members, end = self._state.put, self._members, END + subject.encode() + END
        for each in set(before).difference(now) if before else ():
            self._state.delete(letter + each.encode() + end)
            members.pop((letter, each), None)
        for each in set(now).difference(before) if before else now:
            put(letter + each.encode() + end, b"")
            held = members.get((letter, each))
            if held is not None and subject not in held:
                members[letter, each] = sorted([*held, subject])[:_MOST.get(letter)]

    def _value(self, letter: bytes, name: str) -> bytes | None:
        try:
            return self._values[letter, name]
        except KeyError:
            found = self._values[letter, name] = self._state.get(letter + name.encode() + END)
            return found

    def _put(self, letter: bytes, name: str, value: bytes | None) -> None:
        self._values[letter, name] = value
        if value is None:
            self._state.delete(letter + name.encode() + END)
        else:
            self._state.put(letter + name.encode() + END, value)

    def _count(self, number: str, source: str, more: int) -> None:
        crowd = self.crowd(number)
        left = {name: count for name, count in sorted({**crowd, source: crowd.get(source, 0) + more}.items()) if count}
        self._put(b"N", number, _encode(left) if left else None)

    def _named(self, letter: bytes, number: str) -> frozenset[str]:
        data = self._value(letter, number)
        return _NONE if data is None else frozenset(other for _, other in _decode_pairs(data))

    def _name(self, letter: bytes, number: str, subject: str, other: str, *, said: bool) -> None:
        data = self._value(letter, number)
        pairs = set() if data is None else set(_decode_pairs(data))
        (pairs.add if said else pairs.discard)((subject, other))
        self._put(letter, number, _encode(sorted(pairs)) if pairs else None)


_MOST = {b"k": claimed.SHARED_BY + 2, b"i": claimed.MERGED_BY + 1}
"""As many as tell whether they are too many; of candidate keys, whether two more or less would be."""
_ANSWERS = {OPTED_OUT: b"x", RESTRICTED: b"y"}
_NONE: frozenset[str] = frozenset()
_encode = msgspec.msgpack.Encoder().encode
_decode_assigned = msgspec.msgpack.Decoder(Assigned).decode
_decode_seeker = msgspec.msgpack.Decoder(Seeker).decode
_decode_claim = msgspec.msgpack.Decoder(Claim).decode
_decode_evidence = msgspec.msgpack.Decoder(Evidence).decode
_decode_crowd = msgspec.msgpack.Decoder(dict[str, int]).decode
_decode_answers = msgspec.msgpack.Decoder(dict[str, Answer]).decode
_decode_pairs = msgspec.msgpack.Decoder(list[tuple[str, str]]).decode

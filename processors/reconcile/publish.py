"""From touched facts to messages: an entry and a change for each that is news."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from mainstem import canonical
from mainstem.kinds.facts import Place
from mainstem.model import Change
from processors.keys import pack
from processors.lane.contract import Output, State
from processors.reconcile import entries, layout
from processors.reconcile.derive import Fact
from processors.reconcile.layout import Published
from processors.reconcile.person import Ceased, Person
from schemas import topics

_NOTHING = canonical.digest(entries.NOTHING)


class Rows:
    """What was published of a person's facts, as far as a batch needs it."""

    def __init__(self, person: str, state: State) -> None:
        self._prefix = b"f" + pack(person)
        self._state = state
        self._rows: dict[str, Published | None] = {}

    def load(self, facts: Iterable[str]) -> None:
        wanted = [fact for fact in facts if fact not in self._rows]
        for fact, data in zip(wanted, self._state.multi_get([self._key(fact) for fact in wanted]), strict=True):
            self._rows[fact] = None if data is None else layout.decode_published(data)

    def get(self, fact: str) -> Published | None:
        """Of a fact that was loaded."""
        return self._rows[fact]

    def put(self, fact: str, row: Published) -> None:
        self._state.put(self._key(fact), layout.encode(row))

    def _key(self, fact: str) -> bytes:
        return self._prefix + pack(fact)


def publish(person: Person, rows: Rows, stands: Mapping[str, tuple[str, str]], release: str) -> list[Output]:
    """`stands`: line and moment of each fact that stands on a line."""
    outputs: list[Output] = []
    shares = int.from_bytes(person.head.shares, "big")
    for name, now in sorted(person.touched.items(), key=_fact):
        before = rows.get(name)
        after = _after(name, now, before)
        stood = before.stands if before is not None else None
        if after is None:
            if before is not None and before.current and stood != stands.get(name):
                rows.put(name, msgspec.structs.replace(before, stands=stands.get(name)))
            continue
        if before is not None and before.current:
            shares -= int.from_bytes(before.share, "big")
            person.head.entries -= 1
        if after.current:
            shares += int.from_bytes(after.share, "big")
            person.head.entries += 1
            after.stands = stands.get(name)
        rows.put(name, after)
        person.head.sequence += 1
        outputs += _news(person, name, now, after, release, new=before is None or not before.current)
    person.head.shares = (shares % canonical.MODULUS).to_bytes(32, "big")
    return outputs


def last_heard(person: Person) -> int:
    return max((feed.last_heard for feed in person.head.feeds.values()), default=person.head.known)


def _fact(touched: tuple[str, Fact | Ceased]) -> str:
    return touched[0]


def _after(name: str, now: Fact | Ceased, before: Published | None) -> Published | None:
    """What is published from now on; None where it is not news."""
    version = 1 if before is None else before.version + 1
    if isinstance(now, Ceased):
        return Published(now.kind, version, current=False, content=_NOTHING) if before is not None and before.current else None
    content, envelope = canonical.digest(now.content), entries.envelope(now)
    if before is not None and before.current and before.content == content and before.envelope == envelope:
        return None
    share = canonical.entry_digest(name, now.content).to_bytes(32, "big")
    return Published(now.kind, version, current=True, share=share, content=content, envelope=envelope)


def _news(person: Person, name: str, now: Fact | Ceased, after: Published, release: str, *, new: bool) -> list[Output]:
    if isinstance(now, Ceased):
        entry = entries.withdrawn(person.person, name, now.kind, after.version, now.rule, now.causes, last_heard(person),
                                  _successor(now, name, person.homes), release)
    else:
        entry = entries.current(person.person, now, after.version, release)
        entry = msgspec.structs.replace(entry, committed=_committed(person, now), known=max(entry.known, _heard(person, now)))
    digest = after.content.hex()
    sequence = person.head.sequence
    change_id = hashlib.sha256(f"{person.person}|{name}|{digest}|{sequence}".encode()).hexdigest()[:32]
    what = "withdrawn" if entry.status == entries.WITHDRAWN else "new" if new else "updated"
    change = Change(id=change_id, person=person.person, sequence=sequence, fact=name, kind=entry.kind, change=what, version=after.version,
                    digest=digest, known=entry.known, handover=person.handovers.get(name, -1))
    key = f"{person.person}|{name}".encode()
    return [Output(topics.ENTRIES, key, entry, person.person),
            Output(topics.CHANGES, person.person.encode(), change, person.person)]


def _heard(person: Person, fact: Fact) -> int:
    """What changed a fact of which nothing came: another member's withdrawal, another fact before it; known when that was. Else 0."""
    names = {(known.assertion.subject, known.assertion.record) for known in fact.winners}
    return 0 if person.names.keys() & names else last_heard(person)


def _committed(person: Person, fact: Fact) -> int | None:
    """When what causes this version was committed at its source: of the arrivals among the fact's assertions the latest."""
    names = {(known.assertion.subject, known.assertion.record) for known in fact.winners}
    return max([person.arrived[name] for name in names if name in person.arrived], default=None)


def _successor(ceased: Ceased, name: str, homes: dict[Place, str]) -> str | None:
    """The fact that the members went to: of the same place, else of another item of the same record."""
    for place in ceased.places:
        found = homes.get(place)
        if found is not None and found != name:
            return found
    records = {(place.subject, place.record) for place in ceased.places}
    others = sorted(home for place, home in homes.items() if (place.subject, place.record) in records and home != name)
    return others[0] if others else None

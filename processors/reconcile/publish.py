"""From touched facts to messages: an entry and a change for each that is news."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from mainstem import canonical
from mainstem.kinds.facts import Place
from mainstem.model import Change
from processors.keys import END
from processors.lane.contract import Output, State
from processors.reconcile import entries, layout
from processors.reconcile.derive import Fact
from processors.reconcile.groups import Ceased
from processors.reconcile.layout import Published
from processors.reconcile.person import Person
from schemas import topics

_NOTHING = canonical.digest(entries.NOTHING)


class Rows:
    """What was published of a person's facts, as far as a batch needs it."""

    def __init__(self, person: bytes, state: State) -> None:
        """`person`: what its keys begin with."""
        self._prefix = b"f" + person
        self._state = state
        self._rows: dict[str, Published | None] = {}

    def load(self, facts: Collection[str]) -> None:
        if facts:
            for fact, data in zip(facts, self._state.multi_get([self._key(fact) for fact in facts]), strict=True):
                self._rows[fact] = None if data is None else layout.decode_published(data)

    def get(self, fact: str) -> Published | None:
        """Of a fact that was loaded."""
        return self._rows[fact]

    def put(self, fact: str, row: Published) -> None:
        self._state.put(self._key(fact), layout.encode(row))

    def _key(self, fact: str) -> bytes:
        return self._prefix + fact.encode() + END


def publish(person: Person, rows: Rows, stands: Mapping[str, tuple[str, str]], release: str) -> list[Output]:
    """`stands`: line and moment of each fact that stands on a line."""
    outputs: list[Output] = []
    head = person.head
    shares = int.from_bytes(head.shares, "big")
    touched = person.groups.touched
    for name in sorted(touched):
        now = touched[name]
        before = rows.get(name)
        if before is not None and not before.current:
            last, before = before.version, None
        else:
            last = 0 if before is None else before.version
        if isinstance(now, Ceased):
            after = _ceased(now, before, last)
        else:
            after = _current(name, now, before, last, stands.get(name), person.labels)
        if after is None:
            continue
        if before is not None:
            shares -= int.from_bytes(before.share, "big")
            head.entries -= 1
        if after.current:
            shares += int.from_bytes(after.share, "big")
            head.entries += 1
        rows.put(name, after)
        if after.version == last:
            continue
        head.sequence += 1
        outputs += _news(person, name, now, after, release, new=before is None)
    head.shares = (shares % canonical.MODULUS).to_bytes(32, "big")
    return outputs


def last_heard(person: Person) -> int:
    return max((feed.last_heard for feed in person.head.feeds.values()), default=person.head.known)


def _ceased(now: Ceased, before: Published | None, last: int) -> Published | None:
    """`before`: where it is current. `last`: the version last published. None where it is not news."""
    return None if before is None else Published(now.kind, last + 1, current=False, content=_NOTHING)


def _current(name: str, now: Fact, before: Published | None, last: int, stands: tuple[str, str] | None,
             labels: tuple[str, ...]) -> Published | None:
    """With the version last published where only the fact's place on its line is another."""
    content, envelope = canonical.digest(now.content), entries.envelope(now, labels)
    if before is not None and before.content == content and before.envelope == envelope:
        return None if before.stands == stands else msgspec.structs.replace(before, stands=stands)
    share = canonical.entry_digest(name, now.content).to_bytes(32, "big")
    return Published(now.of.kind, last + 1, True, share, content, envelope, stands)


def _news(person: Person, name: str, now: Fact | Ceased, after: Published, release: str, *, new: bool) -> list[Output]:
    if isinstance(now, Ceased):
        entry = entries.withdrawn(person.person, name, now.kind, after.version, now.rule, now.causes, last_heard(person),
                                  _successor(now, name, person.groups.homes), release)
    else:
        known, committed = _arrival(person, now)
        entry = entries.current(person.person, now, after.version, release, known=known, committed=committed, labels=person.labels)
    digest = after.content.hex()
    sequence = person.head.sequence
    change_id = canonical.digest(f"{person.person}|{name}|{digest}|{sequence}".encode()).hex()[:32]
    what = "withdrawn" if entry.status == entries.WITHDRAWN else "new" if new else "updated"
    change = Change(id=change_id, person=person.person, sequence=sequence, fact=name, kind=entry.kind, change=what, version=after.version,
                    digest=digest, known=entry.known, handover=person.groups.handovers.get(name, -1))
    key = f"{person.person}|{name}".encode()
    return [Output(topics.ENTRIES, key, entry, person.person),
            Output(topics.CHANGES, person.person.encode(), change, person.person)]


def _arrival(person: Person, fact: Fact) -> tuple[int, int | None]:
    """When what changed a fact became known, and when it was committed at its source: of the arrivals among its records the latest.

    A fact of which nothing came was changed by another member's withdrawal, or another fact before it; it is known when that was.
    """
    came, committed = False, None
    in_hand = person.records.in_hand
    names = [member.place[:2] for member in fact.members]
    for name in (*names, *fact.crowd.records) if fact.crowd is not None else names:
        record = in_hand.get(name)
        if record is not None:
            came = came or record.came
            if record.committed is not None and (committed is None or record.committed > committed):
                committed = record.committed
    return 0 if came else last_heard(person), committed


def _successor(ceased: Ceased, name: str, homes: dict[Place, str]) -> str | None:
    """The fact that the members went to: of the same place, else of another item of the same record."""
    for place in ceased.places:
        found = homes.get(place)
        if found is not None and found != name:
            return found
    records = {(place.subject, place.record) for place in ceased.places}
    others = sorted(home for place, home in homes.items() if (place.subject, place.record) in records and home != name)
    return others[0] if others else None

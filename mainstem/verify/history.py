"""What happened, read from the topics as a committed reader sees them, in the manner of Jepsen: nothing missing, nothing doubled, no
inversion within a key. Where `verify` compares states, this compares histories: a fault that a later message covers up shows here.

It expects topics that nothing has been compacted out of: versions and sequences must then have no gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mainstem import versions
from mainstem.model import Assertion, Change, Entry, RawRef
from mainstem.person_events import Op, PersonEvent
from mainstem.verify.report import Check
from schemas import readable, topics
from schemas.codec import Codec
from schemas.topics import Topic

Name = tuple[str, str, str, bytes]
"""Source patient, record, part, version: what one assertion is."""
Version = tuple[str, str, int]
"""Person, fact, version of an entry."""
T = TypeVar("T")
Placed = Iterable[tuple[str, T]]
"""Messages, each with where it lies, for a text."""


@dataclass(slots=True)
class _Seen:
    """What earlier topics of the flow hold, for those that follow."""

    assertions: dict[Name, str] = field(default_factory=dict)
    """Assertion -> where it lies, for a text."""
    raws: set[RawRef] = field(default_factory=set)
    entries: set[Version] = field(default_factory=set)


def check(bootstrap: str, codec: Codec) -> list[Check]:
    """The checks, in the order of the flow. Call when every stage has read everything. Raises TruncatedReadError, KafkaException."""
    return compare(*(_read(bootstrap, codec, topic) for topic in (topics.ASSERTIONS, topics.PERSON_EVENTS, topics.ENTRIES, topics.CHANGES)))


def compare(assertions: Placed[Assertion], events: Placed[PersonEvent], entries: Placed[Entry], changes: Placed[Change]) -> list[Check]:
    """The same, from what the topics hold, each in the order of its partitions."""
    seen = _Seen()
    return [_assertions(assertions, seen), *_events(events, seen), *_entries(entries, seen), _changes(changes, seen)]


def _name(assertion: Assertion) -> Name:
    return assertion.subject, assertion.record, assertion.part, versions.packed(versions.of_assertion(assertion))


def _assertions(assertions: Placed[Assertion], seen: _Seen) -> Check:
    """One input item gives one assertion of a record and part, once."""
    check = Check("no assertion is there twice")
    origins: set[tuple[RawRef, str, str, str]] = set()
    for place, assertion in assertions:
        check.compared += 1
        origin = (assertion.raw, assertion.subject, assertion.record, assertion.part)
        if origin in origins:
            check.differs(f"{place} says again what {_raw(assertion.raw)} had said")
        origins.add(origin)
        seen.raws.add(assertion.raw)
        seen.assertions[_name(assertion)] = place
    return check


def _events(events: Placed[PersonEvent], seen: _Seen) -> list[Check]:
    """Each assertion reaches a person once, in the order of its source patient."""
    missing, doubled = Check("every assertion reaches a person"), Check("no assertion reaches a person twice")
    inverted = Check("assertions of a source patient keep their order")
    applied: set[Name] = set()
    places: set[tuple[int, int]] = set()
    last: dict[str, int] = {}
    for at, event in events:
        if event.op is not Op.APPLY:
            continue
        for known in event.items:
            doubled.compared += 1
            inverted.compared += 1
            place = (known.partition, known.offset)
            if place in places:
                doubled.differs(f"{at} applies assertion {place[0]}/{place[1]} again")
            places.add(place)
            # A source patient's assertions lie in one partition; what a person's partition gets later must come from further on.
            key = f"{event.person}|{event.subject}"
            if known.offset < last.get(key, -1):
                inverted.differs(f"{at} applies assertion {place[0]}/{place[1]} after a later one of its source patient")
            last[key] = known.offset
            applied.add(_name(known.assertion))
    missing.compared = len(seen.assertions)
    for name, at in seen.assertions.items():
        if name not in applied:
            missing.differs(f"{at} was never applied")
    return [missing, doubled, inverted]


def _entries(entries: Placed[Entry], seen: _Seen) -> list[Check]:
    order, origin = Check("versions of an entry rise by one from 1"), Check("every entry rests on assertions that are there")
    latest: dict[tuple[str, str], int] = {}
    for at, entry in entries:
        key = (entry.person, entry.fact)
        order.compared += 1
        if entry.version != latest.get(key, 0) + 1:
            order.differs(f"{at}: fact {entry.fact} of person {entry.person} goes from version {latest.get(key, 0)} to {entry.version}")
        latest[key] = entry.version
        seen.entries.add((*key, entry.version))
        for provenance in entry.provenance:
            origin.compared += 1
            if provenance.raw not in seen.raws:
                origin.differs(f"{at}: fact {entry.fact} names {_raw(provenance.raw)}, of which there is no assertion")
    return [order, origin]


def _changes(changes: Placed[Change], seen: _Seen) -> Check:
    """Each entry is told of once; a person's numbers have neither gap nor repetition."""
    check = Check("each change is told once, in unbroken sequence")
    latest: dict[str, int] = {}
    untold = set(seen.entries)
    for at, change in changes:
        check.compared += 1
        if change.sequence != latest.get(change.person, 0) + 1:
            check.differs(f"{at}: person {change.person} goes from {latest.get(change.person, 0)} to {change.sequence}")
        latest[change.person] = change.sequence
        version = (change.person, change.fact, change.version)
        if version not in untold:
            check.differs(f"{at}: tells of version {change.version} of fact {change.fact}, which is not published or was told before")
        untold.discard(version)
    for person, fact, number in untold:
        check.differs(f"version {number} of fact {fact} of person {person} was never told")
    return check


def _read(bootstrap: str, codec: Codec, topic: Topic) -> Iterator[tuple[str, Any]]:
    for message, value in readable.read(bootstrap, codec, topic):
        yield f"{topic.name}/{message.partition()} offset {message.offset()}", value


def _raw(raw: RawRef) -> str:
    return f"{raw.topic}/{raw.partition} offset {raw.offset}"

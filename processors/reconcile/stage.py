"""The reconcile stage: person events in; entries, summaries, changes and answers to handovers out.

The cost of an event does not depend on how much is known of the person: see `layout` for what is read and written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from mainstem import canonical
from mainstem.kinds.facts import NoTerms, Place, Terms
from mainstem.model import Change, PersonEvent, SourceState, Summary
from processors.keys import pack
from processors.lane.contract import Output, Received, State
from processors.reconcile import entries, layout
from processors.reconcile.derive import Fact
from processors.reconcile.layout import Head, Published
from processors.reconcile.person import Ceased, Person
from schemas import topics


class ReconcileStage:
    """A stage: keeps each person's record, and publishes what changes."""

    name = "reconcile"
    inputs = (topics.PERSON_EVENTS,)
    changelog = topics.RECONCILE_CHANGELOG

    def __init__(self, terms: Terms | None = None) -> None:
        self._terms = terms or NoTerms()

    def process(self, batch: Sequence[tuple[Received, Any]], state: State) -> list[Output]:
        of_person: dict[str, list[PersonEvent]] = {}
        for _, event in batch:
            of_person.setdefault(event.person, []).append(event)
        heads = state.multi_get([layout.head_key(person) for person in of_person])
        outputs: list[Output] = []
        for (person, events), data in zip(of_person.items(), heads, strict=True):
            outputs += self._turn(person, events, data, state)
        return outputs

    def _turn(self, name: str, events: list[PersonEvent], data: bytes | None, state: State) -> list[Output]:
        person = Person(name, Head() if data is None else layout.decode_head(data), state, self._terms)
        person.records.preload([(event.subject, known.assertion.record) for event in events for known in event.items])
        for event in events:
            person.take(event)
        person.settle()
        outputs = _publish(person, state, self._terms.release)
        head = person.head
        head.known = max([head.known, *(feed.last_heard for feed in head.feeds.values())])
        after = layout.encode(head)
        if after != data and head.feeds:
            head.revision += 1
            state.put(layout.head_key(name), layout.encode(head))
            outputs.append(Output(topics.SUMMARIES, name.encode(), summary(name, head), name))
        outputs += [Output(topics.ATTACHED, answer.subject.encode(), answer, answer.subject) for answer in person.attached]
        return outputs


def summary(person: str, head: Head) -> Summary:
    live = sorted((subject, feed) for subject, feed in head.feeds.items() if feed.live)
    sources = []
    for subject, feed in live:
        source, _, patient = subject.partition("|")
        sources.append(SourceState(source=source, patient=patient, last_heard=feed.last_heard, epoch=feed.epoch, handover=feed.handover,
                                   kinds=tuple(feed.kinds)))
    numbers = sorted({number for _, feed in live for number in feed.numbers.values()})
    return Summary(person=person, digest=head.shares.hex(), entries=head.entries, sequence=head.sequence, revision=head.revision,
                   known=head.known, nhs_numbers=tuple(numbers), sources=tuple(sources))


_NOTHING = canonical.digest(entries.NOTHING)


def _publish(person: Person, state: State, release: str) -> list[Output]:
    """An entry and a change for each touched fact that is news."""
    touched = sorted(person.touched)
    prefix = b"f" + pack(person.person)
    keys = [prefix + pack(fact) for fact in touched]
    outputs: list[Output] = []
    shares = int.from_bytes(person.head.shares, "big")
    for key, name, data in zip(keys, touched, state.multi_get(keys), strict=True):
        before = None if data is None else layout.decode_published(data)
        now = person.touched[name]
        after = _after(name, now, before)
        if after is None:
            continue
        if before is not None and before.current:
            shares -= int.from_bytes(before.share, "big")
            person.head.entries -= 1
        if after.current:
            shares += int.from_bytes(after.share, "big")
            person.head.entries += 1
        state.put(key, layout.encode(after))
        person.head.sequence += 1
        outputs += _news(person, name, now, after, release, new=before is None or not before.current)
    person.head.shares = (shares % canonical.MODULUS).to_bytes(32, "big")
    return outputs


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
        entry = entries.withdrawn(person.person, name, now.kind, after.version, now.rule, now.causes, _last_heard(person),
                                  _successor(now, name, person.homes), release)
    else:
        entry = msgspec.structs.replace(entries.current(person.person, now, after.version, release), committed=_committed(person, now))
    digest = after.content.hex()
    sequence = person.head.sequence
    change_id = hashlib.sha256(f"{person.person}|{name}|{digest}|{sequence}".encode()).hexdigest()[:32]
    what = "withdrawn" if entry.status == entries.WITHDRAWN else "new" if new else "updated"
    change = Change(id=change_id, person=person.person, sequence=sequence, fact=name, kind=entry.kind, change=what, version=after.version,
                    digest=digest, known=entry.known, handover=person.handovers.get(name, -1))
    key = f"{person.person}|{name}".encode()
    return [Output(topics.ENTRIES, key, entry, person.person),
            Output(topics.CHANGES, person.person.encode(), change, person.person)]


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


def _last_heard(person: Person) -> int:
    return max((feed.last_heard for feed in person.head.feeds.values()), default=person.head.known)

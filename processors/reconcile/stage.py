"""The reconcile stage: person events in; entries, summaries, changes and answers to handovers out.

The cost of an event does not depend on how much is known of the person: see `layout` for what is read and written.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from mainstem.kinds.facts import NoTerms, Terms
from mainstem.model import SourceState, Summary
from mainstem.person_events import Op, PersonEvent
from processors.keys import pack
from processors.lane.contract import Output, Received, State
from processors.lane.errors import ReleaseBehindError
from processors.reconcile import layout, sweep
from processors.reconcile.edition import derived_by
from processors.reconcile.layout import Head
from processors.reconcile.neighbours import Neighbours
from processors.reconcile.person import Person
from processors.reconcile.publish import Rows, last_heard, publish
from schemas import topics


class ReconcileStage:
    """A stage: keeps each person's record, and publishes what changes."""

    name = "reconcile"
    inputs = (topics.PERSON_EVENTS,)
    offsets_count = False
    changelog = topics.RECONCILE_CHANGELOG

    def __init__(self, terms: Terms | None = None, activations: Collection[str] = ()) -> None:
        """`terms`: the release in force. `activations`: all of terminologies and of rules that were known when it was looked up."""
        self._terms = terms or NoTerms()
        self._with = derived_by(self._terms)
        self._activations = frozenset(activations)

    def process(self, batch: Sequence[tuple[Received, Any]], state: State) -> list[Output]:
        """Raises ReleaseBehindError."""
        of_person: dict[str, list[PersonEvent]] = {}
        sweeps: list[PersonEvent] = []
        for _, event in batch:
            if event.op is not Op.DERIVE:
                of_person.setdefault(event.person, []).append(event)
            elif event.subject in self._activations:
                sweeps.append(event)
            else:
                raise ReleaseBehindError(event.subject)
        heads = state.multi_get([layout.head_key(pack(person)) for person in of_person])
        outputs: list[Output] = []
        for (person, events), data in zip(of_person.items(), heads, strict=True):
            outputs += self._turn(person, events, data, state)[1]
        for event in sweeps:
            outputs += sweep.slice_of(event, self._with, state, lambda person, data: self._turn(person, [], data, state))
        return outputs

    def _turn(self, name: str, events: list[PersonEvent], data: bytes | None, state: State) -> tuple[int, list[Output]]:
        """How many records were counted for the release's sake, and what there is to say."""
        person = Person(name, Head() if data is None else layout.decode_head(data), state, self._terms)
        recounted = sweep.recount(person) if person.anew else 0
        person.records.preload([(event.subject, known.assertion.record) for event in events for known in event.items])
        for event in events:
            person.take(event)
        person.settle()
        rows = Rows(person.key, state)
        rows.load(person.groups.touched)
        neighbours = Neighbours(person, rows, state, self._terms)
        neighbours.align()
        outputs = publish(person, rows, neighbours.stands, self._terms.release)
        return recounted, outputs + _told(person, data, self._with, state)


def _told(person: Person, before: bytes | None, release: str, state: State) -> list[Output]:
    """The summary, where it is news, answers to handovers, and what is left of them to do. `before`: the head that state holds;
    `release`: what the facts were derived with (`edition.derived_by`)."""
    head, name = person.head, person.person
    head.known = max(head.known, last_heard(person))
    outputs: list[Output] = []
    changed = layout.encode(head) != before
    if head.feeds and (changed or head.release != release):
        if changed:
            head.revision += 1
            outputs.append(Output(topics.SUMMARIES, name.encode(), summary(name, head), name))
        head.release = release
        state.put(layout.head_key(person.key), layout.encode(head))
    outputs += [Output(topics.ATTACHED, answer.subject.encode(), answer, answer.subject) for answer in person.attached]
    outputs += [Output(topics.PERSON_EVENTS, name.encode(), event, name) for event in person.leaving]
    return outputs


def summary(person: str, head: Head) -> Summary:
    live = sorted((subject, feed) for subject, feed in head.feeds.items() if feed.live)
    sources = []
    for subject, feed in live:
        source, _, patient = subject.partition("|")
        sources.append(SourceState(source=source, patient=patient, last_heard=feed.last_heard, epoch=feed.epoch, handover=feed.handover,
                                   kinds=tuple(feed.kinds), partial=tuple(feed.partial)))
    numbers = sorted({number for _, feed in live for number in feed.numbers.values()})
    return Summary(person=person, digest=head.shares.hex(), entries=head.entries, sequence=head.sequence, revision=head.revision,
                   known=head.known, nhs_numbers=tuple(numbers), labels=head.labels, checked=head.checked, sources=tuple(sources))


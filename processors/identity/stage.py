"""The identity stage: sends each assertion to its person's partition, and hands source patients over when their person changes.

State per source patient: a head (person, epoch, who else still holds it) and every assertion once, with the least known time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from mainstem import versions
from mainstem.model import Assertion, Assignment, Known
from mainstem.person_events import Attached, Op, PersonEvent
from mainstem.settings import Settings
from processors.identity.persons import own_person
from processors.keys import pack
from processors.lane.contract import Output, Received, State
from processors.stored import dump, load
from schemas import topics

CHUNK_ITEMS = 500
CHUNK_BYTES = 1_000_000
"""Of content in one message: well below the broker's limit with all else that goes with it."""
MANIFEST = "manifest"
"""The record whose assertions are manifests (docs/architecture.md, Producers)."""
SLICE_ITEMS = 50_000
SLICE_BYTES = 32_000_000
"""Of a handover in one transaction, and of a single record twice that. The rest follows in the next ones, and others need not wait."""
GO_ON = ""
"""In place of a person in `Attached`: the stage's note to itself, committed with a slice, that the next one is due."""


class Head(msgspec.Struct, array_like=True):
    """Where a source patient is."""

    person: str
    epoch: int = -1
    holding: bool = False
    """The person has been sent something."""
    moved: int = -1
    """Epoch of the handover in progress or last done: what `Attached` has to name."""
    others: list[str] = []
    """Earlier persons that have not been told to detach."""
    sent: bytes | None = None
    """State key of the last assertion sent of a handover that has not been sent whole."""
    letting_go: dict[str, int] = {}
    """Earlier persons that were told to detach and have not said that it is done, each with the epoch. So long the present person says that
    a handover is in progress: they may not yet have read that it is, and then show it as if nothing were."""
    opted_out: bool | None = None
    restricted: bool = False


class IdentityStage:
    """A stage: assertions, assignments and answers to handovers in; person events out."""

    name = "identity"
    inputs = (topics.ASSERTIONS, topics.ASSIGNMENTS, topics.ATTACHED)
    offsets_count = False
    changelog = topics.IDENTITY_CHANGELOG

    def __init__(self, person_key: bytes | None = None) -> None:
        """`person_key`: what person ids are hashed with; by default that of the settings."""
        self._key = person_key or Settings().person_key.get_secret_value().encode()

    def process(self, batch: Sequence[tuple[Received, Any]], state: State) -> list[Output]:
        turn = _Turn(self._key, state)
        turn.preload({value.subject for _, value in batch})
        for received, value in batch:
            if received.topic is topics.ASSERTIONS or received.topic.name == topics.ASSERTIONS.name:
                turn.assertion(received, value)
            elif isinstance(value, Assignment):
                turn.assignment(value)
            else:
                turn.attached(value)
        return turn.finish()


class _Turn:
    """One batch: heads in hand, and assertions waiting to go out together."""

    def __init__(self, key: bytes, state: State) -> None:
        self._key = key
        self._state = state
        self._heads: dict[str, Head] = {}
        self._changed: set[str] = set()
        self._waiting: dict[str, list[Known]] = {}
        self._outputs: list[Output] = []

    def preload(self, subjects: set[str]) -> None:
        ordered = sorted(subjects)
        for subject, data in zip(ordered, self._state.multi_get([b"h" + pack(s) for s in ordered]), strict=True):
            self._heads[subject] = Head(own_person(self._key, subject)) if data is None else _decode_head(data)

    def assertion(self, received: Received, assertion: Assertion) -> None:
        known = Known(assertion, received.timestamp if assertion.known is None else assertion.known, received.partition, received.offset)
        subject = assertion.subject
        key = b"k" + pack(subject, assertion.record, assertion.part) + versions.packed(versions.of_assertion(assertion))
        held = self._state.get(key)
        if held is not None and versions.earlier(load(held), known) is not known:
            return
        self._state.put(key, dump(known))
        self._waiting.setdefault(subject, []).append(known)
        if not self._heads[subject].holding:
            self._heads[subject].holding = True
            self._changed.add(subject)

    def assignment(self, assignment: Assignment) -> None:
        subject = assignment.subject
        head = self._heads[subject]
        if assignment.epoch <= head.epoch:
            return
        self._send(subject)
        self._changed.add(subject)
        head.epoch = assignment.epoch
        answered = (head.opted_out, head.restricted) != (assignment.opted_out, assignment.restricted)
        head.opted_out, head.restricted = assignment.opted_out, assignment.restricted
        if assignment.person == head.person:
            if head.sent is not None:
                head.moved = head.epoch  # under which the rest goes, and is answered
            if answered and head.holding:
                self._emit(Op.APPLY, head.person, subject, head.epoch)
                for person in head.others:
                    self._emit(Op.LEAVING, person, subject, head.epoch)
            return
        leaving = sorted({*head.others, *([head.person] if head.holding else ())} - {assignment.person})
        head.person = assignment.person
        head.letting_go.pop(head.person, None)
        if not head.holding:
            return
        head.others, head.moved = leaving, assignment.epoch
        for person in leaving:
            self._emit(Op.LEAVING, person, subject, head.epoch)
        self._attach(subject, head, None)

    def attached(self, answer: Attached) -> None:
        head = self._heads[answer.subject]
        if answer.person == GO_ON:
            if head.sent is not None:
                self._changed.add(answer.subject)
                self._attach(answer.subject, head, head.sent)
            return
        if head.letting_go.get(answer.person) == answer.epoch:
            del head.letting_go[answer.person]
            self._changed.add(answer.subject)
            if not head.letting_go and not head.others:
                self._emit(Op.SETTLED, head.person, answer.subject, head.epoch)
            return
        if head.sent is not None or answer.epoch != head.moved or answer.person != head.person or not head.others:
            return
        self._send(answer.subject)
        for person in head.others:
            self._emit(Op.DETACH, person, answer.subject, head.epoch)
            head.letting_go[person] = head.epoch
        head.others = []
        self._changed.add(answer.subject)

    def finish(self) -> list[Output]:
        for subject in list(self._waiting):
            self._send(subject)
        for subject in self._changed:
            self._state.put(b"h" + pack(subject), _encode(self._heads[subject]))
        return self._outputs

    def _attach(self, subject: str, head: Head, after: bytes | None) -> None:
        """The next slice of what is held; `after`: the key of the last that was sent. A record is cut in two only where it alone is more
        than a slice. Of two notes that the next one is due, the later does no harm: it comes sooner, or is done."""
        items: list[Known] = []
        size, reached, head.sent = 0, b"", None
        for key, value in _held(self._state, subject, after):
            known = load(value)
            full = max(len(items) / SLICE_ITEMS, size / SLICE_BYTES)
            if full >= 2 or (full >= 1 and known.assertion.record != items[-1].assertion.record):
                head.sent = reached
                break
            items.append(known)
            size, reached = size + len(known.assertion.content), key
        for chunk, last in _chunks(iter(items)):
            self._emit(Op.ATTACH, head.person, subject, head.epoch, chunk, last=last and head.sent is None)
        if head.sent is not None:
            due = Attached(subject=subject, person=GO_ON, epoch=head.epoch)
            self._outputs.append(Output(topics.ATTACHED, subject.encode(), due, subject))

    def _send(self, subject: str) -> None:
        """What waits for the source patient goes to the person it has now, under the epoch it has now."""
        waiting = self._waiting.pop(subject, None)
        if waiting:
            head = self._heads[subject]
            for items, _ in _chunks(iter(waiting)):
                self._emit(Op.APPLY, head.person, subject, head.epoch, items)

    def _emit(self, op: Op, person: str, subject: str, epoch: int, items: tuple[Known, ...] = (), *, last: bool = True) -> None:
        head = self._heads[subject]
        event = PersonEvent(op=op, person=person, subject=subject, epoch=epoch, items=items, last=last,
                            opted_out=head.opted_out, restricted=head.restricted)
        self._outputs.append(Output(topics.PERSON_EVENTS, person.encode(), event, person))


_encode = msgspec.msgpack.Encoder().encode
_decode_head = msgspec.msgpack.Decoder(Head).decode


def _held(state: State, subject: str, after: bytes | None) -> Iterator[tuple[bytes, bytes]]:
    """What is kept of a source patient, record by record. Manifests first: what they make absent is then news to nobody."""
    every, first = b"k" + pack(subject), b"k" + pack(subject, MANIFEST)
    begun = after is not None and not after.startswith(first)
    if not begun:
        yield from _following(state, after, first)
    for pair in _following(state, after if begun else None, every):
        if not pair[0].startswith(first):
            yield pair


def _following(state: State, key: bytes | None, within: bytes) -> Iterator[tuple[bytes, bytes]]:
    if key is None:
        yield from state.prefix(within)
        return
    while (pair := state.after(key, within)) is not None:
        yield pair
        key = pair[0]


def _chunks(items: Iterator[Known]) -> Iterator[tuple[tuple[Known, ...], bool]]:
    """Bounded runs of items, each with whether it is the last; at least one."""
    chunk: list[Known] = []
    size = 0
    for run, weight in _records(items):
        if chunk and (len(chunk) + len(run) > CHUNK_ITEMS or size + weight > CHUNK_BYTES):
            yield tuple(chunk), False
            chunk, size = [], 0
        chunk += run
        size += weight
    yield tuple(chunk), True


def _records(items: Iterator[Known]) -> Iterator[tuple[list[Known], int]]:
    """What is said of one record, and its weight, as far as a chunk takes it: cut in two it would be shown for a moment as it is not, as
    what was retracted since."""
    run: list[Known] = []
    size = 0
    for item in items:
        weight = len(item.assertion.content)
        if run and (item.assertion.record != run[-1].assertion.record or len(run) == CHUNK_ITEMS or size + weight > CHUNK_BYTES):
            yield run, size
            run, size = [], 0
        run.append(item)
        size += weight
    if run:
        yield run, size

"""Reads from the topics what a moment of the past needs: all claims, the releases, and the log of the person's source patients.

Only the partitions that those source patients go to are read, to their end: when a thing was known does not rise along a log, since the
clocks of brokers differ, and copies keep the time of what they copy. Keys are looked at before anything is decoded, so that most of what
is read costs little.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from confluent_kafka import Message

from mainstem.adjudication.history import Passed, Row, choose, moves, passed, ties
from mainstem.history.ended import Ended, ended
from mainstem.history.instead import Opened, release_at, terms_at
from mainstem.history.past import (
    Log,
    Past,
    Persons,
    Said,
    by_number,
    elsewhere_at,
    first_known,
    model_at,
    record_at,
    stops,
)
from mainstem.model import Assertion, Claim, Entry, Known
from mainstem.shelf import ReleaseError
from mainstem.terminology.releases import Activation
from processors.identity.persons import own_person
from processors.identity.scoring.shelf import Opened as ModelOpened
from processors.identity.scoring.shelf import only_shipped
from processors.reconcile.edition import other_at
from processors.reconcile.folded import Record
from schemas import log, topics
from schemas.codec import Codec
from schemas.log import TruncatedReadError
from schemas.partition import partition
from schemas.readable import Readable
from schemas.topics import Topic

_TOLD = 200_000
"""Messages from one word on progress to the next."""


class NobodyThenError(LookupError):
    """Nobody carried the NHS number at that moment. `first`: when somebody first did; None: nobody has so far."""

    def __init__(self, at: int, first: int | None) -> None:
        super().__init__("nobody carried this NHS number at that moment")
        self.at, self.first = at, first


class BeginningLostError(LookupError):
    """What was said first is not in the log any more, so that no moment can be told exactly."""

    def __init__(self, topic: str, place: int, first: int) -> None:
        super().__init__(f"{topic} partition {place} begins at offset {first}, and what was said before is lost: give the topic back from "
                         "a mirror or a backup, with its times (docs/history.md)")


def _silent(_text: str) -> None:
    return


class Reader(NamedTuple):
    """What is read from. `seconds` bounds one question from its beginning to its end."""

    kafka: str
    codec: Codec
    key: bytes
    """That person ids are hashed with."""
    opened: Opened
    models: ModelOpened = only_shipped
    seconds: float = 300
    say: Callable[[str], None] = _silent
    """Told of progress, a line at a time."""

    def by_number(self, number: str, *moments: int) -> list[Past]:
        """The record that the number led to at each moment. Raises NobodyThenError, BeginningLostError, TruncatedReadError, ReleaseError,
        KafkaException."""
        question = _Question(self)
        who = [question.persons(at) for at in moments]
        subjects = {subject for persons in who for person in persons.named(number) for subject in persons.subjects(person)}
        held, today = question.log(subjects), question.today(question.bearing(subjects))
        found = []
        for at, persons in zip(moments, who, strict=True):
            terms, missing = terms_at(held.activations, at, self.opened)
            led = by_number(held, persons, number, at, terms, self.key)
            if led is None:
                raise NobodyThenError(at, first_known(question.claims, number))
            found.append(Past(at, led[0], terms, led[1], missing=missing, rules=other_at(held.activations, at), today=_of(led[0], today)))
        return found

    def called(self, number: str) -> tuple[str, ...]:
        """The persons of whom any claim says now that they carry the NHS number, those for whom it is verified first. It reads all claims.
        Raises BeginningLostError, TruncatedReadError, ReleaseError, KafkaException."""
        return _Question(self).persons(_EVER).called(number)

    def by_person(self, person: str, besides: Iterable[str], *moments: int) -> list[Past]:
        """The record of a person id at each moment, maybe without entries. `besides`: source patients it is known to have had. Raises
        BeginningLostError, TruncatedReadError, ReleaseError, KafkaException."""
        question, besides = _Question(self), tuple(besides)
        maybe = {*besides, *question.alone(person)}
        who = [question.persons(at) for at in moments]
        subjects = {*maybe, *(subject for persons in who for subject in persons.subjects(person))}
        rows = question.bearing(subjects)
        came = question.passed(person, rows)
        ever = {*subjects, *(one.subject for one in came)}
        held, today = question.log(ever), question.today(rows)
        told = stops(held, ever, [one.at for one in came])
        found = []
        for at, persons in zip(moments, who, strict=True):
            terms, missing = terms_at(held.activations, at, self.opened)
            record = record_at(held, persons, person, at, terms, self.key, maybe)
            elsewhere = elsewhere_at(held, persons, person, at, besides)
            rules = other_at(held.activations, at)
            found.append(Past(at, record, terms, elsewhere=elsewhere, missing=missing, stops=told, rules=rules, today=_of(record, today)))
        return found

    def ended(self, person: str, subjects: Iterable[str]) -> list[Ended]:
        """The withdrawn entries of a person as it is now. `subjects`: its source patients."""
        question = _Question(self)
        latest = {entry.fact: entry for entry in question.entries(person)}
        causes = {f"{said.source}|{said.patient}" for entry in latest.values() if entry.status == "withdrawn" for said in entry.provenance}
        held, release = question.assertions({*subjects, *causes}), release_at(question.activations, _EVER)
        return ended(latest.values(), held, person, self.opened(release))


class _Question:
    """One look at the topics, to their end: what was said after a moment is no part of the record then, but tells who is who today."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._deadline = time.monotonic() + reader.seconds

    @cached_property
    def claims(self) -> list[Said]:
        return [Said(claim, _known(claim, message)) for message, claim in self._decoded(topics.CLAIMS, [0])]

    @cached_property
    def activations(self) -> list[Activation]:
        return [Activation(message.timestamp()[1], log.place(message)[1], release)
                for message, release in self._decoded(topics.RELEASES, [0])]

    def persons(self, at: int) -> Persons:
        """Who was who at the moment, by the model then in force. Raises ReleaseError."""
        return Persons(self.claims, at, self._reader.key, self._reader.models(model_at(self.activations, at)))

    def alone(self, person: str) -> set[str]:
        """Of all whom claims name those whose person it is while nothing links them, which no claim has to say."""
        named = {each for said in self.claims for each in ties(said.claim)}
        return {each for each in named if own_person(self._reader.key, each) == person}

    def bearing(self, subjects: Iterable[str]) -> Sequence[Row]:
        """The claims that say of whom these source patients are or ever were, in the order in which they were known: copies lie later."""
        said = sorted(self.claims, key=lambda said: said.known)
        return choose([(place, one.known, one.claim) for place, one in enumerate(said)], subjects, self._reader.models)

    def passed(self, person: str, rows: Sequence[Row]) -> list[Passed]:
        """Who came to the person and who left it; nobody where a matching model that was once in force is not at hand."""
        try:
            return passed(person, moves(rows, self._reader.key, self._reader.models), self._reader.key)
        except ReleaseError:
            return []

    def today(self, rows: Sequence[Row]) -> Persons:
        """Who is who now, of those whom these claims are about. Raises ReleaseError."""
        model = self._reader.models(model_at(self.activations, _EVER))
        return Persons([Said(claim, known) for _, known, claim in rows], _EVER, self._reader.key, model)

    def entries(self, person: str) -> Iterator[Entry]:
        """Of a person, versions in order."""
        decode, beginning = self._reader.codec.decoder(topics.ENTRIES), f"{person}|".encode()
        for message in self._messages(topics.ENTRIES, [partition(person, topics.ENTRIES.partitions)]):
            if (message.key() or b"").startswith(beginning):
                yield decode(message.value())

    def log(self, subjects: set[str]) -> Log:
        return Log(self.claims, self.assertions(subjects), self.activations)

    def assertions(self, subjects: set[str]) -> list[Known]:
        keys = {subject.encode() for subject in subjects}
        places = {partition(subject, topics.ASSERTIONS.partitions) for subject in subjects}
        return [Known(assertion, _known(assertion, message), *log.place(message))
                for message, assertion in self._decoded(topics.ASSERTIONS, places, keys)]

    def _decoded(self, topic: Topic, partitions: Iterable[int], keys: set[bytes] | None = None) -> Iterator[tuple[Message, Any]]:
        """What no stage could read was no part of any record, and is left out."""
        readable = Readable(self._reader.kafka, self._reader.codec, topic)
        for message in self._messages(topic, partitions):
            if (keys is None or message.key() in keys) and (value := readable.value(message)) is not None:
                yield message, value

    def _messages(self, topic: Topic, partitions: Iterable[int]) -> Iterator[Message]:
        """Raises BeginningLostError of what is kept for ever."""
        wanted = log.stretches(self._reader.kafka, topic, partitions)
        for place, stretch in wanted.items():
            if stretch.first and not topic.compacted:
                raise BeginningLostError(topic.name, place, stretch.first)
        total, began = sum(stretch.end - stretch.first for stretch in wanted.values()), time.monotonic()
        left = self._deadline - began
        for count, message in enumerate(log.read_stretches(self._reader.kafka, topic, wanted, seconds=max(left, 0.1)), 1):
            if count % _TOLD == 0:
                self._reader.say(f"{topic.name}: {count:,} of about {total:,} messages read, "
                                 f"{count / (time.monotonic() - began):,.0f} a second")
            if count % 1000 == 0 and time.monotonic() > self._deadline:
                raise TruncatedReadError(topic.name, self._reader.seconds)
            yield message


_EVER = 253_402_300_799_000
"""The year 9999: the broker's clock may be ahead of ours."""


def _of(record: Record, today: Persons) -> tuple[str, ...]:
    """Whose the record's source patients are today, sorted."""
    return tuple(sorted({today.of(f"{state.source}|{state.patient}") for state in record.sources}))


def _known(said: Assertion | Claim, message: Message) -> int:
    return message.timestamp()[1] if said.known is None else said.known

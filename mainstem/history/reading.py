"""Reads from the topics what a moment of the past needs: all claims, the releases, and the log of the person's source patients.

Only the partitions that those source patients go to are read, and only as far as the moment asked for. Keys are looked at before
anything is decoded, so that most of what is read costs little.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

from confluent_kafka import Message

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
from mainstem.terminology.releases import Activation
from processors.identity.scoring.shelf import Opened as ModelOpened
from processors.identity.scoring.shelf import only_shipped
from processors.reconcile.edition import other_at
from schemas import log, topics
from schemas.codec import Codec
from schemas.log import Stretch, TruncatedReadError
from schemas.partition import partition
from schemas.topics import Topic

_TOLD = 200_000
"""Messages from one word on progress to the next."""


class NobodyThenError(LookupError):
    """Nobody carried the NHS number at that moment. `first`: when somebody first did; None: nobody has so far."""

    def __init__(self, first: int | None) -> None:
        super().__init__("nobody carried this NHS number, verified, at that moment")
        self.first = first


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
        """The record that the number led to at each moment. Raises NobodyThenError, TruncatedReadError, ReleaseError, KafkaException."""
        question = _Question(self, max(moments))
        who = [question.persons(at) for at in moments]
        subjects = {subject for persons in who for person in persons.carrying(number) for subject in persons.subjects(person)}
        held = question.log(subjects)
        found = []
        for at, persons in zip(moments, who, strict=True):
            terms, missing = terms_at(held.activations, at, self.opened)
            led = by_number(held, persons, number, at, terms, self.key)
            if led is None:
                raise NobodyThenError(first_known(_Question(self, _now()).claims, number))
            found.append(Past(at, led[0], terms, led[1], missing=missing, rules=other_at(held.activations, at)))
        return found

    def called(self, number: str) -> tuple[str, ...]:
        """The persons of whom any claim says now that they carry the NHS number, those for whom it is verified first. It reads all claims.
        Raises TruncatedReadError, ReleaseError, KafkaException."""
        now = _now()
        return _Question(self, now).persons(now).called(number)

    def by_person(self, person: str, besides: Iterable[str], *moments: int) -> list[Past]:
        """The record of a person id at each moment, maybe without entries. `besides`: source patients it is known to have had.

        Reads to now, whatever the moments: what was said later is no part of the record then, but a moment to go to."""
        question, besides = _Question(self, max(*moments, _now())), tuple(besides)
        who = [question.persons(at) for at in moments]
        subjects = {*besides, *(subject for persons in who for subject in persons.subjects(person))}
        held = question.log(subjects)
        told = stops(held, subjects)
        found = []
        for at, persons in zip(moments, who, strict=True):
            terms, missing = terms_at(held.activations, at, self.opened)
            record = record_at(held, persons, person, at, terms, self.key, besides)
            elsewhere = elsewhere_at(held, persons, person, at, besides)
            rules = other_at(held.activations, at)
            found.append(Past(at, record, terms, elsewhere=elsewhere, missing=missing, stops=told, rules=rules))
        return found


    def ended(self, person: str, subjects: Iterable[str]) -> list[Ended]:
        """The withdrawn entries of a person as it is now. `subjects`: its source patients."""
        now = _now()
        question = _Question(self, now, claims=False)
        latest = {entry.fact: entry for entry in question.entries(person)}
        causes = {f"{said.source}|{said.patient}" for entry in latest.values() if entry.status == "withdrawn" for said in entry.provenance}
        held = question.log({*subjects, *causes})
        return ended(latest.values(), held.assertions, person, self.opened(release_at(held.activations, now)))


class _Question:
    """One look at the topics, up to a moment."""

    def __init__(self, reader: Reader, at: int, *, claims: bool = True) -> None:
        self._reader, self._at = reader, at
        self._deadline = time.monotonic() + reader.seconds
        self.claims = [Said(claim, _known(claim, message)) for message, claim in self._decoded(topics.CLAIMS, [0])] if claims else []

    def persons(self, at: int) -> Persons:
        """Who was who at the moment, by the model then in force. Raises ReleaseError."""
        return Persons(self.claims, at, self._reader.key, self._reader.models(model_at(self.activations, at)))

    @cached_property
    def activations(self) -> list[Activation]:
        return [Activation(message.timestamp()[1], log.place(message)[1], release)
                for message, release in self._decoded(topics.RELEASES, [0])]

    def entries(self, person: str) -> Iterator[Entry]:
        """Of a person, versions in order."""
        decode, beginning = self._reader.codec.decoder(topics.ENTRIES), f"{person}|".encode()
        places = [partition(person, topics.ENTRIES.partitions)]
        for message in self._messages(topics.ENTRIES, log.stretches(self._reader.kafka, topics.ENTRIES, self._at, places)):
            if (message.key() or b"").startswith(beginning):
                yield decode(message.value())

    def log(self, subjects: set[str]) -> Log:
        keys = {subject.encode() for subject in subjects}
        places = {partition(subject, topics.ASSERTIONS.partitions) for subject in subjects}
        known = [Known(assertion, _known(assertion, message), *log.place(message))
                 for message, assertion in self._decoded(topics.ASSERTIONS, places, keys)]
        return Log(self.claims, known, self.activations)

    def _decoded(self, topic: Topic, partitions: Iterable[int], keys: set[bytes] | None = None) -> Iterator[tuple[Message, Any]]:
        decode = self._reader.codec.decoder(topic)
        for message in self._messages(topic, self._stretches(topic, partitions)):
            if keys is None or message.key() in keys:
                yield message, decode(message.value())

    def _messages(self, topic: Topic, wanted: dict[int, Stretch]) -> Iterator[Message]:
        total, began = sum(stretch.end - stretch.first for stretch in wanted.values()), time.monotonic()
        left = self._deadline - began
        for count, message in enumerate(log.read_stretches(self._reader.kafka, topic, wanted, seconds=max(left, 0.1)), 1):
            if count % _TOLD == 0:
                self._reader.say(f"{topic.name}: {count:,} of about {total:,} messages read, "
                                 f"{count / (time.monotonic() - began):,.0f} a second")
            if count % 1000 == 0 and time.monotonic() > self._deadline:
                raise TruncatedReadError(topic.name, self._reader.seconds)
            yield message

    def _stretches(self, topic: Topic, partitions: Iterable[int]) -> dict[int, Stretch]:
        """The log up to the moment. Of a partition that begins with copies, which replay appended later than they were known, all of it."""
        places = tuple(partitions)
        found = log.stretches(self._reader.kafka, topic, self._at, places)
        if topic is topics.RELEASES:
            return found
        decode, whole = self._reader.codec.decoder(topic), log.stretches(self._reader.kafka, topic, _EVER, places)
        for place, stretch in whole.items():
            first = next(log.read_stretches(self._reader.kafka, topic, {place: stretch}, seconds=30), None)
            if first is not None and decode(first.value()).known is not None:
                found[place] = stretch
        return found


_EVER = 253_402_300_799_000
"""The year 9999."""


def _now() -> int:
    return time.time_ns() // 1_000_000


def _known(said: Assertion | Claim, message: Message) -> int:
    return message.timestamp()[1] if said.known is None else said.known

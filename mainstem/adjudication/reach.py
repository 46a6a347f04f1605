"""Reads what a blast radius needs: the claims, and of the record topics only the partitions of the persons concerned."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, KafkaError, KafkaException, Message, TopicPartition

from mainstem.adjudication.blast import Published, Radius, radius
from mainstem.adjudication.errors import LogUnavailableError, UnknownError
from mainstem.adjudication.history import Joined, Move, Passed, Row, choose, joined, moves, parted, partners, passed, where_now
from mainstem.model import Entry
from mainstem.operations import AuditEvent
from mainstem.shelf import ReleaseError
from processors.identity.scoring.shelf import Opened, only_shipped
from schemas import kafka, log, topics
from schemas.codec import Codec
from schemas.partition import partition
from schemas.readable import Readable
from schemas.topics import Topic

_EARLY_MS = 60_000
"""Read from so much before: clocks of the broker and of the audit may differ."""


class Reach:
    """Raises LogUnavailableError where the broker does not answer, or a model release is not at hand."""

    def __init__(self, bootstrap: str, codec: Codec, key: bytes, models: Opened = only_shipped, say: Callable[[str], None] = lambda _: None,
                 *, seconds: float = 60) -> None:
        self._bootstrap, self._codec, self._key, self._say, self._seconds = bootstrap, codec, key, say, seconds
        self._models = models

    def of(self, pairs: Sequence[tuple[str, str]]) -> list[Radius]:
        """Of two source patients each; those that were never one person have none."""
        told = self._moves({each for pair in pairs for each in pair})
        return self._radii([span for one, other in pairs for span in joined(one, other, told, self._key)], told)

    def of_subject(self, subject: str) -> list[Radius]:
        """With everyone it was one person with and is not any more."""
        told = self._moves({subject})
        if not any(move.subject == subject for move in told):
            raise UnknownError(f"no claim is known of {subject}; source patients are written as in RXA/epr|1000001")
        spans = [span for other in partners(subject, told, self._key) for span in joined(subject, other, told, self._key)]
        now = where_now(told)
        return self._radii([span for span in spans if now.get(span.other) != now.get(subject)], told)

    def of_person(self, person: str, members: Sequence[str]) -> tuple[list[Passed], list[Radius]]:
        """Who came to it and who left, and what it did that its members were one person with others who are not with them now."""
        told = self._moves(set(members))
        return passed(person, told, self._key), self._radii(parted(person, members, told, self._key), told)

    def _moves(self, subjects: set[str]) -> list[Move]:
        self._say("reading claims")
        readable = Readable(self._bootstrap, self._codec, topics.CLAIMS)
        rows: list[Row] = [(log.place(message)[1], message.timestamp()[1], claim) for message in self._read(topics.CLAIMS, {0}, None)
                           if (claim := readable.value(message)) is not None]
        try:
            chosen = choose(rows, subjects, self._models)
            self._say(f"following {len(chosen):,} claims that bear on them")
            return moves(chosen, self._key, self._models)
        except ReleaseError as fault:
            raise LogUnavailableError(str(fault)) from None

    def _radii(self, spans: list[Joined], told: list[Move]) -> list[Radius]:
        if not spans:
            return []
        now = where_now(told)
        here = {span.person for span in spans}
        persons = here | {now[each] for span in spans for each in (span.one, span.other) if each in now}
        since = min(span.since for span in spans)
        changes, entries = self._changes(persons, since), self._entries(here)
        audit, summaries = self._audit(here, since), self._summaries(here, since)
        found = []
        for span in spans:
            told_at = [at for person, at in summaries
                       if person == span.person and at >= span.since and (span.until is None or at <= span.until)]
            found.append(radius(span, changes, entries, audit, now, told_at))
        return found

    def _changes(self, persons: set[str], since: int) -> list[Published]:
        decode, names = self._codec.decoder(topics.CHANGES), {person.encode() for person in persons}
        return [Published(decode(message.value()), message.timestamp()[1], _place(message))
                for message in self._of(topics.CHANGES, persons, since) if message.key() in names]

    def _entries(self, persons: set[str]) -> list[Entry]:
        decode, latest = self._codec.decoder(topics.ENTRIES), {}
        for message in self._of(topics.ENTRIES, persons, None):
            if (message.key() or b"").split(b"|")[0].decode() in persons and message.value() is not None:
                latest[message.key()] = message.value()
        return [decode(value) for value in latest.values()]

    def _audit(self, persons: set[str], since: int) -> list[AuditEvent]:
        decode = self._codec.decoder(topics.AUDIT)
        return [decode(message.value()) for message in self._of(topics.AUDIT, persons, since)
                if (message.key() or b"").decode() in persons]

    def _summaries(self, persons: set[str], since: int) -> list[tuple[str, int]]:
        """Person and append time. The topic is compacted, so older ones may be gone."""
        return [(person, message.timestamp()[1]) for message in self._of(topics.SUMMARIES, persons, since)
                if (person := (message.key() or b"").decode()) in persons]

    def _of(self, topic: Topic, persons: set[str], since: int | None) -> Iterator[Message]:
        self._say(f"reading {topic.name}")
        return self._read(topic, {partition(person, topic.partitions) for person in persons}, since)

    def _read(self, topic: Topic, partitions: set[int], since: int | None) -> Iterator[Message]:
        """Partitions from a moment to their end, in offset order within each."""
        consumer = kafka.consumer(self._bootstrap, "mainstem-reach", enable_partition_eof=True)
        try:
            wanted = [TopicPartition(topic.name, p, OFFSET_BEGINNING) for p in sorted(partitions)]
            if since is not None:
                asked = [TopicPartition(topic.name, p, max(0, since - _EARLY_MS)) for p in sorted(partitions)]
                wanted = [TopicPartition(p.topic, p.partition, p.offset if p.offset >= 0 else OFFSET_END)
                          for p in consumer.offsets_for_times(asked, timeout=self._seconds)]
            consumer.assign(wanted)
            heard, count = time.monotonic(), 0
            while partitions:
                if time.monotonic() - heard > self._seconds:
                    raise LogUnavailableError("the broker does not answer")
                for message in consumer.consume(2000, timeout=0.1):
                    heard, fault = time.monotonic(), message.error()
                    if fault is None:
                        count += 1
                        if count % 500_000 == 0:
                            self._say(f"{topic.name}: {count:,} messages read")
                        yield message
                    elif fault.code() == KafkaError._PARTITION_EOF:
                        partitions = partitions - {message.partition()}
                    else:
                        raise KafkaException(fault)
        except KafkaException as fault:
            raise LogUnavailableError(fault.args[0].name()) from None
        finally:
            consumer.close()


def _place(message: Message) -> str:
    return f"{message.topic()}/{message.partition()}@{message.offset()}"

"""A batch of raw messages as the records of one transaction: assertions, claims, quarantine, and the ledger of it all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from mainstem.model import Assertion, Claim, RawRef
from mainstem.observe import tracing
from mainstem.observe.tracing import Followed, Headers
from mainstem.operations import Ledger, Outcome, Quarantined, Result
from producers.contract import ItemResult, RawMessage
from producers.formats import Readers
from producers.reasons import Reason
from schemas import kafka
from schemas.codec import Codec
from schemas.partition import partition
from schemas.topics import ASSERTIONS, CLAIMS, LEDGER, QUARANTINE, Topic
from schemas.transaction import Record

_PRODUCER = "capture"
MAX_CONTENT = 4_000_000
"""Bytes of one assertion's content, or claim's body. An entry holds all parts of its record, and must be a message too; no kind holds
attachments (a document's is its address), so that what is larger is no clinical statement."""
_OUTCOMES = 5_000
"""Of one Ledger record: 600 bytes each at most, most of it a FHIR id."""
_BATCH_ITEMS = 50_000
_BATCH_BYTES = 64 << 20
"""After a message with which a batch has so many items, or bytes of records, it ends: a message may hold MAX_ITEMS, or 64 MiB."""


class Told(NamedTuple):
    taken: list[RawMessage]
    """The first of the messages, at least one."""
    records: list[Record]
    committed: list[int | None]
    """Commit times at the source, one for each message with assertions."""
    outcomes: Counter[tuple[str, Result, str]]
    """Raw topic, result and reason -> items."""
    followed: Followed
    """Spans of the messages that are traced."""
    unread: set[tuple[str, str]]
    """Raw topic and column of what the mappings do not know."""


class Batches:
    """Reads batches; keeps nothing between them."""

    def __init__(self, codec: Codec, readers: Readers) -> None:
        """Raises RegistryUnavailableError."""
        self._readers = readers
        self._encoders: dict[Topic, Callable[[msgspec.Struct], bytes]] = {
            topic: codec.encoder(topic) for topic in (ASSERTIONS, CLAIMS, QUARANTINE, LEDGER)}

    def tell(self, messages: Iterable[RawMessage]) -> Told:
        """Messages of several partitions; of each partition in offset order. Takes no more of them than one transaction should hold."""
        told = Told([], [], [], Counter(), Followed(_PRODUCER), set())
        items = size = 0
        outcomes: dict[tuple[str, int], list[Outcome]] = {}
        for message in messages:
            source, reader = self._readers.of(message.topic)
            run = outcomes.setdefault((message.topic, message.partition), [])
            told.taken.append(message)
            before = len(told.records)
            for item in reader.read(message):
                outcome = self._item(item, message, source, told)
                told.outcomes[message.topic, outcome.result, outcome.reason] += 1
                told.unread.update((message.topic, column) for column in item.unread)
                run.append(outcome)
                items += 1
            size += sum(len(record.value or b"") for record in told.records[before:])
            if items >= _BATCH_ITEMS or size >= _BATCH_BYTES:
                break
        for (topic, number), run in outcomes.items():
            for start in range(0, len(run), _OUTCOMES):
                part = tuple(run[start:start + _OUTCOMES])
                first, last = part[0].offset, part[-1].offset
                ledger = Ledger(producer=_PRODUCER, topic=topic, partition=number, first=first, last=last, outcomes=part)
                told.records.append(self._record(LEDGER, topic, ledger))
        return told

    def _item(self, item: ItemResult, message: RawMessage, source: str, told: Told) -> Outcome:
        reason, why = Reason.TOO_LARGE, ""
        try:
            said = (*(each.content for each in item.assertions), *(each.body for each in item.claims))
            headers = _followed(message, item, told) if tracing.on() else {}
            records = [
                *(self._record(ASSERTIONS, each.subject, each, headers) for each in item.assertions),
                *(self._record(CLAIMS, each.subject, each, headers) for each in item.claims),
                *([self._record(QUARANTINE, source, item.quarantined)] if item.quarantined else []),
            ]
            if all(len(each) <= MAX_CONTENT for each in said) and all(
                    len(record.value or b"") + len(record.key) < kafka.LARGEST_VALUE for record in records):
                told.records.extend(records)
                if item.assertions:
                    told.committed.append(item.assertions[0].committed)
                return item.outcome
        except Exception as fault:
            reason, why = Reason.READER_FAULT, f"{type(fault).__name__}: "
        raw = RawRef(message.topic, message.partition, message.offset, item.outcome.item)
        quarantined = Quarantined(stage=_PRODUCER, raw=raw, source=source, reason=reason.value, detail=why + reason.todo)
        told.records.append(self._record(QUARANTINE, source, quarantined))
        return Outcome(offset=item.outcome.offset, item=item.outcome.item, result=Result.QUARANTINED, reason=reason.value)

    def _record(self, topic: Topic, key: str, value: Assertion | Claim | Quarantined | Ledger, headers: Headers | None = None) -> Record:
        return Record(topic.name, partition(key, topic.partitions), key.encode(), self._encoders[topic](value), headers or {})


def _followed(message: RawMessage, item: ItemResult, told: Told) -> Headers:
    """What the item's assertions and claims carry where its message is traced: one in so many, and those that came with a trace."""
    parent = message.headers.get(tracing.HEADER)
    if parent is None and not tracing.chosen(message.offset):
        return {}
    said: tuple[Assertion | Claim, ...] = (*item.assertions, *item.claims)
    since = next((each.committed for each in said if each.committed is not None), None)
    return told.followed.follow(parent, message.partition, message.offset, since)

"""Reading entries and summaries from the positions a store keeps; no consumer group decides where."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from mainstem.model import Entry, RawRef, Summary
from mainstem.observe import tracing
from mainstem.operations import Quarantined
from schemas import kafka, topics
from schemas.codec import Codec
from schemas.errors import KafkaUnavailableError, UndecodableError
from schemas.topics import Topic
from sinks.contract import Batch, Place, Positions
from sinks.errors import BeyondLogError

log = logging.getLogger(__name__)
INPUTS = (topics.ENTRIES, topics.SUMMARIES)
_PATIENCE = 15.0
_LINGER = 0.02
"""Seconds to gather what comes just after a first message: small beside a store's commit."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A batch, where the next one starts, and what could not be decoded."""

    batch: Batch
    origins: tuple[RawRef, ...]
    """Where each of the batch's entries lies."""
    positions: Positions
    undecodable: tuple[Quarantined, ...]
    count: int
    traced: tuple[tuple[bytes, int, int], ...] = ()
    """Trace, partition and offset of each message that carries one."""


class Intake:
    """One consumer of all partitions of topics of entries and summaries."""

    def __init__(self, bootstrap: str, codec: Codec, stage: str, inputs: Sequence[Topic]) -> None:
        self._bootstrap = bootstrap
        self._stage = stage
        self._inputs = inputs
        # A position that the log does not hold must be told, not replaced by the earliest one without a word.
        self._consumer: Consumer = kafka.consumer(bootstrap, f"mainstem-{stage}", auto_offset_reset="error", enable_partition_eof=True,
                                                  fetch_wait_max_ms=kafka.FETCH_WAIT_MS, fetch_min_bytes=kafka.FETCH_BYTES)
        self._decoders: dict[str, Callable[[bytes | None], Any]] = {topic.name: codec.decoder(topic) for topic in inputs}
        self._next: dict[Place, int] = {}
        self._end: dict[Place, int] = {}

    def start(self, positions: Positions) -> None:
        """Read on from these positions. Raises BeyondLogError where the log ends before one, KafkaUnavailableError."""
        self._next, self._end = {}, {}
        places = [Place(topic.name, partition) for topic in self._inputs for partition in range(topic.partitions)]
        try:
            for place in places:
                low, high = self._consumer.get_watermark_offsets(TopicPartition(*place), timeout=_PATIENCE)
                wanted = positions.get(place, 0)
                if wanted > high:
                    raise BeyondLogError(str(place), wanted, high)
                self._next[place] = max(wanted, low)
                self._end[place] = low
            self._consumer.assign([TopicPartition(*place, offset) for place, offset in self._next.items()])
        except KafkaException as fault:
            raise KafkaUnavailableError(self._bootstrap, fault.args[0].name()) from None

    def take(self, most: int, seconds: float, gather: float = 0.0) -> Taken | None:
        """What has come, waiting up to `seconds` for the first, then up to `gather` seconds for more. None where nothing came.

        Raises RegistryUnavailableError, KafkaUnavailableError, BeyondLogError; the intake must then be started again.
        """
        messages = self._consumer.consume(1, timeout=seconds)
        if messages:
            messages += self._consumer.consume(most - 1, timeout=max(_LINGER, gather))
        return self._decode([message for message in messages if not self._fault(message)])

    @property
    def lag(self) -> dict[Place, int]:
        """Offsets between where reading stands and the log's end, transaction markers already passed not counted."""
        lags = {}
        for place, offset in self._next.items():
            _, high = self._consumer.get_watermark_offsets(TopicPartition(*place), cached=True)
            lags[place] = max(0, high - max(offset, self._end[place]))
        return lags

    def close(self) -> None:
        self._consumer.close()

    def _fault(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            return False
        if error.code() == KafkaError._PARTITION_EOF:
            self._end[Place(str(message.topic()), int(message.partition() or 0))] = int(message.offset() or 0)
        elif error.code() == KafkaError._AUTO_OFFSET_RESET:
            place = Place(str(message.topic()), int(message.partition() or 0))
            raise BeyondLogError(str(place), self._next.get(place, 0), -1)
        elif error.fatal() or not (error.retriable() or error.code() in _PASSING):
            raise KafkaUnavailableError(self._bootstrap, error.name())
        else:
            log.warning("%s: the broker does not answer (%s); waiting for it", self._stage, error.name())
        return True

    def _decode(self, messages: Sequence[Message]) -> Taken | None:
        if not messages:
            return None
        entries: list[Entry] = []
        origins: list[RawRef] = []
        summaries: list[Summary] = []
        undecodable: list[Quarantined] = []
        traced: list[tuple[bytes, int, int]] = []
        follow = tracing.on()
        for message in messages:
            place, offset = Place(str(message.topic()), int(message.partition() or 0)), int(message.offset() or 0)
            try:
                value = self._decoders[place.topic](message.value())
            except UndecodableError as fault:
                undecodable.append(Quarantined(stage=self._stage, raw=RawRef(*place, offset), source="", reason="undecodable",
                                               detail=str(fault)))
            else:
                if isinstance(value, Entry):
                    entries.append(value)
                    origins.append(RawRef(*place, offset))
                else:
                    summaries.append(value)
            self._next[place] = offset + 1
            if follow and (trace := tracing.carried(message.headers())) is not None:  # type: ignore[arg-type]  # a list, as read
                traced.append((trace, place.partition, offset))
        return Taken(Batch(tuple(entries), tuple(summaries)), tuple(origins), dict(self._next), tuple(undecodable), len(messages),
                     tuple(traced))


_PASSING = {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._RESOLVE, KafkaError._TIMED_OUT, KafkaError._MSG_TIMED_OUT}
"""The client comes back from these by itself."""

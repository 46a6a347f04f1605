"""One Kafka transaction a batch: what it says and how far it was read become visible together, or not at all."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from mainstem import faults
from producers.errors import AbortedError, FencedError, NotTakenError, QuarantineFailedError, StoppedError
from schemas import kafka
from schemas.topics import QUARANTINE
from schemas.transaction import FENCED, Record, done_for, pauses

log = logging.getLogger(__name__)

_CALL_SECONDS = 5.0
"""How long one blocking call may take before the stop flag is looked at again."""


class Transactions:
    """Blocks while the broker is away. Of two processes with one id the later is the only one that can commit."""

    def __init__(self, bootstrap: str, transactional_id: str, stop: threading.Event, alive: Callable[[], None] = lambda: None) -> None:
        """`alive` is called whenever a call to the broker has come back."""
        self._id = transactional_id
        self._stop = stop
        self._alive = alive
        self._producer = kafka.producer(bootstrap, transactional_id=transactional_id, transaction_timeout_ms=60_000)
        self._refused: tuple[str, str] | None = None
        """Topic and reason of a record that the broker did not take, in the transaction in hand."""

    def open(self) -> None:
        """Fence an earlier owner of the id and end his open transaction. Raises FencedError, StoppedError."""
        try:
            self._until_done(lambda: self._producer.init_transactions(_CALL_SECONDS))
        except KafkaException as fault:
            raise FencedError(self._id, fault.args[0].name()) from None

    def commit(self, records: Sequence[Record], positions: Sequence[TopicPartition], group: Any) -> None:
        """Raises AbortedError where none of it is visible and it may be tried again (NotTakenError: a topic refused it); FencedError,
        QuarantineFailedError, StoppedError."""
        self._refused = None
        try:
            self._producer.begin_transaction()
            for record in records:
                self._produce(record)
            faults.at("capture produced")
            # not repeated when it fails, as its error may say: the second call was seen never to return
            self._producer.send_offsets_to_transaction(list(positions), group, _CALL_SECONDS)
            self._until_done(lambda: self._producer.commit_transaction(_CALL_SECONDS))
            faults.at("capture committed")
        except KafkaException as fault:
            error = self._lasting(fault)
            self._abort()
            if self._refused is None:
                raise AbortedError(error.name()) from None
            topic, why = self._refused
            raise (QuarantineFailedError if topic == QUARANTINE.name else NotTakenError)(topic, why) from None

    def close(self) -> None:
        """Forget the producer. A transaction left open is ended by the next owner, or by its time limit."""
        with contextlib.suppress(KafkaException):  # a fenced producer says so once more
            self._producer.purge()
            self._producer.poll(0)

    def _produce(self, record: Record) -> None:
        while True:
            try:
                self._producer.produce(record.topic, record.value, record.key, partition=record.partition,
                                       headers={**record.headers}, on_delivery=self._delivered)
                return
            except BufferError:
                self._producer.poll(0.1)
                self._alive()
                if self._stop.is_set():
                    raise StoppedError from None

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        """Notes a record that failed for another reason than its transaction or a server that was away."""
        passing = (KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT, KafkaError._MSG_TIMED_OUT, KafkaError._TIMED_OUT,
                   KafkaError._TRANSPORT)
        if error is not None and not error.retriable() and error.code() not in passing and error.code() not in FENCED:
            self._refused = self._refused or (message.topic() or "", error.name())

    def _abort(self) -> None:
        try:
            self._until_done(lambda: self._producer.abort_transaction(_CALL_SECONDS))
        except KafkaException as fault:
            raise FencedError(self._id, self._lasting(fault).name()) from None

    def _until_done(self, call: Callable[[], None]) -> None:
        """Repeats the call while its error says that it may be repeated. Raises KafkaException for an error that needs an abort."""
        for attempt in pauses(self._stop):
            try:
                return call()
            except KafkaException as fault:
                error = self._lasting(fault)
                if error.txn_requires_abort() or not error.retriable():
                    raise
                self._alive()
                log.warning("%s waits for the broker (%s), attempt %d", self._id, error.name(), attempt)
        raise StoppedError

    def _lasting(self, fault: KafkaException) -> KafkaError:
        """The error, unless it means that this producer is done for."""
        error: KafkaError = fault.args[0]
        if done_for(error):
            raise FencedError(self._id, error.name()) from None
        return error

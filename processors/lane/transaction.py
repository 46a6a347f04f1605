"""One Kafka transaction a batch, by the producer of one state partition; a newer producer of the same id fences an older one."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Sequence

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from mainstem import faults
from mainstem.observe import metrics
from processors.lane.errors import FencedError, LaneStoppedError, RefusedError
from processors.lane.watch import Watch
from schemas import kafka
from schemas.transaction import REFUSED, Record, done_for, pauses

log = logging.getLogger(__name__)
_CALL_SECONDS = 10.0
"""How long one blocking broker call may take before the stop flag is looked at again."""
_CLOSE_SECONDS = 2.0


class Transactions:
    """Blocks; call from a thread that may wait. `stop` makes waiting calls raise LaneStoppedError."""

    def __init__(self, bootstrap: str, transactional_id: str, stop: threading.Event, watch: Watch) -> None:
        self._id = transactional_id
        self._watch = watch
        self._stop = stop
        self._begun = False
        self._refused = ""
        """The topic of the record that the client did not take, in the attempt in hand."""
        self._producer = Producer({
            "bootstrap.servers": bootstrap,
            "transactional.id": transactional_id,
            "transaction.timeout.ms": 60_000,
            "compression.type": "lz4",
            "message.max.bytes": kafka.MAX_BYTES,
            "queue.buffering.max.kbytes": 131_072,
            "log_level": 3,
        })

    def open(self) -> None:
        """Fence whoever used the id before and end his open transaction. Raises FencedError, LaneStoppedError."""
        for attempt in pauses(self._stop):
            try:
                with self._watched("init_transactions"):
                    return self._producer.init_transactions(_CALL_SECONDS)
            except KafkaException as fault:
                error = self._error(fault)
                if not error.retriable():
                    raise FencedError(self._id, error.name()) from None
                log.warning("%s: the broker does not answer yet (%s), attempt %d", self._id, error.name(), attempt)
        raise LaneStoppedError

    def commit(self, records: Sequence[Record], last: Record) -> int:
        """Write all of it, or nothing that a read_committed reader would see. Returns the offset of `last`.

        Retries what can be retried until stopped. Raises FencedError where the producer is of no more use, RefusedError where an attempt is
        of no more use, LaneStoppedError.
        """
        for attempt in pauses(self._stop):
            try:
                return self._once(records, last)
            except KafkaException as fault:
                error = self._error(fault)
                log.warning("%s: transaction aborted (%s), attempt %d", self._id, error.name(), attempt)
                self._abort()
                metrics.ABORTS.labels(self._id.rpartition("-")[0]).inc()
                if error.code() in REFUSED:
                    raise RefusedError(self._refused or "one of its topics", error.name()) from None
        raise LaneStoppedError

    def close(self) -> None:
        """Forget the producer. A transaction left open is aborted, so that readers need not wait for its time limit."""
        if self._begun:
            self._producer.purge()
            with contextlib.suppress(KafkaException), self._watched("abort_transaction"):
                self._producer.abort_transaction(_CLOSE_SECONDS)
        self._producer.poll(0)

    def _once(self, records: Sequence[Record], last: Record) -> int:
        offsets: list[int] = []

        def delivered(error: KafkaError | None, message: Message) -> None:
            # No call where there is an error: to a producer that is fenced the client tells it with an exception set already.
            if error is None:
                offsets.append(message.offset() or 0)

        self._refused = ""
        with self._watched("begin_transaction"):
            self._producer.begin_transaction()
        self._begun = True
        faults.at("begun")
        for record in records:
            self._produce(record, None)
        self._produce(last, delivered)
        faults.at("produced")
        while self._flushing():
            if self._stop.is_set():
                raise LaneStoppedError
        faults.at("flushed")
        while True:
            try:
                with self._watched("commit_transaction"):
                    self._producer.commit_transaction(_CALL_SECONDS)
                self._begun = False
                return offsets[0]
            except KafkaException as fault:
                error = self._error(fault)
                if error.txn_requires_abort() or not error.retriable():
                    raise
                if self._stop.is_set():
                    raise LaneStoppedError from None

    def _flushing(self) -> int:
        """How many records are still on their way after a while."""
        with self._watched("flush"):
            return self._producer.flush(_CALL_SECONDS)

    def _watched(self, call: str) -> contextlib.AbstractContextManager[None]:
        return self._watch.call(f"{call} of {self._id}")

    def _produce(self, record: Record, delivered: Callable[[KafkaError | None, Message], None] | None) -> None:
        while True:
            try:
                return self._producer.produce(record.topic, record.value, record.key, partition=record.partition,
                                              headers={**record.headers}, on_delivery=delivered)
            except BufferError:
                self._producer.poll(0.1)
                if self._stop.is_set():
                    raise LaneStoppedError from None
            except KafkaException:
                self._refused = record.topic
                raise

    def _abort(self) -> None:
        for _ in pauses(self._stop):
            try:
                with self._watched("abort_transaction"):
                    self._producer.abort_transaction(_CALL_SECONDS)
                self._begun = False
                return
            except KafkaException as fault:
                error = self._error(fault)
                if not error.retriable():
                    raise FencedError(self._id, error.name()) from None
        raise LaneStoppedError

    def _error(self, fault: KafkaException) -> KafkaError:
        """The error, unless it means that this producer is done for."""
        error: KafkaError = fault.args[0]
        if done_for(error):
            raise FencedError(self._id, error.name()) from None
        return error

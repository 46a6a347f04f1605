"""Marks in a database's log: what was written before one has been captured once the mark is seen in the raw topic."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import psycopg
from confluent_kafka import Consumer, KafkaException, TopicPartition

from deploy.stack.captured import Captured
from mainstem.missing.errors import NotHeardError, OpenTransactionError
from producers.debezium import position
from producers.missing import Cut
from schemas import kafka, log, topics

_PREFIX = "mainstem.mark"
"""Not that of heartbeats, which the connector leaves out. Capture ignores a mark as `logical-message`."""
_TELL_SECONDS = 5.0
_AGAIN = 0.1
_BEHIND = """
SELECT active, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)) FROM pg_replication_slots WHERE slot_name = %s"""


class Marks:
    """Of one captured database. Both methods wait no longer than `seconds`, and raise what psycopg and Kafka raise."""

    def __init__(self, bootstrap: str, captured: Captured, seconds: float, say: Callable[[str], None]) -> None:
        self._bootstrap, self._captured, self._seconds, self._say = bootstrap, captured, seconds, say
        self._topic = topics.raw_named(captured.topic)

    def set(self) -> tuple[Cut, dict[int, int]]:
        """Write one and see it captured. With the ends of the raw topic's partitions before it was written. Raises NotHeardError: so it
        is known, too, that the connector reads this database, and no other."""
        ends = {number: each.end for number, each in log.stretches(self._bootstrap, self._topic).items()}
        name = uuid.uuid4().hex
        with psycopg.connect(self._captured.dsn, autocommit=True) as connection:
            connection.execute("SELECT pg_logical_emit_message(true, %s::text, %s::text)", (_PREFIX, name))
            return self._heard(connection, ends, name), ends

    def settle(self) -> None:
        """Wait until no transaction is open that may have been committed before this was called, and not be seen yet. In the log a commit
        stands before others see what it did. Raises OpenTransactionError."""
        with psycopg.connect(self._captured.dsn, autocommit=True) as connection:
            ((end,),) = connection.execute("SELECT txid_snapshot_xmax(txid_current_snapshot())")
            waiting = _Waiting(self._seconds, self._say)
            while connection.execute("SELECT txid_snapshot_xmin(txid_current_snapshot()) < %s", (end,)).fetchone() == (True,):
                if waiting.over("waiting for transactions of the database that are open"):
                    raise OpenTransactionError(self._seconds)
                time.sleep(_AGAIN)

    def _heard(self, connection: psycopg.Connection, ends: Mapping[int, int], name: str) -> Cut:
        consumer = kafka.consumer(self._bootstrap, f"mainstem-missing-{name}")
        waiting = _Waiting(self._seconds, self._say)
        try:
            consumer.assign([TopicPartition(self._topic.name, number, end) for number, end in ends.items()])
            while True:
                found = _next(consumer, name)
                if found is not None:
                    return found
                if waiting.over(lambda: f"waiting for connector {self._captured.connector}: {self._behind(connection)}"):
                    raise NotHeardError(self._captured.connector, self._seconds, self._behind(connection))
        finally:
            consumer.close()

    def _behind(self, connection: psycopg.Connection) -> str:
        found = connection.execute(_BEHIND, (self._captured.slot,)).fetchone()
        if found is None:
            return f"the database has no slot {self._captured.slot}"
        return f"its slot {'is' if found[0] else 'is not'} in use, and {found[1]} of log behind"


class _Waiting:
    """A deadline, and what is said every few seconds until then."""

    def __init__(self, seconds: float, say: Callable[[str], None]) -> None:
        now = time.monotonic()
        self._deadline, self._told, self._say = now + seconds, now, say

    def over(self, what: str | Callable[[], str]) -> bool:
        now = time.monotonic()
        if now - self._told > _TELL_SECONDS:
            self._told = now
            self._say(what if isinstance(what, str) else what())
        return now > self._deadline


def _next(consumer: Consumer, name: str) -> Cut | None:
    """The mark, where it is in what comes next."""
    for message in consumer.consume(500, _AGAIN):
        error = message.error()
        if error is not None:
            if not error.retriable():
                raise KafkaException(error)
        elif (found := _mark(message.value(), name)) is not None:
            return found
    return None


def _mark(value: bytes | None, name: str) -> Cut | None:
    if value is None or _PREFIX.encode() not in value:
        return None
    try:
        change: Any = orjson.loads(value)
        change = change.get("payload", change)
        told, source = change["message"], change["source"]
        if change["op"] == "m" and told["prefix"] == _PREFIX and base64.b64decode(told["content"]).decode() == name:
            return Cut(position(source, snapshot=False), source["lsn"], source.get("ts_ms"))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return None

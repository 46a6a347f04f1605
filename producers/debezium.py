"""Debezium PostgreSQL row changes (JsonConverter, with or without `schema`/`payload`) through a mapping.

https://debezium.io/documentation/reference/stable/connectors/postgresql.html, "Data change events".
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from mainstem.model import Assertion, Claim, RawRef
from mainstem.operations import Outcome, Quarantined, Result
from producers import unsent
from producers.contract import ItemResult, RawMessage
from producers.items import STAGE
from producers.mapping import values
from producers.mapping.rows import Mapping, RefusedError, Told
from producers.reasons import Reason

SNAPSHOT_MARGIN = 1 << 20
"""How far below its log position a snapshot's row is placed (docs/decisions/snapshot-rows-yield-to-the-log.md)."""

_STAND_IN = "0"
"""What Debezium gives for a number that was not sent and is never null: without REPLICA IDENTITY FULL it makes up all of a deleted row but
the key."""

_Row = dict[str, Any]
_WAL_END = 1 << 64


class DebeziumFormat:
    """Reads the row changes of one source. `mapping` None: everything is quarantined as `no-mapping`."""

    name = "debezium"

    def __init__(self, source: str, mapping: Mapping | None) -> None:
        self._source = source
        self._mapping = mapping

    def read(self, message: RawMessage) -> list[ItemResult]:
        try:
            return [self._item(message)]
        except _QuarantinedError as fault:
            return [self._quarantined(message, fault)]

    def _item(self, message: RawMessage) -> ItemResult:
        change = _change(message.value)
        if isinstance(change, Reason):
            return _ignored(message.offset, change)
        mapping = self._mapping
        if mapping is None:
            raise _QuarantinedError(Reason.NO_MAPPING, self._source)
        if change.table in mapping.ignored:
            return _ignored(message.offset, Reason.IGNORED_TABLE)
        table = mapping.tables.get(change.table)
        if table is None:
            raise _QuarantinedError(Reason.UNMAPPED_TABLE, f"table {change.table}")
        if change.op == "t":
            raise _QuarantinedError(Reason.TRUNCATED_TABLE, f"table {change.table}")
        if change.op == "d" and values.text((change.before or {}).get(table.patient)) == _STAND_IN and not _keyed(message, table.patient):
            raise _QuarantinedError(Reason.NO_BEFORE, f"column {table.patient} of table {change.table}")
        try:
            told = table.tell(change.before, change.after, new=change.op == "c")
        except RefusedError as fault:
            raise _refused(fault, change) from None
        except KeyError as fault:
            raise _QuarantinedError(Reason.MISSING_COLUMN, f"column {fault.args[0]} of table {change.table}") from None
        except (TypeError, ValueError, AttributeError, OverflowError, RecursionError) as fault:
            raise _QuarantinedError(Reason.BAD_ROW, f"table {change.table}: {type(fault).__name__}") from None
        if told.ignored is not None:
            return _ignored(message.offset, told.ignored)
        unread = tuple(f"{change.table}.{column}" for column in table.unread(change.after or {}))
        if change.op == "u" and change.before is None and told.refused is None and not _keyed(message, table.patient):
            told = told._replace(refused=RefusedError(Reason.MOVE_UNSEEN, f"column {table.patient}"))
        return self._stamped(message, change, told, mapping.incarnation)._replace(unread=unread)

    def _stamped(self, message: RawMessage, change: _Change, told: Told, incarnation: int) -> ItemResult:
        raw = RawRef(message.topic, message.partition, message.offset)
        assertions = tuple(
            Assertion(source=self._source, patient=place.patient, record=place.record, part=place.part, kind=kind, status=status,
                      incarnation=incarnation, position=change.position, content=content, recorded=recorded, committed=change.committed,
                      raw=raw, labels=labels)
            for place, kind, status, content, recorded, labels in told.statements)
        claims = tuple(
            Claim(source=self._source, patient=patient, type=each.type, ref=each.ref, status=each.status, incarnation=incarnation,
                  position=change.position, body=each.body, committed=change.committed, raw=raw)
            for patient, each in told.evidence)
        if told.refused is not None:
            return self._quarantined(message, _refused(told.refused, change), assertions, claims)
        outcome = Outcome(offset=message.offset, result=Result.ASSERTIONS, assertions=len(assertions), claims=len(claims))
        return ItemResult(outcome, assertions, claims)

    def _quarantined(self, message: RawMessage, fault: _QuarantinedError, assertions: tuple[Assertion, ...] = (),
                     claims: tuple[Claim, ...] = ()) -> ItemResult:
        """`assertions`, `claims`: what was taken of it all the same."""
        outcome = Outcome(offset=message.offset, result=Result.QUARANTINED, reason=fault.reason.value, assertions=len(assertions),
                          claims=len(claims))
        raw = RawRef(message.topic, message.partition, message.offset)
        detail = f"{fault.where}: {fault.reason.todo}" if fault.where else fault.reason.todo
        quarantined = Quarantined(stage=STAGE, raw=raw, source=self._source, reason=fault.reason.value, detail=detail)
        return ItemResult(outcome, assertions, claims, quarantined)


class _QuarantinedError(Exception):
    def __init__(self, reason: Reason, where: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.where = where


class _Change(NamedTuple):
    op: str
    table: str
    before: _Row | None
    after: _Row | None
    position: str
    committed: int | None


def _refused(fault: RefusedError, change: _Change) -> _QuarantinedError:
    return _QuarantinedError(fault.reason, f"{fault.what} of table {change.table}")


def _ignored(offset: int, reason: Reason) -> ItemResult:
    return ItemResult(Outcome(offset=offset, result=Result.IGNORED, reason=reason.value))


def position(source: _Row, *, snapshot: bool) -> str:
    """Where a change stands among all of its database, as text that sorts so: in the order of commits, and in a transaction as it was
    done; a snapshot's row behind the commit before it (docs/decisions/snapshot-rows-yield-to-the-log.md). `source`: Debezium's, whose
    `sequence` begins with the end of the commit before. Where none is named, at its own log position, and a snapshot's row below that."""
    lsn: int = source["lsn"]
    try:
        before = int(orjson.loads(source["sequence"])[0])
    except (LookupError, TypeError, ValueError):
        before = -1
    if not _whole(before, _WAL_END):
        before = max(0, lsn - SNAPSHOT_MARGIN) if snapshot else lsn
    return f"{before:016X}" if snapshot else f"{before:016X}{lsn:016X}"


def _keyed(message: RawMessage, column: str) -> bool:
    """Whether the column is one of the row's key: then an update does not change it, and a delete names it."""
    try:
        key = orjson.loads(message.key or b"null")
        return column in key.get("payload", key)
    except (orjson.JSONDecodeError, AttributeError, TypeError):
        return False


def _change(value: bytes | None) -> _Change | Reason:
    """The change, or why there is none. Raises _QuarantinedError."""
    if value is None:
        return Reason.TOMBSTONE
    try:
        envelope = orjson.loads(value)
    except orjson.JSONDecodeError:
        raise _QuarantinedError(Reason.UNREADABLE) from None
    if isinstance(envelope, dict) and envelope.keys() == {"schema", "payload"}:
        envelope = envelope["payload"]
        if envelope is None:
            return Reason.TOMBSTONE
    if not isinstance(envelope, dict):
        raise _QuarantinedError(Reason.NOT_A_CHANGE)
    op = envelope.get("op")
    if op is None:
        return _no_row(envelope)
    if op == "m":
        return Reason.LOGICAL_MESSAGE
    return _row_change(op, envelope, value)


def _no_row(envelope: _Row) -> Reason:
    if envelope.keys() == {"ts_ms"}:
        return Reason.HEARTBEAT
    if envelope.get("status") in ("BEGIN", "END") and "id" in envelope:
        return Reason.TRANSACTION_MARK
    raise _QuarantinedError(Reason.NOT_A_CHANGE)


def _row_change(op: Any, envelope: _Row, value: bytes) -> _Change:
    source, before, after = envelope.get("source"), envelope.get("before"), envelope.get("after")
    if op not in ("c", "u", "d", "r", "t") or not isinstance(source, dict):
        raise _QuarantinedError(Reason.NOT_A_CHANGE)
    schema, table, lsn, committed = source.get("schema"), source.get("table"), source.get("lsn"), source.get("ts_ms")
    if not isinstance(schema, str) or not isinstance(table, str) or not isinstance(lsn, int) or not _whole(lsn, _WAL_END):
        raise _QuarantinedError(Reason.NOT_A_CHANGE, "source without schema, table or lsn")
    name = f"{schema}.{table}"
    if not isinstance(before, dict | None) or not isinstance(after, dict | None):
        raise _QuarantinedError(Reason.NOT_A_CHANGE)
    if op == "d":
        after = None
        if before is None:
            raise _QuarantinedError(Reason.NO_BEFORE, f"table {name}")
    elif op != "t" and after is None:
        raise _QuarantinedError(Reason.NOT_A_CHANGE, f"table {name} without a row")
    if after is not None and unsent.any_in(value):
        try:
            after = unsent.completed(after, before)
        except unsent.UnsentError as fault:
            raise _QuarantinedError(Reason.UNAVAILABLE_VALUE, f"column {fault.column} of table {name}") from None
    return _Change(op, name, before, after, position(source, snapshot=op == "r"), committed if _whole(committed, 1 << 63) else None)


def _whole(value: Any, limit: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < limit

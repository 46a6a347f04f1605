"""`verify --source`: the rows captured are the rows the trust's own database holds."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson
import psycopg
from confluent_kafka import Message
from psycopg import sql

from mainstem.model import Assertion
from mainstem.verify.report import Check
from producers.contract import FORMAT_HEADER
from producers.debezium import position
from schemas import log, topics

Keys = dict[str, set[bytes]]
"""Table with its schema -> hashes of the primary keys of its rows."""
Begun = dict[tuple[str, int], list[tuple[int, int]]]
"""Raw topic and partition -> incarnations, each with the first offset that was captured in it, in that order."""


class Word(NamedTuple):
    """The last that a raw topic says of a row, in the order of versions."""

    version: tuple[int, str]
    """Incarnation and position."""
    lives: bool
    partition: int
    offset: int


Change = tuple[tuple[str, bytes], str, bool]
"""Of a row: table with its schema and hash of its primary key, the position where capture places the change, and whether the row lives."""
Words = dict[tuple[str, bytes], Word]
"""Table with its schema, and hash of a row's primary key."""


_IS_THERE = """
SELECT EXISTS (SELECT FROM pg_publication_tables WHERE (schemaname, tablename) = (nspname, relname)),
       EXISTS (SELECT FROM pg_index WHERE indrelid = t.oid AND indisprimary),
       NOT EXISTS (SELECT FROM pg_class WHERE relkind = 'r' AND relreplident <> 'f'
                   AND oid IN (SELECT t.oid UNION SELECT relid FROM pg_partition_tree(t.oid)))
FROM pg_class t JOIN pg_namespace n ON n.oid = relnamespace WHERE t.oid = to_regclass(%s)"""
NOT_WHOLE = (
    "rows that are deleted, or filed under another patient, stay in the records of whom they were filed under: set REPLICA IDENTITY FULL "
    "on it, and on each of its partitions")
NOT_PUBLISHED = (
    "no publication names it, so that its changes are not captured, as after it was dropped and made anew: see docs/operations.md, "
    "Reading a source anew")
_NEEDED = (
    NOT_PUBLISHED,
    "without a primary key its rows cannot be compared: give it one",
    NOT_WHOLE)


def begun(assertions: Iterable[Assertion]) -> Begun:
    first: dict[tuple[str, int, int], int] = {}
    for each in assertions:
        raw = each.raw
        place = raw.topic, raw.partition, each.incarnation
        first[place] = min(raw.offset, first.get(place, raw.offset))
    found: Begun = {}
    for (topic, partition, incarnation), offset in sorted(first.items()):
        found.setdefault((topic, partition), []).append((offset, incarnation))
    return found


def check_source(bootstrap: str, source: str, dsn: str, tables: Sequence[str], incarnations: Begun | None = None) -> Check:
    """Counts and key hashes of each captured table against the raw topic's last word on each row, and whether the table is one whose
    changes can all be told. Rows are named by their keys' hashes.

    Raises psycopg.OperationalError where the database does not answer.
    """
    check = Check(f"{source}: rows captured = rows in its database")
    captured = _captured(bootstrap, source, incarnations or {})
    with snapshot(dsn) as connection:
        rows = held(connection, tables)
        for table, what in lacking(connection, tables):
            check.differs(f"{source} {table}: {what}", (table, what))
    for table, there in rows.items():
        seen = captured.get(table, set())
        check.compared += len(there)
        for key in there - seen:
            check.differs(f"{source} {table}: row {key.hex()[:12]} of the database was never captured", (table, key))
        for key in seen - there:
            check.differs(f"{source} {table}: row {key.hex()[:12]} was captured, the database no longer holds it, and no delete was seen: "
                          "see `mainstem stack missing`", (table, key))
    return check


@contextmanager
def snapshot(dsn: str) -> Iterator[psycopg.Connection]:
    """All that is read in it is of one moment. It reads every row or fails: rows that the role may not see would pass for deleted. Raises
    psycopg.OperationalError, and InsufficientPrivilege for a table of which rows are hidden."""
    with psycopg.connect(dsn, client_encoding="utf8", options="-c row_security=off") as connection:  # of SQL_ASCII names would be bytes
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        yield connection


def _captured(bootstrap: str, source: str, incarnations: Begun) -> Keys:
    topic = topics.raw(source)
    keys: Keys = {}
    for (table, key), word in last_words(topic.name, log.read(bootstrap, topic), incarnations).items():
        if word.lives:
            keys.setdefault(table, set()).add(key)
    return keys


def last_words(topic: str, messages: Iterable[Message], incarnations: Begun) -> Words:
    """Of each row of which the messages of a raw topic speak; of each partition they are in offset order."""
    latest: Words = {}
    for message in messages:
        change = row(message.key(), message.value(), dict(message.headers() or ()))
        if change is None:
            continue
        name, said = change[0], word(topic, log.place(message), change, incarnations)
        if name not in latest or said.version >= latest[name].version:
            latest[name] = said
    return latest


def word(topic: str, place: tuple[int, int], change: Change, incarnations: Begun) -> Word:
    """What a change of a row is for its row. `place`: partition and offset of its message."""
    _, at, lives = change
    return Word((incarnation_at(incarnations, topic, *place), at), lives, *place)


def incarnation_at(incarnations: Begun, topic: str, partition: int, offset: int) -> int:
    """In which capture read a message."""
    return max((incarnation for first, incarnation in incarnations.get((topic, partition), ()) if first <= offset), default=0)


def row(key: bytes | None, value: bytes | None, headers: Mapping[str, Any] = MappingProxyType({})) -> Change | None:
    """What a message of a raw topic says of a row. None for what is no row change: another format, a tombstone, and what capture has
    quarantined, as the check of the ledger shows; it must say neither that a row was captured nor that it was deleted."""
    if key is None or value is None or headers.get(FORMAT_HEADER):
        return None
    try:
        keyed, envelope = orjson.loads(key), orjson.loads(value)
        keyed, envelope = keyed.get("payload", keyed), envelope.get("payload", envelope)
        op, source = envelope.get("op"), envelope["source"]
        schema, table, lsn = source.get("schema"), source.get("table"), source.get("lsn")
    except (orjson.JSONDecodeError, AttributeError, TypeError, KeyError):
        return None
    if not (isinstance(keyed, dict) and isinstance(schema, str) and isinstance(table, str) and type(lsn) is int):
        return None
    if op not in ("c", "r", "u", "d"):
        return None
    return (f"{schema}.{table}", _hash(keyed)), position(source, snapshot=op == "r"), op != "d"


def held(connection: psycopg.Connection, tables: Iterable[str]) -> Keys:
    """Of the tables there are and that have a primary key."""
    keys: Keys = {}
    for table in tables:
        columns = [row[0] for row in connection.execute(
            "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) "
            "WHERE i.indrelid = to_regclass(%s) AND i.indisprimary", (_quoted(table),))]
        if not columns:
            continue
        query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(map(sql.Identifier, columns)), sql.SQL(_quoted(table)))
        with connection.cursor(name="verify") as cursor:
            cursor.itersize = 20_000
            cursor.execute(query)
            keys[table] = {_hash(dict(zip(columns, row, strict=True))) for row in cursor}
    return keys


def lacking(connection: psycopg.Connection, tables: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Tables, and what of them is never captured as they are."""
    for table in tables:
        found = connection.execute(_IS_THERE, (_quoted(table),)).fetchone()
        if found is None:
            yield table, "there is no such table in the database any more, and its rows stay in the records"
            continue
        yield from ((table, what) for well, what in zip(found, _NEEDED, strict=True) if not well)


def _quoted(table: str) -> str:
    schema, name = table.split(".", 1)
    return sql.Identifier(schema, name).as_string()


def _hash(key: Mapping[str, object]) -> bytes:
    spelt = orjson.dumps(key, option=orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME, default=_spelt)
    return hashlib.sha256(spelt).digest()[:16]


def _spelt(cell: Any) -> str:
    """As Debezium does."""
    if isinstance(cell, bytes):
        return base64.b64encode(cell).decode()
    if isinstance(cell, datetime):
        if cell.tzinfo is not None:
            return f"{cell.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
        fraction = f".{cell.microsecond:06d}".rstrip("0").rstrip(".")
        return f"{cell:%Y-%m-%dT%H:%M:%S}{fraction}Z"
    return f"{cell.isoformat()}Z" if isinstance(cell, date) else str(cell)

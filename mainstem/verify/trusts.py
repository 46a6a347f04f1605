"""`verify --source`: the rows captured are the rows the trust's own database holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import orjson
import psycopg
from psycopg import sql

from mainstem.verify.report import Check
from schemas import log, topics

Keys = dict[str, set[bytes]]
"""Table -> hashes of the primary keys of its rows."""


def check_source(bootstrap: str, source: str, dsn: str, tables: Sequence[str]) -> Check:
    """Counts and key hashes of each captured table against the raw topic's last word on each row.

    Raises psycopg.OperationalError where the database does not answer.
    """
    check = Check(f"{source}: rows captured = rows in its database")
    captured = _captured(bootstrap, source)
    for table, held in _held(dsn, tables).items():
        seen = captured.get(table, set())
        check.compared += len(held)
        if missing := len(held - seen):
            check.differs(f"{source} {table}: {missing} of {len(held)} rows of the database were never captured")
        if extra := len(seen - held):
            check.differs(f"{source} {table}: {extra} rows were captured that the database no longer holds, and no delete was seen")
    return check


def _captured(bootstrap: str, source: str) -> Keys:
    latest: dict[tuple[str, bytes], tuple[int, bool]] = {}
    for message in log.read(bootstrap, topics.raw(source)):
        if message.value() is None or message.key() is None or dict(message.headers() or ()).get("mainstem-format"):
            continue
        try:
            key, envelope = orjson.loads(message.key()), orjson.loads(message.value())
            key, envelope = key.get("payload", key), envelope.get("payload", envelope)
            if "op" not in envelope or "table" not in envelope["source"]:
                continue
        except (orjson.JSONDecodeError, AttributeError, TypeError, KeyError):
            continue  # no row change: capture has quarantined it, as the check of the ledger shows
        place = (envelope["source"]["table"], _hash(key))
        version = envelope["source"]["lsn"] or 0
        if version >= latest.get(place, (-1, True))[0]:
            latest[place] = (version, envelope["op"] != "d")
    keys: Keys = {}
    for (table, key_hash), (_, lives) in latest.items():
        if lives:
            keys.setdefault(table, set()).add(key_hash)
    return keys


def _held(dsn: str, tables: Iterable[str]) -> Keys:
    keys: Keys = {}
    with psycopg.connect(dsn) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        for table in tables:
            columns = [row[0] for row in connection.execute(
                "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) "
                "WHERE i.indrelid = %s::regclass AND i.indisprimary", (table,))]
            query = sql.SQL("SELECT {} FROM {}").format(
                sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(*table.split(".")))
            with connection.cursor(name="verify") as cursor:
                cursor.itersize = 20_000
                cursor.execute(query)
                keys[table.rsplit(".", 1)[-1]] = {_hash(dict(zip(columns, row, strict=True))) for row in cursor}
    return keys


def _hash(key: dict[str, object]) -> bytes:
    return hashlib.sha256(orjson.dumps(key, option=orjson.OPT_SORT_KEYS, default=str)).digest()[:16]

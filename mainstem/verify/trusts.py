"""`verify --source`: the rows captured are the rows the trust's own database holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import orjson
import psycopg
from psycopg import sql

from mainstem.verify.report import Check
from producers.debezium import SNAPSHOT_MARGIN
from schemas import log, topics

Keys = dict[str, set[bytes]]
"""Table with its schema -> hashes of the primary keys of its rows."""


def check_source(bootstrap: str, source: str, dsn: str, tables: Sequence[str]) -> Check:
    """Counts and key hashes of each captured table against the raw topic's last word on each row. Rows are named by their
    keys' hashes.

    Raises psycopg.OperationalError where the database does not answer.
    """
    check = Check(f"{source}: rows captured = rows in its database")
    captured = _captured(bootstrap, source)
    for table, held in _held(dsn, tables).items():
        seen = captured.get(table, set())
        check.compared += len(held)
        for key in held - seen:
            check.differs(f"{source} {table}: row {key.hex()[:12]} of the database was never captured", (table, key))
        for key in seen - held:
            check.differs(f"{source} {table}: row {key.hex()[:12]} was captured, the database no longer holds it, and no delete was seen",
                          (table, key))
    return check


def _captured(bootstrap: str, source: str) -> Keys:
    latest: dict[tuple[str, bytes], tuple[int, bool]] = {}
    for message in log.read(bootstrap, topics.raw(source)):
        key, value = message.key(), message.value()
        if value is None or key is None or dict(message.headers() or ()).get("mainstem-format"):
            continue
        if (told := row(key, value)) is None:
            continue
        place, version, lives = told
        if version >= latest.get(place, (-1, True))[0]:
            latest[place] = (version, lives)
    keys: Keys = {}
    for (table, key_hash), (_, lives) in latest.items():
        if lives:
            keys.setdefault(table, set()).add(key_hash)
    return keys


def row(key: bytes, value: bytes) -> tuple[tuple[str, bytes], int, bool] | None:
    """Of a row change: table and hash of the row's key, the log position at which capture places it, and whether the row lives. None for
    what is no row change, which capture has quarantined, as the check of the ledger shows: it must say neither that a row was captured nor
    that it was deleted."""
    try:
        keyed, envelope = orjson.loads(key), orjson.loads(value)
        keyed, envelope = keyed.get("payload", keyed), envelope.get("payload", envelope)
        op, source = envelope.get("op"), envelope["source"]
        schema, table, lsn = source.get("schema"), source.get("table"), source.get("lsn")
    except (orjson.JSONDecodeError, AttributeError, TypeError, KeyError):
        return None
    if not (isinstance(keyed, dict) and isinstance(schema, str) and isinstance(table, str) and type(lsn) is int):
        return None
    if op == "r":
        lsn = max(0, lsn - SNAPSHOT_MARGIN)
    return ((f"{schema}.{table}", _hash(keyed)), lsn, op != "d") if op in ("c", "r", "u", "d") else None


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
                keys[table] = {_hash(dict(zip(columns, row, strict=True))) for row in cursor}
    return keys


def _hash(key: dict[str, object]) -> bytes:
    return hashlib.sha256(orjson.dumps(key, option=orjson.OPT_SORT_KEYS, default=str)).digest()[:16]

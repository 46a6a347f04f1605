"""Whether a database can be captured, before a connector is asked to: what refuses it, and what will be lost of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from deploy.stack.connectors import slot
from mainstem.verify.trusts import NOT_PUBLISHED, lacking

_SECONDS = 10
_SERVER = """
SELECT current_setting('wal_level'), rolreplication OR rolsuper, rolsuper,
       current_setting('max_replication_slots')::int > (SELECT count(*) FROM pg_replication_slots WHERE slot_name <> %s),
       (SELECT count(*) FROM pg_publication WHERE pubname = %s) > 0
FROM pg_roles WHERE rolname = current_user"""
_TABLE = "SELECT has_table_privilege(oid, 'SELECT'), pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass(%s)"


@dataclass(frozen=True, slots=True)
class Look:
    refused: tuple[str, ...]
    """Why it cannot be captured, and what to do."""
    lost: tuple[str, ...]
    """What of it would not be told, though it is captured."""


def look(dsn: str, source: str, tables: Sequence[str]) -> Look:
    """`tables`: with their schemas. Changes nothing. Raises psycopg.OperationalError where the database does not answer."""
    ours = slot(source)
    refused: list[str] = []
    with psycopg.connect(dsn, connect_timeout=_SECONDS, client_encoding="utf8") as connection:
        [(wal, replicates, all_powers, has_room, published)] = connection.execute(_SERVER, (ours, ours)).fetchall()
        if wal != "logical":
            refused.append(f"wal_level is {wal}: set it to logical, and start the server anew")
        if not replicates:
            refused.append("its user may not replicate: ALTER ROLE ... REPLICATION")
        if not has_room:
            refused.append("all its replication slots are taken: raise max_replication_slots, or drop one that nobody reads")
        wanting = [(table, what) for table, what in lacking(connection, tables) if what != NOT_PUBLISHED]
        there = {table: told for table in tables if (told := connection.execute(_TABLE, (table,)).fetchone()) is not None}
        for table in tables:
            if table not in there:
                refused.append(f"{table}: there is no such table in the database; correct the mapping, or name the tables with --table")
                continue
            readable, owned = there[table]
            if not readable:
                refused.append(f"{table}: its user may not read it: GRANT SELECT")
            if not (published or owned or all_powers):
                refused.append(f"{table}: only its owner can publish it: CREATE PUBLICATION {ours} FOR TABLE {', '.join(tables)}")
    return Look(tuple(refused), tuple(f"{table}: {what}" for table, what in wanting if table in there))

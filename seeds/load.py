"""Loading: one database a trust, made from its schema and filled by COPY while the generator runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from seeds import truth
from seeds.errors import DatabaseExistsError, DatabaseInUseError, DatabaseMissingError, DsnError, UnreachableError
from seeds.generate import Life, lives
from seeds.profiles import Profile
from seeds.rows import Row
from seeds.trusts import BY_SOURCE, TRUSTS, Trust

CHUNK = 250
"""Persons between two COPYs of each table: bounds memory, whatever the number of persons."""


@dataclass(slots=True)
class Made:
    """What was made."""

    persons: int = 0
    source_patients: int = 0
    facts: int = 0
    rows: dict[str, dict[str, int]] = field(default_factory=lambda: {trust.source: dict.fromkeys(trust.tables, 0) for trust in TRUSTS})


def dsn_for(dsn: str, trust: Trust) -> str:
    """The server's DSN, pointed at the trust's database. Raises DsnError."""
    return _info(dsn, dbname=trust.database)


def make(persons: int, seed: int, profile: Profile, *, dsn: str | None, truth_path: Path | None = None, replace: bool = False,
         progress: Callable[[int], None] | None = None) -> Made:
    """Makes the trusts; without a `dsn` only counts (a dry run). `progress` is called with the number of persons made so far.

    Raises DatabaseExistsError, DatabaseInUseError, DsnError, TruthFileError, UnreachableError. Each trust's rows are one
    transaction: a database is whole or empty.
    """
    made = Made()
    if truth_path:
        truth.opened(truth_path, "ab").close()  # else found out when the old databases are gone
    with ExitStack() as stack:
        connections = stack.enter_context(_databases(dsn, replace)) if dsn else {}
        file = stack.enter_context(truth.opened(truth_path, "wb")) if truth_path else None
        if file:
            file.write(truth.encode({"type": "made", "persons": persons, "seed": seed, "profile": profile.name}))
        chunk: list[Life] = []
        for life in lives(persons, seed, profile):
            chunk.append(life)
            if len(chunk) == CHUNK:
                _write(chunk, connections, file, made)
                chunk.clear()
                if progress:
                    progress(made.persons)
        _write(chunk, connections, file, made)
        for connection in connections.values():
            connection.commit()
            connection.autocommit = True
            connection.execute("ANALYZE")
    return made


def count(dsn: str) -> dict[str, dict[str, int]]:
    """Rows of every table, by source. Raises UnreachableError, DatabaseMissingError, DsnError."""
    found: dict[str, dict[str, int]] = {}
    for trust in TRUSTS:
        with connect(dsn, trust) as connection:
            try:
                found[trust.source] = {name: _rows_of(connection, name) for name in trust.tables}
            except psycopg.errors.UndefinedTable as error:
                raise DatabaseMissingError(trust.database) from error
    return found


def connect(dsn: str, trust: Trust) -> psycopg.Connection:
    """A connection to the trust's database. Raises UnreachableError, DatabaseMissingError, DsnError."""
    try:
        return psycopg.connect(_info(dsn_for(dsn, trust), connect_timeout=5))
    except psycopg.OperationalError as error:
        if f'database "{trust.database}" does not exist' in str(error):
            raise DatabaseMissingError(trust.database) from error
        raise UnreachableError(_reason(error)) from error


def _info(dsn: str, **more: Any) -> str:
    try:
        return make_conninfo(dsn, **more)
    except psycopg.ProgrammingError as error:
        raise DsnError(_reason(error)) from error


def _rows_of(connection: psycopg.Connection, table: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*table.split(".")))
    (rows,) = connection.execute(query).fetchone() or (0,)
    return rows


@contextmanager
def _databases(dsn: str, replace: bool) -> Iterator[dict[str, psycopg.Connection]]:
    """A connection to each trust's new database, its schema made."""
    try:
        server = psycopg.connect(_info(dsn, connect_timeout=5), autocommit=True)
    except psycopg.OperationalError as error:
        raise UnreachableError(_reason(error)) from error
    with server, ExitStack() as stack:
        present = {name for (name,) in server.execute("SELECT datname FROM pg_database")}
        for trust in TRUSTS:
            if trust.database in present and not replace:
                raise DatabaseExistsError(trust.database)
        connections = {}
        for trust in TRUSTS:
            _recreate(server, trust.database, trust.database in present)
            connection = stack.enter_context(psycopg.connect(dsn_for(dsn, trust)))
            connection.execute(trust.schema.read_text(encoding="utf-8"))
            connections[trust.source] = connection
        yield connections


def _recreate(server: psycopg.Connection, database: str, present: bool) -> None:
    name = sql.Identifier(database)
    try:
        if present:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(name))
    except (psycopg.errors.ObjectInUse, psycopg.errors.ObjectNotInPrerequisiteState) as error:
        raise DatabaseInUseError(database, _reason(error)) from error


def _reason(error: psycopg.Error) -> str:
    return str(error).strip().splitlines()[0]


def _write(chunk: list[Life], connections: dict[str, psycopg.Connection], file: BinaryIO | None, made: Made) -> None:
    by_table: dict[tuple[str, str], list[Row]] = {}
    for life in chunk:
        made.persons += 1
        made.source_patients += len(life.registrations)
        made.facts += len(life.told)
        for source, row in life.rows:
            by_table.setdefault((source, row.table), []).append(row)
        if file:
            file.writelines(truth.encode(line) for line in truth.lines(life))
    for (source, name), rows in by_table.items():
        table = BY_SOURCE[source].tables[name]
        made.rows[source][name] += len(rows)
        copied = [row.copied(table) for row in rows]
        if source not in connections:
            continue
        columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(*name.split(".")), columns)
        with connections[source].cursor() as cursor, cursor.copy(statement) as copy:
            for values in copied:
                copy.write_row(values)

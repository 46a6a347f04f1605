"""Loading into PostgreSQL: what the generator counts is what the databases hold; nothing is overwritten unasked."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from seeds.errors import DatabaseExistsError, DatabaseMissingError, UnreachableError
from seeds.load import count, dsn_for, make
from seeds.profiles import EVERYDAY, MESSY
from seeds.trusts import BY_SOURCE, TRUSTS
from seeds.truth import read


def test_databases_hold_what_was_made_and_the_truth_names_rows_that_exist(server: str, tmp_path: Path) -> None:
    made = make(120, 4, MESSY, dsn=server, truth_path=tmp_path / "truth.jsonl", replace=True)
    assert count(server) == made.rows
    connections = {trust.source: psycopg.connect(dsn_for(server, trust)) for trust in TRUSTS}
    for line in list(read(tmp_path / "truth.jsonl"))[:300]:
        for record in line.get("records", ()):
            where = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in record["key"])
            query = sql.SQL("SELECT 1 FROM {} WHERE {}").format(sql.Identifier(*record["table"].split(".")), where)
            assert connections[record["source"]].execute(query, list(record["key"].values())).fetchone(), record
    for connection in connections.values():
        connection.close()


def test_existing_databases_are_kept_unless_asked(server: str) -> None:
    make(5, 1, EVERYDAY, dsn=server, replace=True)
    before = count(server)
    with pytest.raises(DatabaseExistsError, match="--replace"):
        make(9, 1, EVERYDAY, dsn=server)
    assert count(server) == before


def test_tables_have_full_replica_identity(server: str) -> None:
    make(5, 1, EVERYDAY, dsn=server, replace=True)
    for trust in TRUSTS:
        with psycopg.connect(dsn_for(server, trust)) as connection:
            query = ("SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                     " WHERE relreplident = 'f'")
            assert {name for (name,) in connection.execute(query)} == set(BY_SOURCE[trust.source].tables)


def test_what_to_do_is_said_where_nothing_is_there(server: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS rxa_epr WITH (FORCE)")
    with pytest.raises(DatabaseMissingError, match="mainstem seeds make"):
        count(server)
    with pytest.raises(UnreachableError, match="stack up"):
        make(1, 1, EVERYDAY, dsn="postgresql://127.0.0.1:1/nothing")

"""Loading into PostgreSQL: what the generator counts is what the databases hold; nothing is overwritten unasked."""

from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from seeds.errors import DatabaseExistsError, DatabaseInUseError, DatabaseMissingError, UnreachableError
from seeds.load import Made, count, dsn_for, make
from seeds.profiles import EVERYDAY, MESSY
from seeds.trusts import BY_SOURCE, TRUSTS
from seeds.truth import read


@pytest.fixture(scope="module")
def made(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Made, Path]:
    """What was made, and its truth file."""
    truth = tmp_path_factory.mktemp("truth") / "truth.jsonl"
    return make(120, 4, MESSY, dsn=postgres, truth_path=truth, replace=True), truth


def test_databases_hold_what_was_made_and_the_truth_names_rows_that_exist(postgres: str, made: tuple[Made, Path]) -> None:
    assert count(postgres) == made[0].rows
    connections = {trust.source: psycopg.connect(dsn_for(postgres, trust)) for trust in TRUSTS}
    for line in list(read(made[1]))[:300]:
        for record in line.get("records", ()):
            where = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in record["key"])
            query = sql.SQL("SELECT 1 FROM {} WHERE {}").format(sql.Identifier(*record["table"].split(".")), where)
            assert connections[record["source"]].execute(query, list(record["key"].values())).fetchone(), record
    for connection in connections.values():
        connection.close()


@pytest.mark.usefixtures("made")
def test_existing_databases_are_kept_unless_asked(postgres: str) -> None:
    before = count(postgres)
    with pytest.raises(DatabaseExistsError, match="--replace"):
        make(9, 1, EVERYDAY, dsn=postgres)
    assert count(postgres) == before


@pytest.mark.usefixtures("made")
def test_tables_have_full_replica_identity(postgres: str) -> None:
    for trust in TRUSTS:
        with psycopg.connect(dsn_for(postgres, trust)) as connection:
            query = ("SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                     " WHERE relreplident = 'f'")
            assert {name for (name,) in connection.execute(query)} == set(BY_SOURCE[trust.source].tables)


@pytest.mark.usefixtures("made")
def test_a_captured_database_is_not_dropped_under_its_reader(postgres: str) -> None:
    program = next(Path("/usr/lib/postgresql").glob("*/bin/pg_recvlogical"), None)
    if program is None:
        pytest.skip("pg_recvlogical of Debian's PostgreSQL is not installed")
    reading = [program, "-d", dsn_for(postgres, TRUSTS[0]), "--slot", "seeds_reader", "--create-slot", "--start", "-f", "-"]
    with subprocess.Popen(reading, stdout=subprocess.DEVNULL) as reader, psycopg.connect(postgres, autocommit=True) as admin:
        try:
            _wait_for(admin, "SELECT active FROM pg_replication_slots WHERE slot_name = 'seeds_reader'")
            with pytest.raises(DatabaseInUseError, match="replication slot"):
                make(5, 1, EVERYDAY, dsn=postgres, replace=True)
        finally:
            reader.terminate()
        _wait_for(admin, "SELECT NOT active FROM pg_replication_slots WHERE slot_name = 'seeds_reader'")
        admin.execute("SELECT pg_drop_replication_slot('seeds_reader')")


def _wait_for(connection: psycopg.Connection, query: LiteralString) -> None:
    deadline = time.monotonic() + 60  # where others write, a slot waits for their transactions, and for PostgreSQL to say that they ended
    while connection.execute(query).fetchone() != (True,):
        assert time.monotonic() < deadline, query
        threading.Event().wait(0.05)


def test_what_to_do_is_said_where_nothing_is_there(postgres: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS rxa_epr WITH (FORCE)")
    with pytest.raises(DatabaseMissingError, match="mainstem seeds make"):
        count(postgres)
    with pytest.raises(UnreachableError, match="stack up"):
        make(1, 1, EVERYDAY, dsn="postgresql://127.0.0.1:1/nothing")

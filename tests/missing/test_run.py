"""Rows that were deleted while the replication slot was gone, on real servers: found, told of once, and never by mistake."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
import orjson
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from deploy.stack import Endpoints
from deploy.stack.captured import Captured, captured
from deploy.stack.connectors import debezium_postgres, ensure_connector, remove_connector
from mainstem.missing import NotComparedError, look, write
from mainstem.missing.errors import IncarnationError, NotHeardError, OpenTransactionError
from mainstem.verify import trusts
from schemas import kafka, log, topics
from tests.eventually import eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]
RAW, NAME, TABLES = topics.raw("RXY/epr"), "rxy_epr", ["epr.allergy", "epr.note"]
ROWS = 40


class Source:
    """A database with a connector."""

    def __init__(self, servers: Endpoints) -> None:
        self.servers = servers
        self.connector = f"{servers.connect}/connectors/{NAME}"
        self.dsn = servers.database(NAME)

    def run(self, *statements: str) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as trust:
            for each in statements:
                trust.execute(each)

    def captured(self) -> Captured:
        return captured(self.servers, NAME)

    def look(self, seconds: float = 90, of: Captured | None = None, begun: trusts.Begun | None = None,
             **more: Any) -> dict[str, tuple[list[bytes], str]]:
        """Table -> hashes of the keys of what is gone, and why nothing is concluded from it."""
        self.found = look(self.servers.kafka, of or self.captured(), TABLES, lambda: begun or {}, seconds, print, **more)
        return {each.table: ([key for key, _ in each.gone], each.withheld) for each in self.found.tables}

    def raw(self) -> list[dict]:
        return [orjson.loads(message.value()) for message in log.read(self.servers.kafka, RAW)]

    @contextmanager
    def nobody_looks(self) -> Iterator[None]:
        """The connector is stopped and its slot dropped; then it begins anew (docs/operations.md, Reading a source anew)."""
        httpx.put(f"{self.connector}/stop").raise_for_status()
        slot = self.captured().slot

        def free() -> bool:
            with psycopg.connect(self.dsn, autocommit=True) as trust:
                return trust.execute("SELECT count(pg_drop_replication_slot(slot_name)) FROM pg_replication_slots "
                                     "WHERE slot_name = %s AND NOT active", (slot,)).fetchone() == (1,)

        eventually(free, "the end of the slot")
        yield
        httpx.delete(f"{self.connector}/offsets").raise_for_status()
        httpx.put(f"{self.connector}/resume").raise_for_status()
        eventually(lambda: self.captured().running, "the connector")


@pytest.fixture(scope="module")
def source(endpoints: Endpoints) -> Iterator[Source]:
    kafka.ensure_topics(endpoints.kafka, [RAW])
    with psycopg.connect(endpoints.postgres, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {NAME}")
    made = Source(endpoints)
    made.run("CREATE SCHEMA epr", "CREATE TABLE epr.allergy (id int PRIMARY KEY, mrn text, agent text)",
             "CREATE TABLE epr.note (id int, at date, mrn text, PRIMARY KEY (id, at))", "ALTER TABLE epr.allergy REPLICA IDENTITY FULL",
             f"INSERT INTO epr.allergy SELECT n, '1', 'penicillin' FROM generate_series(1, {ROWS}) n",
             "INSERT INTO epr.note SELECT n, '2024-05-01', '1' FROM generate_series(1, 20) n")
    ensure_connector(endpoints, NAME, debezium_postgres("RXY/epr", endpoints.postgres, NAME, TABLES, RAW.name))
    yield made
    remove_connector(endpoints, NAME)


def hashed(number: int) -> bytes:
    return trusts._hash({"id": number})


def test_a_row_deleted_while_nobody_looked_is_told_of_once(source: Source) -> None:
    """While others come and go, and it comes back."""
    assert source.look() == {"epr.allergy": ([], ""), "epr.note": ([], "")}
    with source.nobody_looks():
        source.run("DELETE FROM epr.allergy WHERE id = 3", "UPDATE epr.allergy SET agent = 'latex' WHERE id = 4",
                   "DELETE FROM epr.note WHERE id = 7")
    stop = threading.Event()

    def others() -> None:
        with psycopg.connect(source.dsn, autocommit=True) as trust:
            for number in range(1000, 100_000):
                trust.execute("INSERT INTO epr.allergy VALUES (%s, '1', 'latex')", (number,))
                trust.execute("DELETE FROM epr.allergy WHERE id = %s", (number - 5,))
                trust.execute("UPDATE epr.allergy SET id = id + 100000 WHERE id = %s", (number - 2,))
                if stop.wait(0.01):
                    return

    busy = threading.Thread(target=others)
    busy.start()
    try:
        gone = {"epr.allergy": ([hashed(3)], ""), "epr.note": ([trusts._hash({"id": 7, "at": "2024-05-01Z"})], "")}
        assert source.look() == gone
        assert source.look() == gone, "nothing is written before it is asked for"
        assert write(source.servers.kafka, source.found, print) == 2
        assert source.look() == {"epr.allergy": ([], ""), "epr.note": ([], "")}
    finally:
        stop.set()
        busy.join()
    told = [each for each in source.raw() if each["source"]["connector"] == "mainstem"]
    assert {(each["op"], each["before"]["id"], each["source"]["table"]) for each in told} == {("d", 3, "allergy"), ("d", 7, "note")}
    assert len(told) == 2
    source.run("INSERT INTO epr.allergy VALUES (3, '1', 'penicillin')")
    assert source.look() == {"epr.allergy": ([], ""), "epr.note": ([], "")}
    source.run("DELETE FROM epr.allergy WHERE id >= 1000")


def test_another_database_is_told_from_the_one_that_is_captured(source: Source) -> None:
    """Though its tables are the same, and empty."""
    with psycopg.connect(source.servers.postgres, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {NAME}_copy")
    wrong = replace(source.captured(), dsn=make_conninfo(**{**conninfo_to_dict(source.dsn), "dbname": f"{NAME}_copy"}))
    with psycopg.connect(wrong.dsn, autocommit=True) as trust:
        trust.execute("CREATE SCHEMA epr")
        trust.execute("CREATE TABLE epr.allergy (id int PRIMARY KEY)")
    with pytest.raises(NotHeardError, match="reads another database"):
        source.look(3, wrong)


def test_a_connector_that_brings_nothing_is_waited_for_and_told(source: Source) -> None:
    httpx.put(f"{source.connector}/pause").raise_for_status()
    try:
        eventually(lambda: not source.captured().running, "the pause")
        with pytest.raises(NotHeardError, match="of log behind"):
            source.look(2)
    finally:
        httpx.put(f"{source.connector}/resume").raise_for_status()
    eventually(lambda: source.captured().running, "the connector")
    assert source.look() == {"epr.allergy": ([], ""), "epr.note": ([], "")}


def test_a_transaction_that_is_open_is_waited_for(source: Source) -> None:
    """What it did may be in the log already, and not yet in the tables that others see."""
    with psycopg.connect(source.dsn) as trust:
        trust.execute("INSERT INTO epr.allergy VALUES (500, '1', 'latex')")
        with pytest.raises(OpenTransactionError, match="stayed open"):
            source.look(2)
        trust.rollback()
    assert source.look() == {"epr.allergy": ([], ""), "epr.note": ([], "")}


def test_the_mapping_counts_as_capture_does(source: Source) -> None:
    with pytest.raises(IncarnationError, match="incarnation 2"):
        source.look(begun={(RAW.name, 0): [(0, 1)]}, declared=2)
    assert issubclass(IncarnationError, NotComparedError)


def test_of_an_earlier_incarnation_a_row_is_told_of_before_all_of_the_present_one(source: Source) -> None:
    with source.nobody_looks():
        ends = log.stretches(source.servers.kafka, RAW)
        source.run("DELETE FROM epr.allergy WHERE id = 9")
    raised = {(RAW.name, number): [(0, 0), (each.end, 1)] for number, each in ends.items()}
    assert source.look(begun=raised, declared=1) == {"epr.allergy": ([hashed(9)], ""), "epr.note": ([], "")}
    assert write(source.servers.kafka, source.found, print) == 1
    [told] = [each["source"] for each in source.raw() if each["source"]["connector"] == "mainstem" and each["before"]["id"] == 9]
    assert (told["lsn"], told["sequence"]) == (0, '["0","0"]')
    assert source.look(begun=raised, declared=1) == {"epr.allergy": ([], ""), "epr.note": ([], "")}
    source.run("INSERT INTO epr.allergy VALUES (9, '1', 'penicillin')")
    assert source.look(begun=raised, declared=1) == {"epr.allergy": ([], ""), "epr.note": ([], "")}


def test_a_table_that_was_emptied_or_made_anew_is_withheld(source: Source) -> None:
    source.run("TRUNCATE epr.allergy", "DROP TABLE epr.note", "CREATE TABLE epr.note (id int, at date, mrn text, PRIMARY KEY (id, at))")
    (gone, why), (none, unpublished) = source.look().values()
    assert len(gone) == ROWS and "right database" in why
    assert none == [] and "no publication names it" in unpublished
    assert source.found.words == []
    (gone, why), _ = source.look(even_if_many=True).values()
    assert (len(gone), why, len(source.found.words)) == (ROWS, "", ROWS)

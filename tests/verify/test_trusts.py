"""What `verify --source` takes for a captured row: what capture takes for a row change, and nothing else."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import orjson
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from mainstem.model import Assertion, RawRef
from mainstem.verify import trusts
from mainstem.verify.trusts import row
from producers.debezium import SNAPSHOT_MARGIN

SOURCE = {"schema": "epr", "table": "patient", "lsn": 7}


def unasked() -> Any:
    """A connection that nobody asks."""
    return nullcontext(SimpleNamespace())


def read(envelope: Any, key: Any = None) -> Any:
    return row(orjson.dumps({"mrn": 1} if key is None else key), orjson.dumps(envelope))


def test_a_row_change_with_and_without_its_schema():
    plain = read({"op": "u", "source": SOURCE})
    assert plain is not None and (plain[0][0], plain[1:]) == ("epr.patient", (f"{7:016X}" * 2, True))
    assert read({"schema": {}, "payload": {"op": "u", "source": SOURCE}}, {"schema": {}, "payload": {"mrn": 1}}) == plain
    deleted = read({"op": "d", "source": SOURCE | {"lsn": 8}})
    assert deleted == (plain[0], f"{8:016X}" * 2, False)


def test_a_delete_in_a_transaction_that_was_open_at_the_snapshot_is_later_than_its_row():
    """As capture places the two (docs/decisions/snapshot-rows-yield-to-the-log.md)."""
    snapshot = read({"op": "r", "source": SOURCE | {"lsn": 1 << 30}})
    deleted = read({"op": "d", "source": SOURCE | {"lsn": (1 << 30) - 500}})
    assert snapshot[0] == deleted[0]
    assert snapshot[1] < deleted[1]
    assert read({"op": "r", "source": SOURCE})[1] == f"{0:016X}"
    late = {"lsn": (1 << 30) - 2 * SNAPSHOT_MARGIN, "sequence": f'["{(1 << 30) + 100}","5"]'}
    assert snapshot[1] < read({"op": "d", "source": SOURCE | late})[1]


@pytest.mark.parametrize("envelope", [
    {"op": "u", "source": {"schema": "epr", "table": "patient"}}, {"op": "u", "source": SOURCE | {"lsn": "7"}},
    {"op": "u", "source": SOURCE | {"lsn": None}}, {"op": "u", "source": SOURCE | {"table": None}},
    {"op": "u", "source": {"table": "patient", "lsn": 7}}, {"op": "u", "source": "a table"}, {"op": "u", "source": None},
    {"op": "u"}, {"op": "m", "source": SOURCE}, {"source": SOURCE}, {"op": ["u"], "source": SOURCE}, {"payload": None}, [], None, 7,
])
def test_what_is_no_row_change_is_no_row(envelope: Any):
    assert read(envelope) is None


@pytest.mark.parametrize(("key", "value"), [(b"{", b"{}"), (b"[]", b"{}"), (b"7", b"7"), (b"{}", b"\xff")])
def test_rubbish_is_no_row(key: bytes, value: bytes):
    assert row(key, value) is None


@pytest.mark.parametrize("grows", [True, False])
def test_a_row_that_is_lost_is_named_in_each_look(monkeypatch: pytest.MonkeyPatch, grows: bool) -> None:
    """Also while rows come in: two are lost for ever, one is captured later; another was deleted, and nobody was told."""
    looks = []
    for late in (0, 1):
        count = 1000 + (late if grows else 0)
        held, lost = {f"{n}".encode() for n in range(count)}, {b"0", b"1"} if late else {b"0", b"1", b"2"}
        monkeypatch.setattr(trusts, "held", lambda *_, held=held: {"allergy": held})
        monkeypatch.setattr(trusts, "lacking", lambda *_: ())
        monkeypatch.setattr(trusts.psycopg, "connect", lambda *_, **__: unasked())
        monkeypatch.setattr(trusts, "_captured", lambda *_, seen=held - lost | {b"gone"}: {"allergy": seen})
        looks.append(trusts.check_source("", "A82038/gp", "", ("gp.allergy",)))
    assert [len(look.differences) for look in looks] == [4, 3]
    assert set(looks[1].lasting(looks[0]).differences) == {("allergy", b"0"), ("allergy", b"1"), ("allergy", b"gone")}


def test_tables_of_one_name_in_two_schemas_are_two() -> None:
    """Their rows have the same keys, so that one's row would stand for the other's that was lost."""
    places = {read({"op": "c", "source": SOURCE | {"schema": schema}})[0] for schema in ("epr", "archive")}
    assert {table for table, _ in places} == {"epr.patient", "archive.patient"}


def said(offset: int, incarnation: int) -> Assertion:
    return Assertion(source="RXZ/epr", patient="1", record="allergy/1", kind="allergy", incarnation=incarnation, position="",
                     raw=RawRef("raw.rxz-epr.v1", 0, offset))


def test_of_a_database_that_was_restored_what_came_since_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its log positions began again: a row that was deleted before is there once more, and one that it never had is gone."""
    told = [("c", 1, 900), ("c", 2, 910), ("d", 1, 920), ("r", 1, 300), ("d", 2, 400)]
    messages = [SimpleNamespace(key=lambda n=n: orjson.dumps({"id": n}), headers=list, partition=lambda: 0, offset=lambda at=at: at,
                                value=lambda op=op, lsn=lsn: orjson.dumps({"op": op, "source": SOURCE | {"lsn": lsn}}))
                for at, (op, n, lsn) in enumerate(told)]
    monkeypatch.setattr(trusts.log, "read", lambda *_: iter(messages))
    monkeypatch.setattr(trusts, "lacking", lambda *_: ())
    monkeypatch.setattr(trusts, "held", lambda *_: {"epr.patient": {trusts._hash({"id": 1})}})
    monkeypatch.setattr(trusts.psycopg, "connect", lambda *_, **__: unasked())
    begun = trusts.begun([said(0, 0), said(2, 0), said(3, 1), said(4, 1)])
    assert begun == {("raw.rxz-epr.v1", 0): [(0, 0), (3, 1)]}
    assert trusts.check_source("", "RXZ/epr", "", ["epr.patient"], begun).passed
    assert len(trusts.check_source("", "RXZ/epr", "", ["epr.patient"]).differences) == 2


KEYS: list[tuple[str, str, Any]] = [
    ("date", "2024-05-01", "2024-05-01Z"), ("timestamp", "2024-05-01 10:00", "2024-05-01T10:00:00Z"),
    ("timestamp", "2024-05-01 10:00:00.5", "2024-05-01T10:00:00.5Z"), ("timestamptz", "2024-05-01 10:00+01", "2024-05-01T09:00:00.000000Z"),
    ("timestamptz", "2024-05-01 10:00:00.5+01", "2024-05-01T09:00:00.500000Z"),
    ("bytea", "\\x00ff", "AP8="), ("numeric(10,2)", "1.5", "1.50"),
    ("uuid", "0e37df36-f698-11e6-8dd4-cb9ced3df976", "0e37df36-f698-11e6-8dd4-cb9ced3df976"), ("char(5)", "ab", "ab   "),
    ("bigint", "9007199254740993", 9007199254740993), ("bool", "true", True)]
"""Type of a column, a value, and how Debezium spells it in a key."""


@pytest.mark.parametrize(("kind", "value", "spelt"), KEYS)
def test_keys_of_every_type_are_those_of_the_log(database: str, kind: str, value: str, spelt: Any) -> None:
    with psycopg.connect(database) as trust:
        trust.execute(f"CREATE TABLE \"Keyed\" (k {kind}, n int, PRIMARY KEY (k, n))")
        trust.execute("INSERT INTO \"Keyed\" VALUES (%s, 1)", (value,))
        assert trusts.held(trust, ["public.Keyed"]) == {"public.Keyed": {trusts._hash({"k": spelt, "n": 1})}}


def test_a_table_whose_changes_cannot_all_be_told_is_named(database: str) -> None:
    with psycopg.connect(database) as trust:
        for table in ("whole", "partial", "unkeyed", "unpublished", "parted", "part_whole"):
            trust.execute(f"CREATE TABLE {table} (id int {'' if table == 'unkeyed' else 'PRIMARY KEY'}, mrn text)"
                          f"{' PARTITION BY LIST (id)' if 'part_' in table or table == 'parted' else ''}")
        trust.execute("CREATE TABLE p1 PARTITION OF parted FOR VALUES IN (1)")
        trust.execute("CREATE TABLE p2 PARTITION OF part_whole FOR VALUES IN (2)")
        for table in ("whole", "unkeyed", "unpublished", "parted", "p2"):
            trust.execute(f"ALTER TABLE {table} REPLICA IDENTITY FULL")
        trust.execute("CREATE PUBLICATION p FOR TABLE whole, partial, unkeyed, parted, part_whole WITH (publish_via_partition_root)")
        names = ("whole", "partial", "unkeyed", "unpublished", "parted", "part_whole", "dropped")
        found = [(table.removeprefix("public."), what.split()[0]) for table, what in trusts.lacking(trust, [f"public.{n}" for n in names])]
    assert found == [("partial", "rows"), ("unkeyed", "without"), ("unpublished", "no"), ("parted", "rows"), ("dropped", "there")]


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_databases_of_other_encodings_are_compared(postgres: str, monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    name = f"verify_{encoding.lower()}"
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'")
    try:
        dsn = make_conninfo(postgres, dbname=name)
        with psycopg.connect(dsn, client_encoding="utf8") as trust:
            trust.execute("CREATE TABLE t (k text PRIMARY KEY)")
            trust.execute("INSERT INTO t VALUES ('Zoë')")
            trust.execute("ALTER TABLE t REPLICA IDENTITY FULL")
            trust.execute("CREATE PUBLICATION p FOR TABLE t")
        monkeypatch.setattr(trusts, "_captured", lambda *_: {"public.t": {trusts._hash({"k": "Zoë"})}})
        assert trusts.check_source("", "RXZ/epr", dsn, ["public.t"]).differences == {}
    finally:
        with psycopg.connect(postgres, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_rows_that_are_hidden_from_the_role_are_not_taken_for_deleted(database: str) -> None:
    with psycopg.connect(database) as admin:
        admin.execute("CREATE TABLE hidden (id int PRIMARY KEY)")
        admin.execute("INSERT INTO hidden VALUES (1)")
        admin.execute("ALTER TABLE hidden ENABLE ROW LEVEL SECURITY")
        admin.execute("CREATE ROLE looks_on LOGIN PASSWORD 'looks'")
        admin.execute("GRANT SELECT ON hidden TO looks_on")
    try:
        with (trusts.snapshot(make_conninfo(database, user="looks_on", password="looks")) as trust,
              pytest.raises(psycopg.errors.InsufficientPrivilege)):
            trusts.held(trust, ["public.hidden"])
    finally:
        with psycopg.connect(database, autocommit=True) as admin:
            admin.execute("DROP OWNED BY looks_on")
            admin.execute("DROP ROLE looks_on")

"""Debezium on the native stack: every change of a table arrives in the raw topic, through a kill of Connect."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import psutil
import psycopg
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from typer.testing import CliRunner

from deploy.platform.capture import CaptureWatch
from deploy.stack import Endpoints, down, endpoints, rereading, status, up
from deploy.stack.connectors import debezium_postgres, ensure_connector, remove_connector
from deploy.stack.errors import ConnectorFailedError, NotAskedError
from mainstem.cli.stack import app as stack
from mainstem.observe import metrics
from mainstem.observe.connect import Connector, Connectors, connectors
from producers.batch import MAX_CONTENT
from producers.debezium import position
from schemas import kafka, log, topics
from schemas.beats import Beats
from tests.eventually import eventually
from tests.producers.changes import SMALL

pytestmark = pytest.mark.stack
TOPIC = "raw.rxz-epr.v1"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A stack of its own, since its Connect is killed."""
    place = tmp_path_factory.mktemp("capture")
    try:
        up(place, only=["connect", "postgres"])
        yield place
    finally:
        down(place)


@pytest.fixture(scope="module")
def servers(home: Path) -> Endpoints:
    found = endpoints(home)
    rereading.ensure_topic(found.kafka)
    rereading.ensure_topic(found.kafka)
    client = AdminClient({"bootstrap.servers": found.kafka})
    client.create_topics([NewTopic(TOPIC, 3, 1)])[TOPIC].result()
    with psycopg.connect(found.postgres, autocommit=True) as admin:
        admin.execute("CREATE DATABASE rxz_epr")
    with psycopg.connect(found.database("rxz_epr"), autocommit=True) as trust:
        trust.execute("CREATE SCHEMA epr")
        trust.execute("CREATE TABLE epr.patient (mrn text PRIMARY KEY, born date, seen timestamptz, at timestamp, weight numeric(5,2))")
        trust.execute("CREATE TABLE epr.allergy (id int PRIMARY KEY, mrn text, agent text)")
        trust.execute("CREATE TABLE epr.secret (id int PRIMARY KEY)")
        trust.execute("ALTER TABLE epr.allergy REPLICA IDENTITY FULL")
        trust.execute("INSERT INTO epr.patient VALUES ('1', '1980-02-29', '2024-05-01 10:00+01', '2024-05-01 10:00', 70.50)")
        trust.execute("INSERT INTO epr.secret VALUES (1)")
    return found


def config(servers: Endpoints) -> dict[str, str]:
    return debezium_postgres("RXZ/epr", servers.postgres, "rxz_epr", ["epr.patient", "epr.allergy"], TOPIC, servers.kafka)


def raw(bootstrap: str) -> list[dict]:
    """All changes in the topic, from the start."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "look", "auto.offset.reset": "earliest", "enable.partition.eof": True,
                         "enable.auto.commit": False})
    consumer.subscribe([TOPIC])
    found, ended = [], 0
    while ended < 3:
        message = consumer.poll(10)
        assert message is not None, "the topic could not be read"
        if message.error():
            ended += 1
        else:
            found.append(orjson.loads(message.value()))
    consumer.close()
    return found


def test_changes_of_all_tables_arrive_in_one_topic_through_a_kill_of_connect(home: Path, servers: Endpoints) -> None:
    ensure_connector(servers, "rxz_epr", config(servers))
    ensure_connector(servers, "rxz_epr", config(servers))
    eventually(lambda: [change for change in raw(servers.kafka) if change["op"] == "r"], "the snapshot")
    with psycopg.connect(servers.database("rxz_epr"), autocommit=True) as trust:
        def allergy(number: int) -> None:
            trust.execute("INSERT INTO epr.allergy VALUES (%s, '1', 'penicillin')", (number,))
            trust.execute("UPDATE epr.allergy SET agent = 'amoxicillin' WHERE id = %s", (number,))
            trust.execute("DELETE FROM epr.allergy WHERE id = %s", (number,))

        for number in range(50):
            allergy(number)
        connect = next(one for one in status(home) if one.service == "connect")
        os.kill(connect.pid, signal.SIGKILL)
        for number in range(50, 100):
            allergy(number)
        eventually(lambda: next(one for one in status(home) if one.service == "connect").state == "lost", "the end of Connect")
        up(home, only=["connect", "postgres"])
        for number in range(100, 120):
            allergy(number)

    wanted = {(op, number) for number in range(120) for op in "cud"}

    def complete() -> list[dict]:
        changes = raw(servers.kafka)
        seen = {(one["op"], (one["after"] or one["before"])["id"]) for one in changes if one["source"]["table"] == "allergy"}
        return changes if seen == wanted else []

    changes = eventually(complete, "the arrival of every change")
    assert {one["source"]["table"] for one in changes} == {"patient", "allergy"}
    (patient, *_) = (one["after"] for one in changes if one["op"] == "r")
    assert patient == {
        "mrn": "1", "born": "1980-02-29Z", "seen": "2024-05-01T09:00:00.000000Z", "at": "2024-05-01T10:00:00Z", "weight": "70.50",
    }
    deleted = next(one for one in changes if one["op"] == "d")
    assert deleted["before"]["agent"] == "amoxicillin"
    ensure_connector(servers, "rxz_epr", config(servers))


def test_a_failed_task_is_seen_and_started_again(servers: Endpoints) -> None:
    """Nobody asks Connect to restart but the watch."""
    ensure_connector(servers, "rxz_epr", config(servers))
    told: list[str] = []
    watch = CaptureWatch(servers.connect, told.append, 0.5)

    def state() -> Connector:
        return next(one for one in connectors(servers.connect) if one.name == "rxz_epr")

    def shown() -> list[float]:
        return metrics.now(metrics.CONNECTOR_RUNNING, connector="rxz_epr")

    assert state().running
    # Another producer takes the transactional id of the task: what it next writes is refused, and it fails.
    Producer({"bootstrap.servers": servers.kafka, "transactional.id": "mainstem-connect-rxz_epr-0"}).init_transactions(20)
    with psycopg.connect(servers.database("rxz_epr"), autocommit=True) as trust:
        trust.execute("INSERT INTO epr.allergy VALUES (999, '1', 'penicillin')")
    eventually(lambda: state().failed, "the failure of the task", 60)
    watch.look(0.0)
    assert shown() == [0]
    watch.look(1.0)
    assert len(told) == 1, "not again before its wait is over"
    watch.start()
    try:
        eventually(lambda: shown() == [1], "capture", 90)
    finally:
        watch.stop()
    assert state().running
    assert metrics.now(metrics.CONNECTOR_RESTARTS, connector="rxz_epr") == [len(told)]
    assert all("connector rxz_epr had failed" in line and "Exception" not in line for line in told)
    with psycopg.connect(servers.database("rxz_epr"), autocommit=True) as trust:
        trust.execute("INSERT INTO epr.allergy VALUES (1000, '1', 'penicillin')")
    eventually(lambda: {one["after"].get("id") for one in raw(servers.kafka) if one["op"] == "c"} >= {999, 1000}, "both changes")


def test_a_database_that_is_away_is_told_though_its_connector_runs(home: Path, servers: Endpoints, monkeypatch: pytest.MonkeyPatch) -> None:
    """And capture goes on once it is back, whatever Connect made of it."""
    monkeypatch.setattr("mainstem.observe.connect.SILENT_SECONDS", 15.0)
    ensure_connector(servers, "rxz_epr", config(servers))
    look = Connectors(servers.connect, Beats(servers.kafka).heard).look

    def state() -> Connector:
        return next(one for one in look() if one.name == "rxz_epr")

    eventually(lambda: (state().age or 99) < 5, "a heartbeat", 60)
    assert not state().silent
    server = next(one.pid for one in status(home) if one.service == "postgres")
    family = [server, *(child.pid for child in psutil.Process(server).children(recursive=True))]
    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    told: list[str] = []
    watch = CaptureWatch(servers.connect, told.append, 0.5, Beats(servers.kafka).heard)
    try:
        eventually(lambda: state().silent, "its silence", 60)
        assert "its database heard" in state().detail
        watch.look(0.0)
        assert metrics.now(metrics.CONNECTOR_HEARD, connector="rxz_epr")[0] > 15
        assert told == [], "it may have come back just now"
        watch.look(61.0)
        assert ["has not heard its database" in line for line in told] == [True]
    finally:
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    with psycopg.connect(servers.database("rxz_epr"), autocommit=True) as trust:
        trust.execute("INSERT INTO epr.allergy VALUES (2000, '1', 'penicillin')")
    watch.start()
    try:
        eventually(lambda: 2000 in {(one["after"] or {}).get("id") for one in raw(servers.kafka)}, "the change", 90)
        eventually(lambda: (state().age or 99) < 12, "a heartbeat again", 60)
    finally:
        watch.stop()


def test_a_table_is_read_anew_while_its_changes_go_on(servers: Endpoints) -> None:
    """Its rows stand behind what was captured of them before, and before what follows."""
    ensure_connector(servers, "rxz_epr", config(servers))
    with psycopg.connect(servers.database("rxz_epr"), autocommit=True) as trust:
        trust.execute("INSERT INTO epr.allergy SELECT n, '1', 'penicillin' FROM generate_series(3000, 3009) n")
        eventually(lambda: 3009 in {(one["after"] or {}).get("id") for one in raw(servers.kafka)}, "the rows")
        assert rereading.reread(servers, "rxz_epr", ["epr.allergy"]) == ["epr.allergy"]
        changed = 0

        def read_anew() -> dict[int, dict]:
            """The rows of it, while others change."""
            nonlocal changed
            changed += 1
            trust.execute("INSERT INTO epr.allergy VALUES (%s, '1', 'latex')", (4000 + changed,))
            trust.execute("DELETE FROM epr.allergy WHERE id = %s", (4000 + changed,))
            found = {one["after"]["id"]: one["source"] for one in raw(servers.kafka) if one["op"] == "r" and "agent" in one["after"]}
            return found if found.keys() >= {*range(3000, 3010)} else {}

        anew = eventually(read_anew, "the rows anew", 90)
        trust.execute("DELETE FROM epr.allergy WHERE id >= 3000")

    def told() -> list[dict]:
        changes = [one for one in raw(servers.kafka) if one["source"]["table"] == "allergy"]
        return changes if {one["before"]["id"] for one in changes if one["op"] == "d"} >= {*range(3000, 3010)} else []

    changes = eventually(told, "the deletes", 60)
    of = {op: {(one["after"] or one["before"])["id"]: one["source"] for one in changes if one["op"] == op} for op in "cd"}
    assert all({number for number in rows if number > 4000} == {*range(4001, 4001 + changed)} for rows in of.values())
    for number in range(3000, 3010):
        log = [position(of[op][number], snapshot=False) for op in "cd"]
        assert log[0] < position(anew[number], snapshot=True) < log[1]


@pytest.mark.parametrize(("connector", "table", "why"), [
    ("rxa", "epr.allergy", "there is no connector 'rxa'"), ("rxz_epr", "epr.alergy", "captures no table 'epr.alergy'")])
def test_what_cannot_be_read_anew_is_said(servers: Endpoints, connector: str, table: str, why: str) -> None:
    ensure_connector(servers, "rxz_epr", config(servers))
    with pytest.raises(NotAskedError, match=why):
        rereading.reread(servers, connector, [table])
    with pytest.raises(NotAskedError, match="Connect does not answer"):
        rereading.reread(Endpoints({"connect": "http://127.0.0.1:1", "kafka": servers.kafka}), connector, [table])


def test_a_database_is_looked_at_and_then_captured(home: Path, servers: Endpoints, tmp_path: Path) -> None:
    (tmp_path / "rxt.yaml").write_text(SMALL.replace("RXX/test", "RXT/epr"))
    with psycopg.connect(servers.postgres, autocommit=True) as admin:
        admin.execute("CREATE DATABASE rxt_epr")
        admin.execute("CREATE ROLE reader LOGIN PASSWORD 'reader'")
    with psycopg.connect(servers.database("rxt_epr"), autocommit=True) as trust:
        trust.execute("CREATE SCHEMA t")
        trust.execute("GRANT USAGE ON SCHEMA t TO reader")
        trust.execute("CREATE TABLE t.patient (mrn text PRIMARY KEY, born text)")
        trust.execute("CREATE TABLE t.allergy (id int PRIMARY KEY, mrn text)")
        trust.execute("ALTER TABLE t.allergy REPLICA IDENTITY FULL")
        trust.execute("INSERT INTO t.allergy VALUES (1, '1')")
    reached = conninfo_to_dict(servers.database("rxt_epr"))
    password = str(reached.pop("password"))

    def asked(*arguments: str, source: str = "RXT/epr", **other: str) -> tuple[int, dict[str, Any], str]:
        found = CliRunner().invoke(stack, [
            "capture", source, "--database", make_conninfo(**{**reached, **other}), "--mappings", str(tmp_path), "--home", str(home),
            "--output", "json", *arguments], env={"PGPASSWORD": "reader" if other else password})
        assert password not in found.output
        return found.exit_code, orjson.loads(found.stdout or "{}"), found.stderr

    def capturing() -> set[str]:
        return {one.name for one in connectors(servers.connect)}

    two = ("--table", "t.patient", "--table", "t.allergy")
    assert "no mapping" in asked(source="RXU/epr")[2]
    assert "knows no table 't.alergy'" in asked("--table", "t.alergy")[2]
    assert "connection" in asked(port="1", user="reader")[2]
    code, told, _ = asked()
    assert code == 1
    assert [text.partition(":")[0] for text in told["refused"]] == ["t.contact"], "and what the mapping ignores is not captured"
    code, told, _ = asked(*two, user="reader")
    assert code == 1
    assert [text.partition(":")[0] for text in told["refused"]] == [
        "its user may not replicate", "t.patient", "t.patient", "t.allergy", "t.allergy"]
    code, told, _ = asked(*two, "--dry-run")
    assert (code, told["refused"], told["captured"]) == (0, [], False)
    assert [text.partition(":")[0] for text in told["lost"]] == ["t.patient"], "its replica identity is the default"
    assert "rxt_epr" not in capturing()
    for _ in range(2):
        code, told, _ = asked(*two)
        assert (code, told["captured"], told["connector"], told["topic"]) == (0, True, "rxt_epr", "raw.rxt-epr.v1")
    assert "rxt_epr" in capturing()

    def rows() -> list[Any]:
        return [orjson.loads(message.value())["after"] for message in log.read(servers.kafka, topics.raw("RXT/epr"))]

    assert eventually(rows, "its row", 60) == [{"id": 1, "mrn": "1"}]


def test_changes_of_partitions_and_rows_with_large_values_are_captured(servers: Endpoints) -> None:
    """What cannot be sent would stop the source: a value that no record takes is cut, behind what capture takes of one."""
    letters = topics.raw("RXW/epr")
    kafka.ensure_topics(servers.kafka, [letters])
    with psycopg.connect(servers.postgres, autocommit=True) as admin:
        admin.execute("CREATE DATABASE rxw_epr")
    with psycopg.connect(servers.database("rxw_epr"), autocommit=True) as trust:
        trust.execute("CREATE SCHEMA epr")
        trust.execute("CREATE TABLE epr.visit (id int, year int, mrn text, PRIMARY KEY (id, year)) PARTITION BY LIST (year)")
        trust.execute("CREATE TABLE epr.visit_2024 PARTITION OF epr.visit FOR VALUES IN (2024)")
        trust.execute("CREATE TABLE epr.letter (id int PRIMARY KEY, note text, scan bytea)")
        trust.execute("ALTER TABLE epr.visit_2024 REPLICA IDENTITY FULL")
        trust.execute("ALTER TABLE epr.letter REPLICA IDENTITY FULL")
        trust.execute("INSERT INTO epr.letter VALUES (1, 'a', NULL)")
        tables = ["epr.visit", "epr.letter"]
        ensure_connector(servers, "rxw_epr", debezium_postgres("RXW/epr", servers.postgres, "rxw_epr", tables, letters.name))
        whole = MAX_CONTENT - 2
        for sql in ("INSERT INTO epr.visit VALUES (1, 2024, '1')", "UPDATE epr.visit SET mrn = '2'", "DELETE FROM epr.visit",
                    f"UPDATE epr.letter SET note = repeat('x', {whole})", "UPDATE epr.letter SET note = repeat('x', 20000000)",
                    "UPDATE epr.letter SET scan = decode(repeat('00', 20000000), 'hex')", "UPDATE epr.letter SET note = 'last'"):
            trust.execute(sql)

    def changes() -> list[dict]:
        found = [orjson.loads(message.value()) for message in log.read(servers.kafka, letters)]
        return found if any((one["after"] or {}).get("note") == "last" for one in found) else []

    found = eventually(changes, "every change", 90)
    visits = [(one["op"], one["source"]["table"], (one["before"] or {}).get("mrn")) for one in found if "visit" in one["source"]["table"]]
    assert visits == [("c", "visit", None), ("u", "visit", "1"), ("d", "visit", "2")]
    sizes = [len(one["after"]["note"]) for one in found if one["source"]["table"] == "letter"]
    assert sizes[:2] == [1, whole]
    assert min(sizes[2:4]) > MAX_CONTENT, "what is cut is too large for capture all the same"
    remove_connector(servers, "rxw_epr")


def test_a_connector_that_cannot_work_says_why(servers: Endpoints) -> None:
    wrong = config(servers) | {"database.dbname": "absent"}
    with pytest.raises(ConnectorFailedError, match="absent"):
        ensure_connector(servers, "wrong", wrong)
    remove_connector(servers, "wrong")
    remove_connector(servers, "wrong")


def test_names_of_slot_and_publication_follow_the_source() -> None:
    made = debezium_postgres("A82038/GP", "postgresql://u:p@127.0.0.1:5432/postgres", "gp", ["gp.registration"], "raw.a82038-gp.v1")
    assert made["slot.name"] == made["publication.name"] == "mainstem_a82038_gp"
    assert made["table.include.list"] == r"gp\.registration"
    assert conninfo_to_dict("postgresql://u:p@127.0.0.1:5432/postgres")["port"] == made["database.port"]

"""What connectors capture, as Connect tells of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import orjson
import pytest
from psycopg.conninfo import conninfo_to_dict

from deploy.stack.addresses import Endpoints
from deploy.stack.captured import captured, every
from deploy.stack.connectors import debezium_postgres
from deploy.stack.errors import NotAskedError
from mainstem.cli import verify

CONFIG = debezium_postgres("RXZ/epr", "postgresql://mainstem:secret@127.0.0.1:5433", "rxz_epr", ["epr.patient", "epr.odd.name"],
                           "raw.rxz-epr.v1")
OTHERS = {"connector.class": "org.apache.kafka.connect.mirror.MirrorHeartbeatConnector"}


def told(config: dict[str, str], *tasks: str) -> dict[str, Any]:
    return {"info": {"config": config}, "status": {"connector": {"state": "RUNNING"}, "tasks": [{"state": state} for state in tasks]}}


@contextmanager
def connect(answer: Any, status: int = 200) -> Iterator[Endpoints]:
    class Connect(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answer if isinstance(answer, bytes) else orjson.dumps(answer)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing on standard error."""

    with HTTPServer(("127.0.0.1", 0), Connect) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield Endpoints({"connect": f"http://127.0.0.1:{server.server_port}", "kafka": "127.0.0.1:1"})
        server.shutdown()


def test_every_database_is_told_of_and_connectors_of_others_are_passed_over() -> None:
    other = debezium_postgres("RXY/pas", "postgresql://mainstem@127.0.0.1", "rxy_pas", ["pas.stay"], "raw.rxy-pas.v1")
    with connect({"rxz_epr": told(CONFIG, "RUNNING"), "mirror": told(OTHERS, "RUNNING"), "rxy_pas": told(other, "FAILED")}) as servers:
        found = every(servers)
    assert [(each.connector, each.topic, each.tables, each.running) for each in found] == [
        ("rxy_pas", "raw.rxy-pas.v1", ("pas.stay",), False), ("rxz_epr", "raw.rxz-epr.v1", ("epr.patient", "epr.odd.name"), True)]
    assert conninfo_to_dict(found[1].dsn) == {
        "host": "127.0.0.1", "port": "5433", "user": "mainstem", "password": "secret", "dbname": "rxz_epr"}
    assert "secret" not in repr(found)


@pytest.mark.parametrize(("answer", "status", "why"), [
    ({}, 200, "no database is captured"), ({"mirror": told(OTHERS, "RUNNING")}, 200, "no database is captured"),
    ({"error_code": 409, "message": "rebalance"}, 409, "Connect does not answer"), (b"<html>", 200, "Connect does not answer")])
def test_that_none_is_told_of_is_no_answer(answer: Any, status: int, why: str) -> None:
    with connect(answer, status) as servers, pytest.raises(NotAskedError, match=why):
        every(servers)


def test_one_that_captures_no_database_of_ours_is_said() -> None:
    with connect({"mirror": told(OTHERS, "RUNNING")}) as servers, pytest.raises(NotAskedError, match="captures no database for Mainstem"):
        captured(servers, "mirror")


def test_verify_compares_what_is_captured_and_says_what_is_no_more(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a source that never was it says nothing."""
    from schemas import log, topics

    there = [topics.raw(source) for source in ("RXZ/epr", "RXC/community", "RXF/files")]
    monkeypatch.setattr(log, "raw_topics", lambda _: there)
    with connect({"rxz_epr": told(CONFIG, "RUNNING")}) as servers:
        found = verify._databases(servers, ("RXA/epr", "RXC/community"))
    assert [(each.source, each.tables) for each in found] == [("RXZ/epr", ("epr.patient", "epr.odd.name"))]
    assert capsys.readouterr().err == "no connector captures RXC/community: it is compared with no database\n"

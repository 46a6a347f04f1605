"""Looking at connectors, for days."""

from __future__ import annotations

import gc
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from deploy.stack.connectors import debezium_postgres
from mainstem.observe.connect import Connectors, ConnectUnavailableError, connectors


class NoConnectors(BaseHTTPRequestHandler):
    """What Connect answers before anything is registered."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Nothing to tell."""


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), NoConnectors)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def contexts() -> int:
    return sum(isinstance(each, ssl.SSLContext) for each in gc.get_objects())


def test_a_look_leaves_no_client_behind(url: str) -> None:
    """One made at each look is 0.9 MB of certificates in a cycle, which the collector of a process with little else to do finds late."""
    look = Connectors(url).look
    assert look() == []
    gc.collect()
    gc.disable()
    try:
        before = contexts()
        for _ in range(5):
            look()
        assert contexts() == before
    finally:
        gc.enable()


def connect(monkeypatch: pytest.MonkeyPatch, *answers: object) -> Connectors:
    """A Connect that answers so, one after the other; an exception is no answer."""
    told = iter(answers)

    def ask(_method: str, url: str, **_: object) -> httpx.Response:
        answer = next(told)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(200, json=answer)

    monkeypatch.setattr("mainstem.observe.connect._ask", ask)
    return Connectors("http://connect")


def test_one_whose_connect_is_away_is_still_told_by_the_topic_it_writes_to(monkeypatch: pytest.MonkeyPatch) -> None:
    config = debezium_postgres("RXA/epr", "postgresql://u@127.0.0.1/x", "rxa", ["epr.patient"], "raw.rxa-epr.v1")
    told = {"status": {"connector": {"state": "RUNNING"}, "tasks": [{"state": "RUNNING"}]}, "info": {"config": config}}
    looked = connect(monkeypatch, {"rxa_epr": told}, ConnectUnavailableError("ReadTimeout"), {})
    assert [(one.topic, one.well) for one in looked.look()] == [("raw.rxa-epr.v1", True)]
    assert [(one.topic, one.well, one.detail) for one in looked.look()] == [
        ("raw.rxa-epr.v1", False, "Connect does not answer (ReadTimeout)")]
    assert [(one.topic, one.well) for one in looked.look()] == [("raw.rxa-epr.v1", False)]


@pytest.mark.parametrize("answer", [["no connectors"], {"rxa_epr": {}}, {"rxa_epr": 1}, "<html>"])
def test_what_is_no_list_of_connectors_is_no_answer(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    connect(monkeypatch, answer)
    with pytest.raises(ConnectUnavailableError):
        connectors("http://connect")

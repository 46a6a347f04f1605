"""Looking at connectors, for days."""

from __future__ import annotations

import gc
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mainstem.observe.connect import Connectors


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

"""Registering a connector while Connect does not answer."""

from __future__ import annotations

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import orjson
import pytest

from deploy.stack.addresses import Endpoints
from deploy.stack.connectors import ensure_connector
from deploy.stack.errors import ConnectorFailedError

CONFIG = {"connector.class": "some.Connector"}
RUNNING = {"connector": {"state": "RUNNING"}, "tasks": [{"state": "RUNNING"}]}


def at(port: int) -> Endpoints:
    return Endpoints({"connect": f"http://127.0.0.1:{port}"})


def test_who_never_answers_is_told_of_by_name():
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(ConnectorFailedError, match="Connect does not answer"):
        ensure_connector(at(mute.getsockname()[1]), "mute", CONFIG, seconds=0.5)


def test_who_is_not_there_yet_is_asked_again():
    class Late(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = orjson.dumps(RUNNING if self.path.endswith("/status") else CONFIG | {"name": "late"})
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing on standard error."""

    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    servers: list[HTTPServer] = []

    def start() -> None:
        time.sleep(0.6)
        servers.append(HTTPServer(("127.0.0.1", port), Late))
        servers[0].serve_forever()

    thread = threading.Thread(target=start, daemon=True)
    thread.start()
    try:
        ensure_connector(at(port), "late", CONFIG, seconds=20)
        assert servers
    finally:
        servers[0].shutdown()
        servers[0].server_close()

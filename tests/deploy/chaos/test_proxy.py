"""The proxy forwards, can be cut and mended, and can be slowed."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from deploy.chaos.proxy import Proxy
from deploy.stack.ports import free_port


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """Before a server that echoes."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                threading.Thread(target=echo, args=(connection,), daemon=True).start()

    def echo(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := connection.recv(100):
                connection.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    made = Proxy(free_port(), server.getsockname()[1])
    made.start()
    yield made
    made.stop()
    server.close()


def ask(connection: socket.socket) -> bytes:
    connection.settimeout(5)
    connection.sendall(b"there?")
    return connection.recv(100)


def connected(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.listen), 5)


def test_forwards(proxy: Proxy) -> None:
    with connected(proxy) as one, connected(proxy) as other:
        assert ask(one) == ask(other) == b"there?"


def test_a_cut_breaks_every_connection_and_lets_none_through_until_mended(proxy: Proxy) -> None:
    with connected(proxy) as one:
        ask(one)
        proxy.cut()
        assert proxy.broken == 1
        for connection in (one, connected(proxy)):
            with pytest.raises(OSError), connection:
                if not ask(connection):
                    raise ConnectionResetError
        proxy.mend()
        with connected(proxy) as again:
            assert ask(again) == b"there?"


def test_delay_holds_back(proxy: Proxy) -> None:
    with connected(proxy) as one:
        ask(one)
        proxy.delay = 0.2
        began = time.monotonic()
        assert ask(one) == b"there?"
        assert time.monotonic() - began >= 0.4

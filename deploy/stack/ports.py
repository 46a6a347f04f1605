"""Loopback ports: choosing free ones, and telling whether the listener is the process we started."""

from __future__ import annotations

import random
import socket
from contextlib import suppress

import psutil

from deploy.stack.errors import NoFreePortError, PortTakenError

LOOPBACK = "127.0.0.1"
# Below Linux's ephemeral range (32768 up): a port kept over a restart must not be lent to an outgoing connection meanwhile.
_FIRST, _LAST = 20000, 32700


def free_port(avoid: frozenset[int] = frozenset()) -> int:
    """A port that nobody listens on now. Raises NoFreePortError."""
    for _ in range(500):
        port = random.randint(_FIRST, _LAST)  # noqa: S311 - spread, not secrecy
        if port not in avoid and is_free(port):
            return port
    raise NoFreePortError(_FIRST, _LAST)


def is_free(port: int) -> bool:
    """Whether a server could bind the port on loopback, as our servers do (SO_REUSEADDR)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def settle(port_name: str, demanded: int | None, remembered: int | None, avoid: frozenset[int]) -> int:
    """The port for a server about to start: the demanded one, else the remembered one while it is free, else a new one.

    Raises PortTakenError when the demanded one is taken.
    """
    if demanded is not None:
        if not is_free(demanded):
            raise PortTakenError(port_name, demanded, f"MAINSTEM_{port_name.replace('-', '_').upper()}_PORT")
        return demanded
    if remembered is not None and is_free(remembered):
        return remembered
    return free_port(avoid)


def listens(pid: int, port: int) -> bool | None:
    """Whether the process or a child of it listens on the port; None where the kernel does not let us see.

    The last happens to root without CAP_SYS_PTRACE (containers) looking at a server that runs as another user.
    """
    hidden = False
    for process in _family(pid):
        try:
            connections = process.net_connections("tcp")
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied:
            hidden = True
            continue
        if any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in connections):
            return True
    return None if hidden else False


def _family(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []

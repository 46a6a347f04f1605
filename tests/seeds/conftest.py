"""A PostgreSQL server of its own for tests that load trusts."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

BIN = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The DSN of a server on a free port, with logical decoding, gone afterwards."""
    if not BIN.exists():
        pytest.skip("PostgreSQL 15 is not installed")
    folder = Path(tempfile.mkdtemp(prefix="mainstem-seeds-"))  # not in tmp_path: pytest closes its folders to the user postgres
    user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        user = ["runuser", "-u", "postgres", "--"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    subprocess.run([*user, BIN / "initdb", "-D", folder / "data", "-A", "trust", "-U", "postgres"], check=True, capture_output=True)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c wal_level=logical -c fsync=off"
    start = [*user, BIN / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-o", options, "start"]
    subprocess.run(start, check=True, stdout=subprocess.DEVNULL)
    yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    subprocess.run([*user, BIN / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop"], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(folder)

"""PostgreSQL: a cluster of our own with logical decoding, standing for the trusts' databases."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import psycopg

from deploy.stack.account import Account, let_through, unprivileged
from deploy.stack.addresses import ROLE
from deploy.stack.errors import MissingProgramError, ServiceFailedError
from deploy.stack.ports import LOOPBACK
from deploy.stack.run import run_once
from deploy.stack.service import Command, Site
from deploy.stack.state import write_atomically
from deploy.stack.tail import tail

_DEBIAN = Path("/usr/lib/postgresql")

_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",      # TCP alone: a socket's path may not be longer than 107 bytes, a home may
    "wal_level": "logical",
    "max_replication_slots": "20",
    "max_wal_senders": "20",
    "max_slot_wal_keep_size": "4GB",    # an abandoned slot must not fill the disk
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    # Statements and row values hold patient data: errors are logged without either.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
}


class Postgres:
    name = "postgres"
    needs: tuple[str, ...] = ()
    ports: tuple[str, ...] = ("postgres",)
    java = False
    patience = 120.0
    stop_signal = signal.SIGINT         # fast shutdown: SIGTERM would wait for clients to leave

    def prepare(self, site: Site) -> Command:
        let_through(site.settings.postgres_account, site.layout.home)
        account = unprivileged(site.settings.postgres_account, site.layout.home)
        data = site.layout.data(self.name)
        if not (data / "PG_VERSION").exists():
            self._initialise(site, data, account)
        settings = {**_SETTINGS, "port": str(site.ports["postgres"])}
        options = (word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
        return Command((*account.prefix, _program("postgres", data), "-D", str(data), *options), {"LC_ALL": "C.UTF-8"})

    def ready(self, site: Site) -> bool:
        try:
            with psycopg.connect(site.endpoints.postgres, connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def _initialise(self, site: Site, data: Path, account: Account) -> None:
        """`initdb` beside the place, then a rename: a cluster is whole or absent."""
        half = data.with_name(f"{data.name}.half")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True, mode=0o700)
        account.own(half)
        secret = half.with_suffix(".password")
        write_atomically(secret, site.layout.password.read_bytes(), mode=0o600)
        account.own(secret)
        argv = (*account.prefix, _program("initdb", data), "-D", str(half), "-U", ROLE, "-A", "scram-sha-256", f"--pwfile={secret}",
                "-E", "UTF8", "--locale=C.UTF-8")
        log = site.layout.log(self.name)
        failed = run_once(argv, log)
        secret.unlink()
        if failed:
            raise ServiceFailedError(self.name, "could not make its cluster (initdb)", log, tail(log))
        half.rename(data)


def _program(name: str, data: Path) -> str:
    """Of the version that made the cluster, else of the newest installed: Debian keeps these off PATH."""
    made_by = data / "PG_VERSION"
    wanted = made_by.read_text(encoding="ascii").strip() if made_by.exists() else "*"
    found = sorted(_DEBIAN.glob(f"{wanted}/bin/{name}"), key=lambda path: float(path.parts[-3]))
    if found:
        return str(found[-1])
    if wanted == "*" and (on_path := shutil.which(name)):
        return on_path
    package = "postgresql" if wanted == "*" else f"postgresql-{wanted}"
    raise MissingProgramError(f"{name} (PostgreSQL{'' if wanted == '*' else ' ' + wanted})", package)

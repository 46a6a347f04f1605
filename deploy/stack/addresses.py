"""Addresses of a stack's servers: the only way in which the project learns them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from deploy.stack import password, state
from deploy.stack.errors import NotRunningError
from deploy.stack.layout import Layout, StackSettings
from deploy.stack.ports import LOOPBACK

ROLE = "mainstem"
"""PostgreSQL superuser of a stack."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Service name -> address. A property raises NotRunningError for a service that this stack does not have."""

    addresses: Mapping[str, str]

    @property
    def kafka(self) -> str:
        """Bootstrap server, `127.0.0.1:port`."""
        return self._of("kafka")

    @property
    def registry(self) -> str:
        """Confluent-compatible API, as `SchemaRegistryClient` takes it."""
        return self._of("registry")

    @property
    def connect(self) -> str:
        """REST API of Kafka Connect."""
        return self._of("connect")

    @property
    def postgres(self) -> str:
        """Administrator's URL; it holds a password: never log it."""
        return self._of("postgres")

    @property
    def redis(self) -> str:
        """Of the live cache; it may hold a password: never log it, nor give it as an argument."""
        return self._of("redis")

    def database(self, name: str) -> str:
        """The administrator's URL of another database of the same server."""
        known = conninfo_to_dict(self.postgres)
        return postgres_url(str(known["user"]), str(known["password"]), str(known["host"]), str(known["port"]), name)

    def _of(self, service: str) -> str:
        if service not in self.addresses:
            raise NotRunningError(service)
        return self.addresses[service]


def endpoints(home: Path | None = None) -> Endpoints:
    """Where programs go: to the servers of this home, or to what `MAINSTEM_REDIS_URL` names instead of one."""
    settings = StackSettings()
    ours = started(Layout(Path(home or settings.home).absolute()))
    return Endpoints({**ours.addresses, "redis": settings.redis_url.get_secret_value()}) if settings.redis_url else ours


def started(layout: Layout) -> Endpoints:
    """Of the services that were started in this home (and have not been stopped), whether or not they still live."""
    kept = state.load(layout)
    return of_ports({name: kept.ports[name] for name in kept.processes if name in kept.ports}, layout)


def of_ports(ports: Mapping[str, int], layout: Layout) -> Endpoints:
    """Of services by the port each listens on."""
    return Endpoints({service: _address(service, port, layout) for service, port in ports.items()})


def postgres_url(user: str, secret: str, host: str, port: str | int, database: str) -> str:
    return f"postgresql://{user}:{secret}@{host}:{port}/{database}"


def _address(service: str, port: int, layout: Layout) -> str:
    here = f"{LOOPBACK}:{port}"
    match service:
        case "registry":
            return f"http://{here}/apis/ccompat/v7"
        case "connect":
            return f"http://{here}"
        case "postgres":
            return postgres_url(ROLE, password.read(layout), LOOPBACK, port, "postgres")
        case "redis":
            return f"redis://{here}/0"
        case _:
            return here

"""What connectors capture, as Connect has their configurations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from psycopg.conninfo import make_conninfo

from deploy.stack.addresses import Endpoints
from deploy.stack.errors import NotAskedError

_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Captured:
    """A captured database."""

    connector: str
    topic: str
    slot: str
    tables: tuple[str, ...]
    """With their schemas."""
    dsn: str = field(repr=False)
    """Holds a password: never log it."""
    config: Mapping[str, str] = field(repr=False)
    running: bool

    def chosen(self, tables: Sequence[str]) -> list[str]:
        """These, or all where none is named. Raises NotAskedError for one that is not captured."""
        for table in tables:
            if table not in self.tables:
                raise NotAskedError(f"connector {self.connector} captures no table {table!r}; it captures {', '.join(self.tables)}")
        return list(tables or self.tables)


def captured(endpoints: Endpoints, name: str) -> Captured:
    """By a connector as `connectors.debezium_postgres` has it. Raises NotAskedError where Connect knows of none, or does not answer."""
    told = _told(endpoints)
    if name not in told:
        raise NotAskedError(f"there is no connector {name!r}; there are {', '.join(sorted(told)) or 'none'}")
    try:
        return _read(name, told[name])
    except KeyError as fault:
        raise NotAskedError(f"connector {name} captures no database for Mainstem: its configuration has no {fault.args[0]}") from None


def every(endpoints: Endpoints) -> list[Captured]:
    """All that Connect captures for Mainstem, by their connectors' names. Connectors of others are passed over. Raises NotAskedError where
    there is none, or Connect does not answer."""
    found: list[Captured] = []
    for name, told in sorted(_told(endpoints).items()):
        with suppress(KeyError):
            found.append(_read(name, told))
    if not found:
        raise NotAskedError("no database is captured: Connect has no connector that fills a raw topic")
    return found


def _told(endpoints: Endpoints) -> dict[str, Any]:
    """Connector -> what Connect tells of it."""
    try:
        answer = httpx.get(f"{endpoints.connect}/connectors", params=[("expand", "info"), ("expand", "status")], timeout=_SECONDS)
        return answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError) as fault:
        raise NotAskedError(f"Connect does not answer ({type(fault).__name__}): `mainstem stack up`") from None


def _read(name: str, told: Mapping[str, Any]) -> Captured:
    """Raises KeyError for a connector that is none of ours, with what its configuration lacks."""
    config, status = told["info"]["config"], told["status"]
    parts = [status["connector"], *status["tasks"]]
    tables = tuple(re.sub(r"\\(.)", r"\1", each) for each in config["table.include.list"].split(","))
    dsn = make_conninfo(host=config["database.hostname"], port=config["database.port"], user=config["database.user"],
                        password=config["database.password"], dbname=config["database.dbname"])
    return Captured(name, config["transforms.gather.replacement"], config["slot.name"], tables, dsn, config,
                    len(parts) > 1 and all(part["state"] == "RUNNING" for part in parts))

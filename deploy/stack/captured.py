"""What a connector captures, as Connect has its configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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
    try:
        answer = httpx.get(f"{endpoints.connect}/connectors", params=[("expand", "info"), ("expand", "status")], timeout=_SECONDS).json()
    except (httpx.HTTPError, ValueError) as fault:
        raise NotAskedError(f"Connect does not answer ({type(fault).__name__}): `mainstem stack up`") from None
    if name not in answer:
        raise NotAskedError(f"there is no connector {name!r}; there are {', '.join(sorted(answer)) or 'none'}")
    config, status = answer[name]["info"]["config"], answer[name]["status"]
    parts = [status["connector"], *status["tasks"]]
    try:
        tables = tuple(re.sub(r"\\(.)", r"\1", each) for each in config["table.include.list"].split(","))
        dsn = make_conninfo(host=config["database.hostname"], port=config["database.port"], user=config["database.user"],
                            password=config["database.password"], dbname=config["database.dbname"])
        return Captured(name, config["transforms.gather.replacement"], config["slot.name"], tables, dsn, config,
                        len(parts) > 1 and all(part["state"] == "RUNNING" for part in parts))
    except KeyError as fault:
        raise NotAskedError(f"connector {name} captures no database for Mainstem: its configuration has no {fault.args[0]}") from None

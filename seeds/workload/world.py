"""What the player knows of the trusts: connections, the rows it may act on, ids for new ones, and the changes it makes."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, NamedTuple

import psycopg

from seeds.catalogue import Catalogue
from seeds.errors import DatabaseMissingError
from seeds.trusts import BY_SOURCE

POOL_LIMIT = 20_000
"""Rows of a table that the player knows of: enough for variety, and flat in memory whatever the size of the trust."""


class Pool(NamedTuple):
    """Rows an action may choose from. The query yields the key first and the local patient id last, in a stable order."""

    source: str
    query: str


class Deed(NamedTuple):
    """What an action did: to whom, in which rows, and what else the truth file should say."""

    patient: str
    records: tuple[tuple[str, dict[str, Any]], ...]
    more: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """Something that happens. `do` returns None where nothing is left to do it to."""

    name: str
    source: str
    weight: int
    do: Callable[[World], Deed | None]


class World:
    def __init__(self, connections: dict[str, psycopg.Connection], pools: dict[str, Pool], catalogue: Catalogue, rng: Random,
                 clock: Callable[[], datetime]) -> None:
        self.catalogue = catalogue
        self.rng = rng
        self.clock = clock
        self.doing = ""
        """The action at work."""
        self.due = 0
        """Changes since the last commit."""
        self._connections = connections
        self._unsent: dict[str, list[tuple[str, str, tuple[Any, ...]]]] = {source: [] for source in connections}
        """Actions with their statements and values."""
        self._changed: Counter[str] = Counter()
        self._pools: dict[str, list[tuple[Any, ...]]] = {}
        self._counters: dict[str, int] = {}
        for name, pool in pools.items():
            self._pools[name] = self._load(pool)

    def pick(self, pool: str) -> tuple[Any, ...] | None:
        """Any row of the pool; None where it is empty."""
        rows = self._pools[pool]
        return self.rng.choice(rows) if rows else None

    def take(self, pool: str) -> tuple[Any, ...] | None:
        """Any row of the pool, which is then no longer in it."""
        rows = self._pools[pool]
        if not rows:
            return None
        place = self.rng.randrange(len(rows))
        rows[place], rows[-1] = rows[-1], rows[place]
        return rows.pop()

    def add(self, pool: str, row: tuple[Any, ...]) -> None:
        if len(self._pools[pool]) < POOL_LIMIT:
            self._pools[pool].append(row)

    def change(self, source: str, statement: str, *values: Any) -> None:
        """A statement that changes one row. It is sent with others of its trust, at the commit at the latest."""
        self._unsent[source].append((self.doing, statement, values))
        self.due += 1

    def insert(self, source: str, table: str, values: dict[str, Any]) -> dict[str, Any]:
        """Inserts a row; returns its key."""
        columns, places = ", ".join(values), ", ".join(["%s"] * len(values))
        self.change(source, f"INSERT INTO {table} ({columns}) VALUES ({places})", *values.values())  # noqa: S608  names of our own
        return {column: values[column] for column in BY_SOURCE[source].tables[table].key}

    def one(self, source: str, query: str, *values: Any) -> tuple[Any, ...] | None:
        self._send(source)
        return self._connections[source].execute(query, values).fetchone()

    def number(self, source: str, table: str, column: str, least: int = 0) -> int:
        """The next free number of a numeric key; `least` keeps clear of those the generator gives."""
        if table not in self._counters:
            (highest,) = self.one(source, f"SELECT coalesce(max({column}), 0) FROM {table}") or (0,)  # noqa: S608  names of our own
            self._counters[table] = max(highest, least)
        self._counters[table] += 1
        return self._counters[table]

    def sequence(self, table: str, column: str, client: str) -> int:
        """The next number of a client's own sequence (composite keys)."""
        name = f"{table}|{client}"
        if name not in self._counters:
            query = f"SELECT coalesce(max({column}), 0) FROM {table} WHERE client_id = %s"  # noqa: S608  names of our own
            (self._counters[name],) = self.one("RXC/community", query, client) or (0,)
        self._counters[name] += 1
        return self._counters[name]

    def guid(self) -> uuid.UUID:
        """Random, not seeded: a second play with the same seed must not meet the ids of the first."""
        return uuid.uuid4()

    def commit(self) -> Counter[str]:
        """Returns how many rows each action has changed since the last commit."""
        for source in self._connections:
            self._send(source, commit=True)
        changed, self._changed, self.due = self._changed, Counter(), 0
        return changed

    def _send(self, source: str, *, commit: bool = False) -> None:
        """One way there and back for all that waits."""
        unsent, self._unsent[source] = self._unsent[source], []
        connection = self._connections[source]
        with connection.pipeline():
            sent = [(action, connection.execute(statement, values)) for action, statement, values in unsent]
            if commit:
                connection.commit()
        for action, cursor in sent:
            self._changed[action] += cursor.rowcount

    def _load(self, pool: Pool) -> list[tuple[Any, ...]]:
        try:
            return self._connections[pool.source].execute(f"{pool.query} LIMIT {POOL_LIMIT}").fetchall()
        except psycopg.errors.UndefinedTable as error:
            raise DatabaseMissingError(BY_SOURCE[pool.source].database) from error

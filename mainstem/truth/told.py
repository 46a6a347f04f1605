"""Synthetic people as their trusts tell them: rows through the trusts' own mappings to assertions, in process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

import orjson

from mainstem.kinds.facts import Place
from mainstem.model import Known
from producers.contract import ItemResult, RawMessage
from producers.debezium import DebeziumFormat
from producers.mapping.load import load_all
from seeds.generate import Life, lives
from seeds.profiles import profile as chosen
from seeds.rows import Row
from seeds.trusts import BY_SOURCE
from seeds.truth import meaning


@dataclass(slots=True)
class Person:
    """One human: everything asserted of them, by whichever source patient; identity is taken as right."""

    id: str
    known: list[Known] = field(default_factory=list)
    facts: dict[Place, str] = field(default_factory=dict)
    """Record, or item of one, -> the true fact that it tells."""
    meanings: dict[str, dict[str, str | None]] = field(default_factory=dict)
    """True fact -> what makes it this one, in national codes."""


class Reader:
    """Rows as Debezium would send them, read by the mapping of their source. Log positions follow the order of reading."""

    def __init__(self) -> None:
        self._rows = 0

    @cached_property
    def _formats(self) -> dict[str, DebeziumFormat]:
        return {source: DebeziumFormat(source, mapping) for source, mapping in load_all().items()}

    def read(self, source: str, row: Row) -> list[ItemResult]:
        """What became of a row. Raises ValueError where it was quarantined: the mappings must take all that the trusts write."""
        items = self.items(source, self.told(source, row))
        for item in items:
            if item.quarantined is not None:
                raise ValueError(f"a row of {source} {row.table} was quarantined: {item.quarantined.reason}")
        return items

    def told(self, source: str, row: Row) -> RawMessage:
        """As it comes to capture."""
        table = BY_SOURCE[source].tables[row.table]
        values = dict(zip(table.columns, row.copied(table), strict=True))
        schema, _, name = row.table.partition(".")
        envelope = {"before": None, "after": {column: _cell(value) for column, value in values.items()}, "op": "c", "ts_ms": 0,
                    "source": {"schema": schema, "table": name, "lsn": (1 << 30) + self._rows, "ts_ms": 0}}
        self._rows += 1
        return RawMessage("raw.x.v1", 0, self._rows, 0, None, orjson.dumps(envelope), {})

    def items(self, source: str, message: RawMessage) -> list[ItemResult]:
        """What its mapping makes of it."""
        return self._formats[source].read(message)


def people(persons: int, seed: int, profile: str) -> Iterator[Person]:
    """Raises UnknownProfileError, TooManyPersonsError."""
    reader = Reader()
    for life in lives(persons, seed, chosen(profile)):
        yield _person(life, reader)


def _person(life: Life, reader: Reader) -> Person:
    found = Person(life.person.id)
    places: dict[str, list[Place]] = {}
    for source, row in life.rows:
        made = places.setdefault(_name(source, row.table, row.key(BY_SOURCE[source].tables[row.table])), [])
        for item in reader.read(source, row):
            for assertion in item.assertions:
                at = len(found.known)
                found.known.append(Known(assertion, at, 0, at))
                made.append(Place(assertion.subject, assertion.record, assertion.part if "/" in assertion.part else ""))
    for told in life.told:
        found.meanings[told.fact.id] = meaning(told.fact.truth)
        for source, table, key in told.records:
            found.facts.update(dict.fromkeys(places[_name(source, table, key)], told.fact.id))
    return found


def _name(source: str, table: str, key: dict[str, Any]) -> str:
    return f"{source} {table} {' '.join(str(key[column]) for column in sorted(key))}"


def _cell(value: Any) -> Any:
    """As Debezium gives it by the connectors' settings (`deploy.stack.connectors`, `isostring`)."""
    if isinstance(value, datetime):
        zoned = value if value.tzinfo else value.replace(tzinfo=UTC)
        return zoned.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return f"{value}Z"
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)

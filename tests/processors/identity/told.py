"""Synthetic trusts in memory: what their patient rows claim, by way of the trusts' own mappings, and who is who in truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from mainstem.model import Claim
from producers.contract import RawMessage
from producers.debezium import DebeziumFormat
from producers.mapping.load import load_all
from seeds.generate import lives
from seeds.profiles import profile
from seeds.trusts import BY_SOURCE

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Told:
    claims: list[Claim]
    truth: dict[str, str]
    """Source patient -> human."""
    errors: dict[str, str | None]
    """Source patient -> identity error."""


def told(persons: int, seed: int, name: str) -> Told:
    readers = {source: DebeziumFormat(source, mapping) for source, mapping in load_all().items()}
    found = Told([], {}, {})
    for life in lives(persons, seed, profile(name)):
        for known in life.registrations:
            subject = f"{known.source}|{known.patient}"
            found.truth[subject], found.errors[subject] = life.person.id, known.error
        for source, row in life.rows:
            trust = BY_SOURCE[source]
            if row.table == trust.patient_table:
                table = trust.tables[row.table]
                values = dict(zip(table.columns, row.copied(table), strict=True))
                found.claims.extend(_claims(readers[source], row.table, values, len(found.claims)))
    return found


def _claims(reader: DebeziumFormat, table: str, row: dict[str, Any], lsn: int) -> Iterator[Claim]:
    schema, _, name = table.partition(".")
    envelope = {"before": None, "after": {column: _cell(value) for column, value in row.items()}, "op": "c", "ts_ms": 0,
                "source": {"schema": schema, "table": name, "lsn": (1 << 30) + lsn, "ts_ms": 0}}
    for item in reader.read(RawMessage("raw.x.v1", 0, lsn, 0, None, orjson.dumps(envelope), {})):
        assert item.quarantined is None, item.quarantined
        yield from item.claims


def _cell(value: Any) -> Any:
    """As Debezium gives it: a date as epoch days, a moment as text."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return (value - EPOCH).days
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)

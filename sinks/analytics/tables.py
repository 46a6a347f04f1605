"""Tables and views of the analytics store, as SQL that chDB and a ClickHouse server take alike.

Database `base` is for the sink alone: every version until ClickHouse merges it away, seals, positions. Database `mainstem` holds what may
be asked: views of the latest versions. Positions are a row of `base.entries`: an insert is one part, which is there whole or not at all.
"""

from __future__ import annotations

# ruff: noqa: S608 (every part of these statements is a constant of this project)
from collections.abc import Iterator

from sinks.policy import SECONDARY, Form

BASE, PUBLIC = "base", "mainstem"
LAYOUT = "v1"
"""Of the tables. A change needs another name: the store is then built anew beside the old one."""

ENTRY_COLUMNS = ("pseudonym", "fact", "kind", "status", "organisations", "system", "code", "display", "concepts", "value", "comparator",
                 "unit", "amounts", "words", "dated", "date", "dates", "conflict", "labels", "known", "committed", "sealed", "entered",
                 "version", "gone")
SUMMARY_COLUMNS = ("pseudonym", "entries", "revision", "known", "organisations", "handover")

_DURABLE = "SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"
"""Positions must not outlive, on a power cut, the rows they stand for."""

_TABLES = (
    f"""CREATE TABLE IF NOT EXISTS {BASE}.entries (
        pseudonym String, fact String, kind LowCardinality(String), status LowCardinality(String),
        organisations Array(LowCardinality(String)), system LowCardinality(String), code String, display String,
        concepts Array(Tuple(field String, system String, code String, display String)),
        value Nullable(Float64), comparator LowCardinality(String), unit LowCardinality(String), amounts Map(String, Float64),
        words Map(String, String), dated String, date Nullable(Date32), dates Map(String, String), conflict Bool,
        labels Array(LowCardinality(String)), known DateTime64(3, 'UTC'), committed Nullable(DateTime64(3, 'UTC')),
        sealed String, entered Bool, version UInt64, gone UInt8
    ) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (pseudonym, fact) {_DURABLE}""",
    f"""CREATE TABLE IF NOT EXISTS {BASE}.summaries (
        pseudonym String, entries UInt64, revision UInt64, known DateTime64(3, 'UTC'), organisations Array(LowCardinality(String)),
        handover Bool
    ) ENGINE = ReplacingMergeTree(revision) ORDER BY pseudonym {_DURABLE}""",
)
_VIEWS = (
    f"CREATE OR REPLACE VIEW {PUBLIC}.entries AS SELECT * EXCEPT (sealed, entered, gone) FROM {BASE}.entries FINAL WHERE entered",
    f"CREATE OR REPLACE VIEW {PUBLIC}.summaries AS SELECT * FROM {BASE}.summaries FINAL",
)

POSITIONS_KEY = ("", "positions")
POSITIONS = f"SELECT sealed, version FROM {BASE}.entries FINAL WHERE pseudonym = '' AND fact = 'positions'"
CONTENTS = f"SELECT pseudonym, fact, version, sealed FROM {BASE}.entries FINAL WHERE pseudonym != ''"
"""Every entry the store took in, also those of which policy lets nothing in but that they were seen."""

BROKEN = f"SELECT table, name FROM system.detached_parts WHERE database = '{BASE}' AND startsWith(name, 'broken')"
"""Parts that ClickHouse put aside when it started: their rows are gone, and the positions do not know."""


def drop(table: str, part: str) -> str:
    """Statement that forgets a part put aside."""
    return f"ALTER TABLE {BASE}.{table} DROP DETACHED PART '{part}' SETTINGS allow_drop_detached = 1"


def statements() -> Iterator[str]:
    """What makes an empty server ready; harmless on one that is."""
    yield f"CREATE DATABASE IF NOT EXISTS {BASE}"
    yield f"CREATE DATABASE IF NOT EXISTS {PUBLIC}"
    yield from _TABLES
    yield from _VIEWS
    for kind in SECONDARY:
        columns = ", ".join(_columns(kind))
        yield f"CREATE OR REPLACE VIEW {PUBLIC}.{_plural(kind)} AS SELECT {columns} FROM {PUBLIC}.entries WHERE kind = '{kind}'"


def names() -> tuple[str, ...]:
    """Tables of `base`; the one with the positions last."""
    return "summaries", "entries"


def _columns(kind: str) -> Iterator[str]:
    yield from ("pseudonym", "fact", "organisations")
    for name, form in SECONDARY[kind].items():
        match form:
            case Form.CODED:
                coding = f"arrayFirst(c -> c.field = '{name}', concepts)"
                yield f"{coding}.code AS {name}_code"
                yield f"arrayFirst(c -> c.field = '{name}' AND c.display != '', concepts).display AS {name}_display"
            case Form.WORD | Form.FLAG:
                yield f"words['{name}'] AS `{name}`" if name != "status" else "status"
            case Form.YEAR:
                column = f"{name.removesuffix('_date')}_year"
                yield f"toUInt16OrNull(words['{column}']) AS {column}"
            case Form.DATE:
                yield f"dates['{name}'] AS `{name}`"
            case Form.AMOUNT:
                yield f"if(mapContains(amounts, '{name}'), amounts['{name}'], NULL) AS `{name}_amount`"
    if Form.AMOUNT in SECONDARY[kind].values():
        yield from ("comparator", "unit")
    yield from ("date", "conflict", "known", "version")


def _plural(kind: str) -> str:
    return {"allergy": "allergies"}.get(kind, f"{kind}s")

"""Tables and views of the analytics store, as SQL that chDB and a ClickHouse server take alike.

Database `base` is for the sink alone: every version until ClickHouse merges it away, seals, positions. Database `mainstem` holds what may
be asked: views of the latest versions. Summaries and positions are rows of `base.entries` too: an insert is one part, which is there
whole or not at all, and costs ClickHouse about the same whatever is in it.
"""

from __future__ import annotations

# ruff: noqa: S608 (every part of these statements is a constant of this project)
from collections.abc import Iterator

from sinks.policy import SECONDARY, Form

BASE, PUBLIC = "base", "mainstem"
LAYOUT = "v2"
"""Of the tables. A change needs another name: the store is then built anew, beside the old one or, on a server, over it."""

ENTRY_COLUMNS = ("pseudonym", "fact", "kind", "status", "organisations", "system", "code", "display", "concepts", "value", "comparator",
                 "unit", "amounts", "words", "dated", "date", "dates", "conflict", "labels", "known", "committed", "sealed", "entered",
                 "version", "gone")
SUMMARY = "summary"
"""In place of a pseudonym, which then is in place of the fact: a range of its own, since the table is sorted by both."""
COUNT = "entries"
"""The amount of a summary."""

_DURABLE = "SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"
"""Positions must not outlive, on a power cut, the rows they stand for."""

_ENTRIES = f"""CREATE TABLE IF NOT EXISTS {BASE}.entries (
        pseudonym String, fact String, kind LowCardinality(String), status LowCardinality(String),
        organisations Array(LowCardinality(String)), system LowCardinality(String), code String, display String,
        concepts Array(Tuple(field String, system String, code String, display String)),
        value Nullable(Float64), comparator LowCardinality(String), unit LowCardinality(String), amounts Map(String, Float64),
        words Map(String, String), dated String, date Nullable(Date32), dates Map(String, String), conflict Bool,
        labels Array(LowCardinality(String)), known DateTime64(3, 'UTC'), committed Nullable(DateTime64(3, 'UTC')),
        sealed String, entered Bool, version UInt64, gone UInt8
    ) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (pseudonym, fact) {_DURABLE}"""
_FORMER = f"DROP TABLE IF EXISTS {BASE}.summaries"
"""Of earlier layouts, on a server."""
_CHECKED = f"SELECT fact FROM {BASE}.entries FINAL WHERE pseudonym = '{SUMMARY}' AND entered"
"""Pseudonyms of whom a check for opt-outs has answered: what `entered` says of a summary."""

POSITIONS_KEY = ("", f"positions {LAYOUT}")
POSITIONS = f"SELECT sealed, version FROM {BASE}.entries FINAL WHERE pseudonym = '' AND fact = '{POSITIONS_KEY[1]}'"
CONTENTS = f"SELECT pseudonym, fact, version, sealed FROM {BASE}.entries FINAL WHERE pseudonym NOT IN ('', '{SUMMARY}')"
"""Every entry the store took in, also those of which policy lets nothing in but that they were seen."""

BROKEN = f"SELECT table, name FROM system.detached_parts WHERE database = '{BASE}' AND startsWith(name, 'broken')"
"""Parts that ClickHouse put aside when it started: their rows are gone, and the positions do not know."""


FAULTS = "SELECT toUInt64(sum(value)) FROM system.errors WHERE code IN (32, 33, 40, 226, 228, 246, 271)"
"""How often since it started the engine could not read what it had written: cut short, of another size or checksum, or gone."""
SOUND = f"CHECK TABLE {BASE}.entries SETTINGS check_query_single_value_result = 1"


def drop(table: str, part: str) -> str:
    """Statement that forgets a part put aside."""
    return f"ALTER TABLE {BASE}.{table} DROP DETACHED PART '{part}' SETTINGS allow_drop_detached = 1"


def statements(*, checked_only: bool = False) -> Iterator[str]:
    """What makes an empty server ready; harmless on one that is. `checked_only`: nobody else is shown."""
    yield f"CREATE DATABASE IF NOT EXISTS {BASE}"
    yield f"CREATE DATABASE IF NOT EXISTS {PUBLIC}"
    yield _ENTRIES
    yield from _views(checked_only=checked_only)
    yield _FORMER
    for kind in SECONDARY:
        columns = ", ".join(_columns(kind))
        yield f"CREATE OR REPLACE VIEW {PUBLIC}.{_plural(kind)} AS SELECT {columns} FROM {PUBLIC}.entries WHERE kind = '{kind}'"


def _views(*, checked_only: bool) -> Iterator[str]:
    whose = f"IN ({_CHECKED})" if checked_only else f"!= '{SUMMARY}'"
    yield (f"CREATE OR REPLACE VIEW {PUBLIC}.entries AS SELECT * EXCEPT (sealed, entered, gone) FROM {BASE}.entries FINAL "
           f"WHERE entered AND pseudonym {whose}")
    yield f"""CREATE OR REPLACE VIEW {PUBLIC}.summaries AS SELECT row.fact AS pseudonym, toUInt64(row.amounts['{COUNT}']) AS entries,
        row.version AS revision, row.known AS known, row.organisations AS organisations, row.conflict AS handover, row.entered AS checked
        FROM {BASE}.entries AS row FINAL WHERE row.pseudonym = '{SUMMARY}'{' AND row.entered' if checked_only else ''}"""


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

"""The trusts: one folder each (`schema.sql`, `view.py`), registered here. Others import `TRUSTS`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Table:
    """A captured table as its schema declares it."""

    name: str
    """With its schema: `epr.allergy`."""
    columns: tuple[str, ...]
    key: tuple[str, ...]
    defaults: dict[str, str]
    """Column -> value, as COPY text, that a row not naming it gets."""


@dataclass(frozen=True)
class Trust:
    source: str
    """As assertions name it: `RXA/epr`."""
    ods: str
    system: str
    name: str
    folder: str
    """In `seeds/trusts`, and the Python package of its view."""
    database: str
    patient_table: str
    patient_column: str
    """The local patient id; every captured table has it."""

    @property
    def schema(self) -> Path:
        return FOLDER / self.folder / "schema.sql"

    @cached_property
    def tables(self) -> dict[str, Table]:
        """The captured tables, in the order of the schema."""
        return {table.name: table for table in _tables(self.schema.read_text(encoding="utf-8"))}


def _trust(ods: str, system: str, name: str, database: str, patient_table: str, patient_column: str) -> Trust:
    return Trust(f"{ods}/{system}", ods, system, name, database, database, patient_table, patient_column)


TRUSTS: tuple[Trust, ...] = (
    _trust("RXA", "epr", "Acute hospital", "rxa_epr", "epr.patient", "mrn"),
    _trust("A82038", "gp", "General practice", "a82038_gp", "gp.registration", "patient_no"),
    _trust("RXC", "community", "Community and mental health", "rxc_community", "care.client", "client_id"),
)
BY_SOURCE: dict[str, Trust] = {trust.source: trust for trust in TRUSTS}

_CREATE = re.compile(r"^CREATE TABLE (\S+) \(\n(.*?)^\);", re.MULTILINE | re.DOTALL)
_DEFAULT = re.compile(r"DEFAULT '?([^',\s]*)'?")


def _tables(sql: str) -> list[Table]:
    tables = []
    for name, body in _CREATE.findall(sql):
        lines = [line.split("--")[0].strip().rstrip(",") for line in body.splitlines()]
        composite = [line for line in lines if line.startswith("PRIMARY KEY")]
        columns = [line for line in lines if line and not line.startswith("PRIMARY KEY")]
        names = tuple(line.split()[0] for line in columns)
        key = tuple(re.findall(r"\w+", composite[0].split("(")[1])) if composite else tuple(
            line.split()[0] for line in columns if "PRIMARY KEY" in line)
        defaults = {line.split()[0]: found[1] for line in columns if (found := _DEFAULT.search(line))}
        tables.append(Table(name, names, key, defaults))
    return tables

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
    name: str
    folder: str
    """In `seeds/trusts`, and the Python package of its view."""
    database: str
    patient_table: str
    patient_column: str
    """The local patient id; every captured table has it."""
    numbering: str
    """How the trust writes its n-th local patient id."""
    acute: bool
    """Has the wards and the laboratory: births happen here, and results are corrected here first."""
    partial_dates: bool
    """Can write a date of which only the year or the month is known."""

    @property
    def schema(self) -> Path:
        return FOLDER / self.folder / "schema.sql"

    @cached_property
    def tables(self) -> dict[str, Table]:
        """The captured tables, in the order of the schema."""
        return {table.name: table for table in _tables(self.schema.read_text(encoding="utf-8"))}


TRUSTS: tuple[Trust, ...] = (
    Trust(
        source="RXA/epr", name="Acute hospital", folder="rxa_epr", database="rxa_epr",
        patient_table="epr.patient", patient_column="mrn", numbering="1{:06d}", acute=True, partial_dates=False),
    Trust(
        source="A82038/gp", name="General practice", folder="a82038_gp", database="a82038_gp",
        patient_table="gp.registration", patient_column="patient_no", numbering="{}", acute=False, partial_dates=True),
    Trust(
        source="RXC/community", name="Community and mental health", folder="rxc_community",
        database="rxc_community", patient_table="care.client", patient_column="client_id", numbering="C{:07d}", acute=False,
        partial_dates=True),
)
SOURCES = tuple(trust.source for trust in TRUSTS)
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

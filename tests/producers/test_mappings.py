"""The mappings of the trusts against the trusts' own schemas: every table and every column has been thought of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from producers.mapping.load import load_all

SCHEMAS = {"RXA/epr": "rxa_epr", "A82038/gp": "a82038_gp", "RXC/community": "rxc_community"}
TRUSTS = Path(__file__).resolve().parents[2] / "seeds" / "trusts"


def tables(folder: str) -> dict[str, set[str]]:
    """Table -> columns, of a trust's schema.sql."""
    text = re.sub(r"--[^\n]*", "", (TRUSTS / folder / "schema.sql").read_text())
    found = {}
    for name, body in re.findall(r"CREATE TABLE (\S+) \((.*?)\n\);", text, re.S):
        found[name] = {line.split()[0] for line in body.strip().splitlines() if line.strip() and not line.strip().startswith("PRIMARY KEY")}
    return found


@pytest.mark.parametrize("source", SCHEMAS)
def test_every_table_is_mapped_or_ignored_for_a_reason(source: str) -> None:
    mapping = load_all()[source]
    assert mapping.tables.keys() | mapping.ignored.keys() == tables(SCHEMAS[source]).keys()
    assert not mapping.tables.keys() & mapping.ignored.keys()
    assert all(len(reason) > 20 for reason in mapping.ignored.values())


@pytest.mark.parametrize("source", SCHEMAS)
def test_every_column_is_read_or_left_on_purpose(source: str) -> None:
    schema = tables(SCHEMAS[source])
    for name, table in load_all()[source].tables.items():
        assert table.columns <= schema[name], f"{name}: the mapping reads columns that are not there"
        assert table.columns | table.not_taken == schema[name], f"{name}: columns nobody has thought of"


@pytest.mark.parametrize("source", SCHEMAS)
def test_the_schema_is_read_as_it_should_be(source: str) -> None:
    assert all(len(columns) >= 5 for columns in tables(SCHEMAS[source]).values())

"""What producers rely on in every schema: keys, the patient column on every table, whole before-images."""

from __future__ import annotations

import pytest

from seeds.trusts import TRUSTS, Trust


@pytest.mark.parametrize("trust", TRUSTS, ids=lambda trust: trust.source)
def test_every_captured_table_names_its_patient_and_its_key(trust: Trust) -> None:
    assert trust.tables
    for table in trust.tables.values():
        assert trust.patient_column in table.columns, table.name
        assert table.key, table.name
        assert set(table.key) <= set(table.columns)


@pytest.mark.parametrize("trust", TRUSTS, ids=lambda trust: trust.source)
def test_every_captured_table_gives_whole_before_images(trust: Trust) -> None:
    sql = " ".join(trust.schema.read_text(encoding="utf-8").split())
    for name in trust.tables:
        assert f"ALTER TABLE {name} REPLICA IDENTITY FULL" in sql, name


def test_sources_and_databases_are_different() -> None:
    assert len({trust.source for trust in TRUSTS}) == len({trust.database for trust in TRUSTS}) == len(TRUSTS)


def test_one_trust_keys_by_several_columns() -> None:
    assert any(len(table.key) > 1 for trust in TRUSTS for table in trust.tables.values())


def test_children_carry_their_parents_id() -> None:
    tables = {name: table for trust in TRUSTS for name, table in trust.tables.items()}
    parents = {"epr.lab_result": "epr.lab_order", "epr.document_section": "epr.document", "gp.medication_issue": "gp.medication",
               "care.contact": "care.referral", "care.care_plan_goal": "care.care_plan"}
    for child, parent in parents.items():
        assert set(tables[parent].key) <= set(tables[child].columns), child

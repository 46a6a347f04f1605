"""Doses by meaning: what is said in other words is no difference, and what cannot be told is none either."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.kinds.dosing import differ, regimen, strength

METFORMIN, OMEPRAZOLE, CODAMOL, GLARGINE, PUFFER = (
    "Metformin 500mg tablets", "Omeprazole 20mg gastro-resistant capsules", "Co-codamol 15mg/500mg tablets",
    "Insulin glargine 100units/ml solution for injection", "Salbutamol 100micrograms/dose inhaler")


def said(product: str, dose: str | None = None, amount: str | None = None, frequency: str | None = None, **more: Any) -> dict[str, Any]:
    content: dict[str, Any] = {"product": {"text": product}, **more}
    if dose:
        content["dose"] = dose
    if amount:
        value, _, unit = amount.partition(" ")
        content["dose_quantity"] = {"value": value, "unit": unit}
    if frequency:
        content["frequency"] = frequency
    return content


@pytest.mark.parametrize(("one", "other", "found"), [
    (said(METFORMIN, "1 tablet twice a day"), said(METFORMIN, "ONE tablet TWICE daily"), []),
    (said(METFORMIN, "Take two tablets twice a day"), said(METFORMIN, amount="1000 mg", frequency="BD"), []),
    (said(METFORMIN, "2 BD"), said(METFORMIN, amount="1 g", frequency="BD"), []),
    (said(METFORMIN, "2 BD"), said(METFORMIN, amount="500 mg", frequency="BD"), ["dose"]),
    (said(METFORMIN, "2 BD"), said(METFORMIN, amount="1000 mg", frequency="TDS"), ["frequency"]),
    (said(METFORMIN, "2 BD"), said("Metformin 1g tablets", "one tablet twice daily"), []),
    (said(METFORMIN, "1 BD"), said("Metformin 850mg tablets", "1 BD"), ["dose"]),
    (said(METFORMIN, "half a tablet daily"), said(METFORMIN, amount="250 mg", frequency="OD"), []),
    (said(METFORMIN, "1-2 tablets daily"), said(METFORMIN, "1 tablet daily"), []),
    (said(METFORMIN, "1 or 2 daily"), said(METFORMIN, "3 daily"), ["dose"]),
    (said(OMEPRAZOLE, "one at night"), said(OMEPRAZOLE, "one once a day"), []),
    (said(OMEPRAZOLE, "one at night"), said(OMEPRAZOLE, "1 mane"), ["frequency"]),
    (said(OMEPRAZOLE, "one when required"), said(OMEPRAZOLE, amount="20 mg", frequency="PRN", as_needed=True), []),
    (said(OMEPRAZOLE, "one when required"), said(OMEPRAZOLE, amount="20 mg", frequency="OD", as_needed=False), ["frequency"]),
    (said("Methotrexate 2.5mg tablets", "4 once weekly"), said("Methotrexate 2.5mg tablets", "4 daily"), ["frequency"]),
    (said(METFORMIN, "1 every 8 hours"), said(METFORMIN, "1 t.d.s."), []),
    (said(CODAMOL, "Take two tablets four times a day"), said(CODAMOL, amount="2 tablet", frequency="QDS"), []),
    (said(CODAMOL, "Take two tablets four times a day"), said(CODAMOL, amount="1 tablet", frequency="QDS"), ["dose"]),
    (said(CODAMOL, "2 QDS"), said("Co-codamol 30mg/500mg tablets", "1 QDS"), []),
    (said(GLARGINE, "Inject 10 units at night"), said(GLARGINE, amount="14 unit", frequency="ON"), ["dose"]),
    (said(GLARGINE, "10 ON"), said(GLARGINE, amount="14 unit", frequency="ON"), []),
    (said(PUFFER, "Inhale two puffs when required"), said(PUFFER, amount="200 microgram", frequency="PRN"), []),
    (said(PUFFER, "Inhale two puffs when required"), said(PUFFER, amount="100 microgram", frequency="PRN"), ["dose"]),
    (said("Amoxicillin 125mg/5ml oral suspension", "5ml tds"), said("Amoxicillin 250mg capsules", "1 tds"), ["dose"]),
    (said(METFORMIN, "one in the morning and two at night"), said(METFORMIN, "9 daily"), []),
    (said(METFORMIN, "reduce by 500mg weekly"), said(METFORMIN, "2 BD"), []),
    (said("Metformin", "1 BD"), said("Metformin", "2 BD"), []),
    (said(METFORMIN), said(METFORMIN, "2 BD"), []),
])
def test_differ(one, other, found):
    assert sorted(differ(regimen(one), regimen(other))) == found
    assert sorted(differ(regimen(other), regimen(one))) == found


@pytest.mark.parametrize(("product", "written"), [
    (METFORMIN, "500mg"), (PUFFER, "100ug/puff"), ("Amoxicillin 125mg/5ml", "125mg/5ml"), (CODAMOL, "15mg/500mg"),
    ("Angettes 75 tablets", None)])
def test_strength(product, written):
    found = strength(product)
    assert (found.written if found else None) == written


@given(st.text(max_size=60), st.text(max_size=30), st.text(max_size=30))
def test_any_text_can_be_read_and_agrees_with_itself(dose, frequency, product):
    one = regimen({"dose": dose, "frequency": frequency, "product": {"text": product}})
    assert list(differ(one, one)) == []

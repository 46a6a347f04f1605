"""Doses by meaning: what is said in other words is no difference, and what cannot be told is none either."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.kinds.base import DMD
from mainstem.kinds.dosing import differ, regimen
from mainstem.kinds.strengths import Strength, apart, strength

LEVOTHYROXINE, METHOTREXATE = "Levothyroxine 100microgram tablets", "Methotrexate 2.5mg tablets"
PEN = "Methotrexate {} solution for injection pre-filled disposable devices"
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
    (said(METFORMIN, "1,5 - 2 daily"), said(METFORMIN, "5 daily"), []),    # 1.5, or a thousand and a half?
    (said("Salbutamol 100micrograms/dose inhaler", "2"), said("Salbutamol 100micrograms/dose inhaler", "4 puffs"), ["dose"]),
    (said(OMEPRAZOLE, "one at night"), said(OMEPRAZOLE, "one once a day"), []),
    (said(OMEPRAZOLE, "one at night"), said(OMEPRAZOLE, "1 mane"), ["frequency"]),
    (said(OMEPRAZOLE, "one when required"), said(OMEPRAZOLE, amount="20 mg", frequency="PRN", as_needed=True), []),
    (said(OMEPRAZOLE, "one when required"), said(OMEPRAZOLE, amount="20 mg", frequency="OD", as_needed=False), ["frequency"]),
    (said("Methotrexate 2.5mg tablets", "4 once weekly"), said("Methotrexate 2.5mg tablets", "4 daily"), ["frequency"]),
    (said(METFORMIN, "1 every 8 hours"), said(METFORMIN, "1 t.d.s."), []),
    (said(METHOTREXATE, amount="10 mg", frequency="1 per 1 wk"), said(METHOTREXATE, amount="10 mg", frequency="1 per 1 d"), ["frequency"]),
    (said(METHOTREXATE, "4 tablets once a week"), said(METHOTREXATE, amount="10 mg", frequency="1 per 1 d"), ["frequency"]),
    (said(METHOTREXATE, "4 tablets once a week"), said(METHOTREXATE, amount="10 mg", frequency="1 per 1 wk"), []),
    (said(METHOTREXATE, "4 tablets once a week"), said(METHOTREXATE, amount="10 mg", frequency="1 per 0 wk"), []),
    (said(METFORMIN, "1 BD"), said(METFORMIN, "1", frequency="2 per 1 d"), []),
    (said(METFORMIN, "1 BD"), said(METFORMIN, "1", frequency="1 per 0.5 d"), []),
    (said(METFORMIN, "1 tds"), said(METFORMIN, "1", frequency="1 per 8 h"), []),
    (said(METFORMIN, "1 tds"), said(METFORMIN, "1 q8h"), []),
    (said(METFORMIN, "1 tds"), said(METFORMIN, "1 q4h"), ["frequency"]),
    (said(METFORMIN, "1 8-hourly"), said(METFORMIN, "1 6 hourly"), ["frequency"]),
    (said(METFORMIN, "1 OD"), said(METFORMIN, "1", frequency="QD"), []),
    (said(METFORMIN, "1 OD"), said(METFORMIN, "1", frequency="QOD"), ["frequency"]),
    (said(METFORMIN, "1 alternate days"), said(METFORMIN, "1 q.o.d."), []),
    (said(METFORMIN, "1 QDS"), said(METFORMIN, "1 q.d."), ["frequency"]),
    (said(LEVOTHYROXINE, "Take 1 tablet daily on an empty stomach"),
     said(LEVOTHYROXINE, "Take 2 tablets daily on an empty stomach"), ["dose"]),
    (said(LEVOTHYROXINE, "Take 1 tablet daily on an empty stomach"), said(LEVOTHYROXINE, "1 OD"), []),
    (said(LEVOTHYROXINE, "1 on"), said(LEVOTHYROXINE, "1 mane on an empty stomach"), ["frequency"]),
    (said(CODAMOL, "Take two tablets four times a day"), said(CODAMOL, amount="2 tablet", frequency="QDS"), []),
    (said(CODAMOL, "Take two tablets four times a day"), said(CODAMOL, amount="1 tablet", frequency="QDS"), ["dose"]),
    (said(CODAMOL, "2 QDS"), said("Co-codamol 30mg/500mg tablets", "1 QDS"), ["strength"]),
    (said(CODAMOL, "2 QDS"), said("Codeine 15mg / Paracetamol 0.5g tablets", "2 QDS"), []),
    (said(CODAMOL, "2 QDS"), said("Paracetamol 500mg / Codeine 30mg tablets", "2 QDS"), ["strength"]),
    (said(GLARGINE, "Inject 10 units at night"), said(GLARGINE, amount="14 unit", frequency="ON"), ["dose"]),
    (said(GLARGINE, "10 ON"), said(GLARGINE, amount="14 unit", frequency="ON"), []),
    (said(PUFFER, "Inhale two puffs when required"), said(PUFFER, amount="200 microgram", frequency="PRN"), []),
    (said(PUFFER, "Inhale two puffs when required"), said(PUFFER, amount="100 microgram", frequency="PRN"), ["dose"]),
    (said("Amoxicillin 125mg/5ml oral suspension", "5ml tds"), said("Amoxicillin 250mg capsules", "1 tds"), ["dose"]),
    (said(METFORMIN, "one in the morning and two at night"), said(METFORMIN, "9 daily"), []),
    (said(METFORMIN, "reduce by 500mg weekly"), said(METFORMIN, "2 BD"), []),
    (said("Metformin", "1 BD"), said("Metformin", "2 BD"), ["dose"]),
    (said("Metformin", "1 tablet BD"), said("metformin tablets", "2 tablets BD"), ["dose"]),
    (said("Metformin", "1 tablet BD"), said("Metformin oral solution", "5 ml BD"), []),
    (said("Metformin", "1 BD"), said("Metformin", "2 tablets BD"), []),
    (said("Metformin", "1 tablet BD"), said(METFORMIN, "2 tablets BD"), []),
    (said("Fostair 100/6 inhaler", "2 puffs BD"), said("Fostair 200/6 inhaler", "1 puff BD"), ["strength"]),
    (said("Co-codamol 8/500 tablets", "2 QDS"), said("Co-codamol 30/500", "2 QDS"), ["strength"]),
    (said("Co-codamol 8/500", "2 QDS"), said("Co-codamol 30mg/500mg tablets", "2 QDS"), ["strength"]),
    (said("Co-codamol 30/500", "2 QDS"), said("Co-codamol 30mg/500mg tablets", "2 QDS"), []),
    (said("Co-dydramol 10/500 tablets", "One tablet to be taken as required."),
     said("Co-dydramol 10mg/500mg tablets", "Two tablets to be taken as required."), ["dose"]),
    (said("Co-codamol 8/500 tablets", "2 QDS"), said("Co-codamol 30mg/500mg tablets", "1 QDS"), ["strength"]),
    (said("Fostair 100/6"), said("Beclometasone 100micrograms/dose / Formoterol 6micrograms/dose inhaler"), []),
    (said("Fostair 100/6 inhaler", "2 puffs BD"), said("FOSTAIR 100/6  inhaler", "1 puff BD"), ["dose"]),
    (said(METFORMIN), said(METFORMIN, "2 BD"), []),
    (said(OMEPRAZOLE, "as directed"), said("Omeprazole 40mg gastro-resistant capsules", "as directed"), ["strength"]),
    (said(OMEPRAZOLE, "2 OD"), said("Omeprazole 40mg gastro-resistant capsules", "as the clinic says"), ["strength"]),
    (said(OMEPRAZOLE, "2 OD"), said("Omeprazole 40mg gastro-resistant capsules", "1 OD"), []),
    (said(METFORMIN), said("Metformin 0.5g tablets"), []),
    (said("Amoxicillin 125mg/5ml oral suspension"), said("Amoxicillin 25mg/ml oral suspension"), []),
    (said("Amoxicillin 125mg/5ml oral suspension"), said("Amoxicillin 250mg/5ml oral suspension"), ["strength"]),
    (said("Amoxicillin 125mg/5ml oral suspension"), said("Amoxicillin 250mg capsules"), []),
    (said(PEN.format("10mg/0.2ml"), "ONE once a week"), said(PEN.format("25mg/0.5ml"), "ONE once a week"), ["dose"]),
    (said(PEN.format("10mg/0.2ml"), "TWO once a week"), said(PEN.format("20mg/0.4ml"), "ONE once a week"), []),
    (said(PEN.format("10mg/0.2ml"), "ONE once a week"), said(PEN.format("10mg/0.2ml"), "0.2ml weekly"), []),
    (said(PEN.format("10mg/0.2ml"), "ONE once a week"), said(PEN.format("10mg/0.2ml"), amount="10 mg", frequency="1 per 1 wk"), []),
    (said(PEN.format("10mg/0.2ml"), "ONE once a week"), said("Methotrexate 2.5mg tablets", "10 once a week"), ["dose"]),
    (said(PEN.format("10mg/0.2ml"), "as directed"), said(PEN.format("25mg/0.5ml"), "as directed"), ["strength"]),
    (said("Adalimumab 40mg/0.4ml pre-filled pens", "as before"), said("Adalimumab 40mg/0.8ml pre-filled syringes", "as before"), []),
    (said("Enoxaparin 40mg/0.4ml solution for injection pre-filled syringes", "1 syringe OD"),
     said("Enoxaparin 80mg/0.8ml solution for injection pre-filled syringes", "1 syringe OD"), ["dose"]),
    (said("Ipratropium 250micrograms/1ml nebuliser liquid unit dose vials", "1 vial QDS"),
     said("Ipratropium 500micrograms/2ml nebuliser liquid unit dose vials", "1 QDS"), ["dose"]),
    (said("Adrenaline 150micrograms/0.15ml auto-injectors"), said("Adrenaline 300micrograms/0.3ml auto-injectors"), ["strength"]),
    (said("Methotrexate 10mg/0.2ml pre-filled pens"), said("Methotrexate 50mg/ml solution for injection"), []),
    (said("Dalteparin 5,000units/0.2ml pre-filled syringes", "ONE daily"),
     said("Dalteparin 10,000units/0.4ml pre-filled syringes", "ONE daily"), ["dose"]),
    (said("Dalteparin 5,000units/0.2ml pre-filled syringes", "ONE daily"),
     said("Dalteparin 5,000units/0.2ml pre-filled syringes", "TWO daily"), ["dose"]),
    (said("Dalteparin 5,000units/0.2ml pre-filled syringes", "ONE daily"),
     said("Dalteparin 5,000units/0.2ml pre-filled syringes", "0.2ml daily"), []),
    (said(PEN.format("10mg/0.2ml"), "0.2 weekly"), said(PEN.format("10mg/0.2ml"), "ONE weekly"), []),
    (said(PEN.format("10mg/0.2ml"), "10 weekly"), said(PEN.format("10mg/0.2ml"), "ONE weekly"), []),
    (said("Amoxicillin 125mg/5ml oral suspension with oral syringe"), said("Amoxicillin 25mg/ml oral suspension"), []),
    (said("Dalteparin 5,000units/0.2ml pre-filled syringes", "1 syringe daily"), said("Dalteparin", "7500 units daily"), ["dose"]),
    (said("Insulin glargine 300units/3ml pre-filled pens", "10 ON"), said(GLARGINE, "10 units ON"), []),
    (said("Insulin glargine 100units/ml solution for injection 3ml pre-filled pens", "Inject 10 units ON"), said(GLARGINE, "1 ON"), []),
    (said("Co-amoxiclav 125mg/31mg/5ml"), said("Co-amoxiclav 25mg/6.2mg/ml"), []),
    (said("Co-amoxiclav 125mg/31mg/5ml"), said("Co-amoxiclav 250mg/62mg/5ml"), ["strength"]),
    (said("Hydrocortisone 1% cream", "thinly"), said("Hydrocortisone 10mg/g cream", "thinly"), []),
    (said("Hydrocortisone 1% cream", "thinly"), said("Hydrocortisone 2.5% cream", "thinly"), ["strength"]),
    (said("Amoxicillin 1.2.5mg/500mg tablets"), said("Amoxicillin 2.5mg/500mg tablets"), []),
    (said("Warfarin tablets", ".5mg od"), said("Warfarin tablets", "0.5mg od"), []),
    (said("Warfarin tablets", ".5mg od"), said("Warfarin tablets", "5mg od"), ["dose"]),
    (said("Digoxin", ".125-.25 mg od"), said("Digoxin", "250 micrograms od"), []),
    (said("Warfarin tablets", "1,5mg od"), said("Warfarin tablets", "15mg od"), []),
    (said("Warfarin tablets", "1,5mg od"), said("Warfarin tablets", "5mg od"), []),
    (said("Dalteparin", "10,000 units od"), said("Dalteparin", "1000 units od"), ["dose"]),
    (said(GLARGINE, "10U ON"), said(GLARGINE, "100 units ON"), ["dose"]),
    (said(GLARGINE, "10 u nocte"), said(GLARGINE, "10 units ON"), []),
    (said("Prednisolone 2,5mg tablets", "asd"), said("Prednisolone 25mg tablets", "asd"), []),
    (said("Colecalciferol 800unit capsules"), said("Colecalciferol 20microgram capsules"), []),
    (said(GLARGINE, "20 units ON"), said("Insulin glargine 300units/ml pre-filled pens", "20 units ON"), ["strength"]),
    (said(METHOTREXATE, "Take FOUR tablets ONCE A WEEK on Mondays"), said(METHOTREXATE, amount="10 mg", frequency="OD"), ["frequency"]),
    (said(METHOTREXATE, "Take 10mg once a week on the same day each week"), said(METHOTREXATE, amount="10 mg", frequency="OD"),
     ["frequency"]),
    (said(METHOTREXATE, "4 tablets on Mondays"), said(METHOTREXATE, "10 mg once a week"), []),
    (said(METHOTREXATE, "1 tablet Monday to Friday"), said(METHOTREXATE, "1 tablet once a week"), []),
    (said(METHOTREXATE, "4 tablets on Mon"), said(METHOTREXATE, "10 mg once a week"), []),
    (said(METHOTREXATE, "4 tablets Mon, Thurs"), said(METHOTREXATE, "10 mg once a week"), ["frequency"]),
    (said(METHOTREXATE, "1 tablet OD Mon-Fri"), said(METHOTREXATE, "1 tablet once a week"), []),
    (said(METHOTREXATE, "1 tablet OD Mon Wed Fri"), said(METHOTREXATE, "2.5 mg twice a day"), []),
    (said(METFORMIN, "Take ONE tablet ONCE a day for diabetes"), said("Metformin", "5 g OD"), ["dose"]),
    (said("Morphine 10mg/5ml oral solution", "2.5ml-5ml every 4 hours when required"), said("Morphine", "50 mg 4 hourly PRN"), ["dose"]),
    (said("Morphine 10mg/5ml oral solution", "5ml up to four times a day when required"), said("Morphine", "100 mg PRN"), ["dose"]),
    (said("Morphine 10mg/5ml oral solution", "5ml (10mg) bd"), said("Morphine", "10 mg bd"), []),
    (said("Amoxicillin 250mg/5ml oral suspension", "One 5ml spoonful three times a day"), said("Amoxicillin", "25 mg TDS"), ["dose"]),
    (said("Amoxicillin", "2 x 250mg capsules tds"), said("Amoxicillin", "500 mg tds"), []),
    (said("Prednisolone 5mg tablets", "EIGHT tablets each morning for 5 days"), said("Prednisolone", "4 mg OM"), ["dose"]),
    (said("Paracetamol 500mg tablets", "Two every 4-6 hours (max 8 in 24 hours)"), said("Paracetamol", "1 g QDS"), []),
    (said("Latanoprost eye drops", "One drop into each eye at night"), said("Latanoprost eye drops", "2 drop at night"), ["dose"]),
    (said("Fentanyl 25micrograms/hour patches", "ONE patch every 72 hours"), said("Fentanyl 50mcg/hr patch", "50 mcg/hr every 3 days"),
     ["dose"]),
    (said("Fentanyl 25micrograms/hour patches", "ONE patch every 72 hours"),
     said("Fentanyl 25mcg/hr patch", amount="25 microgram/hour", frequency="every 3 days"), []),
    (said("Hydroxocobalamin", "1mg every 3 months"), said("Hydroxocobalamin", "1mg every 12 weeks"), []),
    (said("Hydroxocobalamin", "1mg every 3 months"), said("Hydroxocobalamin", "1mg every 8 weeks"), ["frequency"]),
    (said("Paliperidone", "100mg monthly"), said("Paliperidone", "100mg every 4 weeks"), []),
    (said("Flupentixol", "40mg 2 weekly"), said("Flupentixol", "40mg fortnightly"), []),
    (said("Flupentixol", "40mg 2 weekly"), said("Flupentixol", "40mg weekly"), ["frequency"]),
    (said("Zoledronic acid", "5mg once a year"), said("Zoledronic acid", "5mg monthly"), ["frequency"]),
    # what may change the dose, or tell another, leaves it open
    (said("Warfarin", "as directed, target INR 2.5"), said("Warfarin", "5 od"), []),
    (said(METFORMIN, "2 daily then 1 daily"), said(METFORMIN, "4 daily"), []),
    (said("Potassium", "16 mmol bd"), said("Potassium", "1 bd"), []),
    (said(METFORMIN, "increase by one tablet weekly"), said(METFORMIN, "4 weekly"), []),
])
def test_differ(one, other, found):
    assert sorted(differ(regimen(one), regimen(other))) == found
    assert sorted(differ(regimen(other), regimen(one))) == found


MORPHINE, SLOWLY = "Morphine 10mg tablets", "Morphine 10mg modified-release tablets"


def coded(product: str) -> dict[str, Any]:
    return {"product": {"text": product, "codes": [{"system": DMD, "code": "1"}]}, "dose": "1 BD"}


@pytest.mark.parametrize(("one", "other", "found"), [
    (coded(SLOWLY), coded(MORPHINE), ["release"]), (said(SLOWLY, "1 BD"), coded(MORPHINE), ["release"]),
    (coded(SLOWLY), said(MORPHINE, "1 BD"), []), (coded(SLOWLY), coded(SLOWLY), []),
    (coded(SLOWLY), coded("MST Continus 10mg tablets (Napp)"), []), (coded(SLOWLY), coded("Brand 10mg tablets"), [])])
def test_slow_release_is_told_from_what_is_coded_as_none(one, other, found):
    """Words may leave it out, and so may brands."""
    assert sorted(differ(regimen(one), regimen(other))) == sorted(differ(regimen(other), regimen(one))) == found


@pytest.mark.parametrize(("code", "times", "moment"), [
    ("AM", 1, "morning"), ("QAM", 1, "morning"), ("PM", 1, None), ("QPM", 1, "night"), ("BED", 1, "night"), ("QHS", 1, "night"),
    ("WK", Fraction(1, 7), None), ("MO", Fraction(1, 30), None), ("Q1W", Fraction(1, 7), None), ("Q2W", Fraction(1, 14), None),
    ("Q2D", Fraction(1, 2), None), ("Q1L", Fraction(1, 30), None), ("QJ1", Fraction(1, 7), None), ("QJ7", Fraction(1, 7), None),
    ("Q1J6", Fraction(1, 7), None), ("Q2J2", Fraction(1, 14), None)])
def test_timing_codes_of_hl7(code, times, moment):
    """HL7 v2 table 0335, and HL7 v3 GTSAbbreviation, which FHIR takes."""
    found = regimen(said(METFORMIN, amount="500 mg", frequency=code))
    assert (found.times, found.moment, found.as_needed) == (times, moment, False)
    assert found == regimen(said(METFORMIN, amount="500 mg", frequency=code.casefold()))


@pytest.mark.parametrize("frequency", [
    "HS", "Q3M", "Q30S", "Q0W", "Q0J1", "QJ8", "QJ", "QJ12", "QJ1 QJ4", "QJ1, 4", "AM PM", "QAM QHS", "8 am", "10 PM", "1 wk", "1 mo",
    "Mo We", "ACM", "QSHIFT", "C", "5ID", "in bed"])
def test_codes_that_may_mean_two_things_are_left_unread(frequency):
    assert regimen(said(METFORMIN, amount="500 mg", frequency=frequency)).times is None


def test_a_weekly_code_differs_from_a_daily_one():
    weekly, daily = (regimen(said(METHOTREXATE, amount="10 mg", frequency=code)) for code in ("QJ1", "AM"))
    assert list(differ(weekly, daily)) == ["frequency"]
    assert list(differ(weekly, regimen(said(METHOTREXATE, "4 tablets once a week")))) == []
    assert list(differ(daily, regimen(said(METHOTREXATE, "4 tablets at night")))) == ["frequency"]
    assert list(differ(regimen(said(METHOTREXATE, "4 tablets", frequency="PM")), regimen(said(METHOTREXATE, "4 tablets at night")))) == []


@pytest.mark.parametrize(("product", "written"), [
    (METFORMIN, "500mg"), (PUFFER, "100ug/puff"), ("Amoxicillin 125mg/5ml", "125mg/5ml"), (CODAMOL, "15mg/500mg"),
    ("Angettes 75 tablets", None)])
def test_strength(product, written):
    found = strength(product)
    assert (found.written if found else None) == written


@pytest.mark.parametrize(("product", "found"), [
    ("Paracetamol 500mg", Strength("500mg", Fraction(500_000), "ug")), ("Levothyroxine 100mcg", Strength("100ug", Fraction(100), "ug")),
    ("Colecalciferol 800unit", Strength("800unit", Fraction(800), "unit")),
    ("Amoxicillin 125mg/5ml", Strength("125mg/5ml", Fraction(25_000), "ug", "ml")),
    ("Insulin 100units/ml 3ml pre-filled pens", Strength("100unit/ml", Fraction(100), "unit", "ml")),
    ("Dalteparin 5,000units/0.2ml syringes", Strength("5000unit/1/5ml", Fraction(25_000), "unit", "ml", each=Fraction(5000))),
    # what cannot be weighed against another measure: each part of it
    ("Co-codamol 8/500", Strength("8/500", parts=(("ug", Fraction(8000)), ("ug", Fraction(500_000))))),
    ("Fostair 100/6", Strength("100/6", parts=(("", Fraction(6)), ("", Fraction(100))))),
    ("Codeine 15mg / Paracetamol 0.5g", Strength("15mg", parts=(("ug", Fraction(15_000)), ("ug", Fraction(500_000))))),
    ("Co-amoxiclav 250mg/62mg/5ml", Strength("250mg/62mg/5ml", parts=(
        ("/ml", Fraction(1)), ("ug", Fraction(12_400)), ("ug", Fraction(50_000))))),
    ("Co-amoxiclav 50mg/12mg/ml", Strength("50mg/12mg/ml", parts=(
        ("/ml", Fraction(1)), ("ug", Fraction(12_000)), ("ug", Fraction(50_000))))),
    ("Seretide 100micrograms/50micrograms/dose",
     Strength("100ug/50ug/puff", parts=(("/puff", Fraction(1)), ("ug", Fraction(50)), ("ug", Fraction(100))))),
    ("Hydrocortisone 1% cream", Strength("1%", parts=(("%", Fraction(1)),))),
    ("Lactulose 500ml", Strength("500ml", parts=(("ml", Fraction(500)),))),
    ("Ethanol 2ml/10ml", Strength("2ml/10ml", parts=(("/ml", Fraction(1)), ("ml", Fraction(1, 5))))),
    ("Warfarin 2,5mg", Strength("mg")),
])
def test_what_a_name_says_of_its_strength(product, found):
    assert strength(product) == found


@pytest.mark.parametrize(("one", "other", "found"), [
    ("5mg", "5000micrograms", False), ("5mg", "10mg", True), ("5mg", "5mg/ml", None), ("100unit", "100mg", None), ("5mg", "8/500", None),
    ("1%", "2%", True), ("1%", "1.0%", False), ("1%", "10mg/g", None), ("", "", None),
    ("25mg/0.5ml pen", "10mg/0.2ml pen", True), ("40mg/0.4ml pen", "40mg/0.8ml pen", False), ("40mg/0.4ml pen", "40unit/0.4ml pen", None),
    ("10mg/0.2ml pen", "50mg/ml", None), ("10mg/0.2ml pen", "25mg/ml", True)])       # of containers what one holds, else how strong it is
def test_strengths_that_differ(one, other, found):
    assert apart(strength(one), strength(other)) is apart(strength(other), strength(one)) is found


@given(st.text(max_size=60), st.text(max_size=30), st.text(max_size=30))
def test_any_text_can_be_read_and_agrees_with_itself(dose, frequency, product):
    one = regimen({"dose": dose, "frequency": frequency, "product": {"text": product}})
    assert list(differ(one, one)) == []

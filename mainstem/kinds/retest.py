"""Minimum retest intervals: how soon a test again is a repeat that tells little new.

National guidance of the Royal College of Pathologists (minimum retesting intervals in pathology), in the intervals that one trust
gives for it (uk-standards.md, Measures with national definitions). They are defaults for stable adults; a repeat that is marked may well
have been right. A test is found by its code, else by its name, else by its panel's code or name.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from mainstem.kinds.concepts import plain
from mainstem.kinds.facts import Terms

SOURCE = "RCPath, minimum retesting intervals in pathology; one trust's list (uk-standards.md, Measures)"


class Interval(NamedTuple):
    """A row of the table."""

    group: str
    least: timedelta
    shown: str
    """The interval as the guidance writes it."""
    codes: tuple[str, ...] = ()
    """SNOMED CT, of tests and of panels (seeds/catalogue/tests.csv holds the same)."""
    names: tuple[str, ...] = ()
    """As `plain` gives them, without the words in `_ABOUT`."""


TABLE: tuple[Interval, ...] = (
    Interval("full blood count", timedelta(hours=24), "24 h",
             ("26604007", "1022431000000105", "1022541000000102", "1022651000000100"),
             ("full blood count", "fbc", "haemoglobin", "total white cell count", "white cell count", "white blood cell count",
              "platelet count", "platelets", "red blood cell count", "haematocrit", "mean cell volume", "mcv")),
    Interval("urea and electrolytes", timedelta(hours=24), "24 h",
             ("252167001", "1000661000000107", "1000651000000109", "1000731000000107"),
             ("urea and electrolytes", "u e", "u es", "sodium", "potassium", "urea", "creatinine")),
    Interval("C-reactive protein", timedelta(hours=48), "48 h", ("55235003", "1001371000000100"), ("c reactive protein", "crp")),
    Interval("liver function tests", timedelta(hours=48), "48 h",
             ("26958001", "1018251000000107", "1000621000000104", "1000821000000103"),
             ("liver function tests", "liver function test", "lft", "lfts", "alanine aminotransferase", "alt", "alkaline phosphatase",
              "alp", "albumin", "bilirubin", "total bilirubin")),
    Interval("calcium", timedelta(hours=48), "48 h", (), ("calcium", "adjusted calcium", "corrected calcium")),
    Interval("magnesium", timedelta(hours=48), "48 h", (), ("magnesium",)),
    Interval("vitamin B12", timedelta(days=56), "56 d", (), ("vitamin b12", "b12")),
    Interval("folate", timedelta(days=21), "21 d", (), ("folate", "folic acid")),
    Interval("ferritin", timedelta(days=21), "21 d", ("489004", "993381000000106"), ("ferritin",)),
    Interval("HbA1c", timedelta(days=40), "40 d", ("43396009", "1003671000000109"), ("hba1c", "haemoglobin a1c")),
    Interval("vitamin D", timedelta(days=28), "28 d", (), ("vitamin d", "25 hydroxyvitamin d", "25 oh vitamin d")),
    Interval("lipids", timedelta(days=28), "28 d", ("16254007", "1005671000000105", "1005681000000107"),
             ("lipid profile", "lipids", "cholesterol", "total cholesterol", "hdl cholesterol", "triglycerides")),
    Interval("prostate specific antigen", timedelta(days=13), "13 d", (), ("prostate specific antigen", "psa")),
    Interval("immunoglobulins", timedelta(days=28), "28 d", (), ("immunoglobulins", "igg", "iga", "igm")),
)

_BY_CODE = {code: row for row in TABLE for code in row.codes}
_BY_NAME = {name: row for row in TABLE for name in row.names}
_ABOUT = frozenset({"serum", "plasma", "blood", "whole", "level", "concentration", "measurement", "estimation", "s"})
"""Words that say where or how, not what."""
_ELSEWHERE = frozenset({"urine", "urinary", "csf", "cerebrospinal", "fluid", "stool", "faecal", "faeces", "saliva", "sweat", "dialysate"})
"""Words of specimens that are no blood."""


def interval(content: dict[str, Any], terms: Terms) -> Interval | None:
    """The row for a result's content; None where the guidance names none."""
    for concept in (content.get("test"), content.get("panel")):
        if isinstance(concept, dict):
            found = next((row for row in _rows(concept, terms)), None)
            if found is not None:
                return found
    return None


def of_blood(content: dict[str, Any]) -> bool:
    """Whether nothing tells another specimen: itself, its panel (`Urine electrolytes`) or its test."""
    specimen = plain(_words(content.get("specimen")))
    if specimen:
        return any(word in specimen for word in ("blood", "serum", "plasma"))
    return all(_ELSEWHERE.isdisjoint(plain(_words(content.get(field))).split()) for field in ("panel", "test"))


def _rows(concept: dict[str, Any], terms: Terms) -> Iterator[Interval]:
    codes = [terms.current(concept), *(code.get("code") for code in concept.get("codes") or ())]
    yield from (_BY_CODE[code] for code in codes if code in _BY_CODE)
    names = [concept.get("text"), *(code.get("display") for code in concept.get("codes") or ())]
    for name in names:
        words = plain(name or "").split()
        row = _BY_NAME.get(" ".join(words)) or _BY_NAME.get(" ".join(word for word in words if word not in _ABOUT))
        if row is not None:
            yield row


def _words(concept: Any) -> str:
    if not isinstance(concept, dict):
        return ""
    return concept.get("text") or next((code["display"] for code in concept.get("codes") or () if code.get("display")), "")

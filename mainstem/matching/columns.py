"""The comparisons of `processors.identity.scoring.levels` in DuckDB's SQL, as Splink wants them; a test holds the two to each other."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

from processors.identity.scoring.fields import GIVEN, LINES
from processors.identity.scoring.levels import ALIKE, COMPARISONS, NEAR, OUTWARD
from processors.identity.scoring.release import Level, Model

MACROS = f"""
CREATE OR REPLACE MACRO slips(a, b) AS (CASE
    WHEN a = b THEN TRUE
    WHEN least(length(a), length(b)) < 4 OR abs(length(a) - length(b)) > 2 THEN FALSE
    ELSE damerau_levenshtein(a, b) <= CASE WHEN least(length(a), length(b)) >= 8 THEN 2 ELSE 1 END END);
CREATE OR REPLACE MACRO digit_slips(a, b) AS (CASE WHEN hamming(a, b) > 2 THEN FALSE ELSE damerau_levenshtein(a, b) <= 1 END);
CREATE OR REPLACE MACRO near(a, b) AS (jaro_winkler_similarity(a, b) >= {NEAR});
CREATE OR REPLACE MACRO alike(a, b) AS (jaro_winkler_similarity(a, b) >= {ALIKE});
CREATE OR REPLACE MACRO begins(a, b) AS (starts_with(a, b) OR starts_with(b, a));
"""

_CROSSED = "(family_l = given_1_r OR family_r = given_1_l) AND family_l IS NOT NULL AND family_r IS NOT NULL" \
    " AND given_1_l IS NOT NULL AND given_1_r IS NOT NULL"
_FULL = "length(birth_date_l) = 10 AND length(birth_date_r) = 10"
_PARTS = [f"CASE WHEN substr(birth_date_l, {start}, {size}) = substr(birth_date_r, {start}, {size}) THEN 1 ELSE 0 END"
          for start, size in ((1, 4), (6, 2), (9, 2))]


def _any(condition: str, column: str, count: int) -> str:
    places = product(range(1, count + 1), repeat=2)
    return "(" + " OR ".join(condition.format(a=f"{column}_{a}_l", b=f"{column}_{b}_r") for a, b in places) + ")"


def _agreeing(side: str, other: str) -> str:
    """How many lines of one side agree with any of the other."""
    def agrees(line: int) -> str:
        return " OR ".join(f"near(line_{line}_{side}, line_{each}_{other})" for each in range(1, LINES + 1))

    return "(" + " + ".join(f"CASE WHEN {agrees(line)} THEN 1 ELSE 0 END" for line in range(1, LINES + 1)) + ")"


SQL: dict[str, tuple[str, tuple[str, ...]]] = {
    "family": ("family_l IS NULL OR family_r IS NULL", (
        "family_l = family_r", "slips(family_l, family_r)", _CROSSED, "begins(family_l, family_r) OR alike(family_l, family_r)")),
    "given": ("given_1_l IS NULL OR given_1_r IS NULL", (
        "given_1_l = given_1_r", _any("{a} = {b}", "given", GIVEN), _any("slips({a}, {b})", "given", GIVEN), _CROSSED,
        _any("begins({a}, {b})", "given", GIVEN), _any("alike({a}, {b})", "given", GIVEN))),
    "birth_date": ("birth_date_l IS NULL OR birth_date_r IS NULL", (
        "birth_date_l = birth_date_r",
        f"{_FULL} AND (digit_slips(birth_date_l, birth_date_r) OR (substr(birth_date_l, 1, 4) = substr(birth_date_r, 1, 4)"
        " AND substr(birth_date_l, 6, 2) = substr(birth_date_r, 9, 2) AND substr(birth_date_l, 9, 2) = substr(birth_date_r, 6, 2)))",
        f"NOT ({_FULL}) AND begins(birth_date_l, birth_date_r)",
        f"{_FULL} AND {' + '.join(_PARTS)} = 2")),
    "gender": ("gender_l IS NULL OR gender_r IS NULL", ("gender_l = gender_r",)),
    "postcode": ("postcode_l IS NULL OR postcode_r IS NULL", (
        "postcode_l = postcode_r",
        "CASE WHEN least(length(postcode_l), length(postcode_r)) < 4 OR abs(length(postcode_l) - length(postcode_r)) > 1 THEN FALSE"
        " ELSE damerau_levenshtein(postcode_l, postcode_r) <= 1 END",
        f"least(length(postcode_l), length(postcode_r)) >= {OUTWARD}"
        " AND left(postcode_l, length(postcode_l) - 3) = left(postcode_r, length(postcode_r) - 3)")),
    "address": ("line_1_l IS NULL OR line_1_r IS NULL", (
        f"least({_agreeing('l', 'r')}, {_agreeing('r', 'l')}) >= 2",
        _any("(near({a}, {b}) AND (regexp_matches({a}, '^[0-9]') OR regexp_matches({b}, '^[0-9]')))", "line", LINES),
        _any("near({a}, {b})", "line", LINES))),
    "nhs_number": ("nhs_number_l IS NULL OR nhs_number_r IS NULL", (
        "nhs_number_l = nhs_number_r", "digit_slips(nhs_number_l, nhs_number_r)")),
}
"""Comparison -> when one side says nothing, and the levels but the last."""


def comparison(name: str, trained: Iterable[Level] = ()) -> dict[str, Any]:
    """A comparison in Splink's words; with its chances, where it is trained."""
    null, conditions = SQL[name]
    known, chances = COMPARISONS[name], {level.level: level for level in trained}
    levels: list[dict[str, Any]] = [{"sql_condition": null, "is_null_level": True, "label_for_charts": "not said"}]
    for label, condition in zip(known.levels, (*conditions, "ELSE"), strict=True):
        level: dict[str, Any] = {"sql_condition": condition, "label_for_charts": label}
        if label in chances:
            level |= {"m_probability": chances[label].m, "u_probability": chances[label].u}
        if known.frequencies and label == known.levels[0]:
            level["tf_adjustment_column"] = known.frequencies
        levels.append(level)
    return {"output_column_name": name, "comparison_levels": levels}


def comparisons(model: Model | None = None) -> list[dict[str, Any]]:
    """All of them, or those of a model."""
    if model is None:
        return [comparison(name) for name in COMPARISONS]
    return [comparison(each.comparison, each.levels) for each in model.comparisons]

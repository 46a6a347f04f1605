"""Strengths of products as their names give them, and the units that strengths and doses are counted in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from mainstem.kinds.names import form_of

MASS = {"kg": Fraction(10**9), "g": Fraction(10**6), "mg": Fraction(1000), "ug": Fraction(1), "ng": Fraction(1, 1000)}
"""In micrograms."""
_SUMMED = frozenset({*MASS, "unit"})
_UNITS = {
    "kilogram": "kg", "gram": "g", "gm": "g", "milligram": "mg", "microgram": "ug", "mcg": "ug", "microg": "ug", "μg": "ug",
    "nanogram": "ng", "millilitre": "ml", "litre": "l", "iu": "unit", "u": "unit", "international unit": "unit", "dose": "puff",
    "actuation": "puff", "spray": "puff", "capful": "capful", "sachet": "sachet", "spoonful": "spoonful",
    **{name: name for name in ("kg", "g", "mg", "ug", "ng", "ml", "l", "unit")},
}
UNIT = "|".join(sorted((re.escape(unit) for unit in _UNITS), key=len, reverse=True))
_STRENGTH = re.compile(rf"(?<![\w.])(?:\d[\d.,]*\s*(?:(?:{UNIT})s?(?![a-z])|%))(?:\s*/\s*[\d.,]*\s*(?:{UNIT})s?(?![a-z]))*")
_UNIT_DOSE = re.compile(
    r"\b(?:pre[- ]?filled|(?<!oral )syringes?|pens?|devices?|auto-?injectors?|ampoules?|vials?|nebules?|unit[- ]doses?)\b")
"""Words of a name by which one container is what it is given from: its `10mg/0.2ml` is what is in it, and not only how strong it is."""
_BARE = re.compile(r"(?<![\w./])(\d+(?:\.\d+)?)/(\d+(?:\.\d+)?)(?![\w/]|\.\d)")
"""`Co-codamol 8/500`, `Fostair 100/6`: what is in it of each; in milligrams where its name is a `co-` one (BNF), else in units not told."""
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?:\D|$))")
_PARTS = re.compile(rf"([\d.,]*)\s*((?:{UNIT})s?|%)")


class Strength(NamedTuple):
    """Of a product, as its name gives it: `amount` in `unit` for each `per`, a form where that is empty. `written` compares."""

    written: str
    amount: Fraction | None = None
    unit: str = ""
    per: str = ""
    parts: tuple[tuple[str, Fraction], ...] = ()
    """Where `amount` cannot be told (several ingredients, another measure): units and numbers, sorted, since their order says nothing."""
    each: Fraction | None = None
    """What is in one container, in `unit`, where the name tells of one and how much it holds: a syringe of `40mg/0.4ml`."""


@lru_cache(maxsize=1 << 14)
def strength(product: str) -> Strength | None:
    """What a product's name says of its strength: `500mg`, `100micrograms/dose`, `5mg/5ml`. Of two (`15mg/500mg`) the text only."""
    all_ = list(_STRENGTH.finditer(product.casefold()))
    if not all_:
        bare, each = _BARE.search(product), "mg" if product.casefold().startswith("co-") else ""
        return Strength(bare.group(), parts=_sorted([(number, each) for number in bare.groups()])) if bare else None
    found = all_[0]
    parts = [(decimal(number), unit_of(unit)) for number, unit in _PARTS.findall(found.group())]
    written = "/".join(f"{number if number is not None else ''}{unit}" for number, unit in parts)
    number, unit = parts[0]
    per, of = "", Fraction(1)
    if len(parts) == 2 and parts[1][1] in ("ml", "puff"):
        per, of = parts[1][1], parts[1][0] or of
    elif len(parts) > 1 or any(unit_of(_PARTS.findall(other.group())[0][1]) in MASS for other in all_[1:]):
        return Strength(written, parts=_sorted([part for match in all_ for part in _PARTS.findall(match.group())]))
    if number is None or unit not in _SUMMED:
        return Strength(written, parts=_sorted(_PARTS.findall(found.group())))
    amount = number * MASS.get(unit, Fraction(1))
    holds = per == "ml" and parts[1][0] is not None and _UNIT_DOSE.search(product.casefold()) is not None
    return Strength(written, amount / of, "unit" if unit == "unit" else "ug", per, each=amount if holds else None)


def apart(one: Strength | None, other: Strength | None) -> bool | None:
    """Whether two strengths differ; None where either is unknown, or they are not of one measure: a tablet's and a solution's, `1%` and
    `10mg/g`, one ingredient's and that of two. Of containers, what one holds; a container and a solution are
    not of one measure where they are as strong."""
    if one is None or other is None:
        return None
    if one.each is not None and other.each is not None:
        return one.each != other.each if one.unit == other.unit else None
    if one.amount is not None and other.amount is not None:
        if one.amount == other.amount and one.each != other.each:
            return None
        return one.amount != other.amount if (one.unit, one.per) == (other.unit, other.per) else None
    measures = [[unit for unit, _ in each.parts] for each in (one, other)]
    return one.parts != other.parts if measures[0] == measures[1] != [] else None


@lru_cache(maxsize=1 << 14)
def unit_of(word: str) -> str | None:
    if word == "%":
        return word
    return _UNITS.get(word.removesuffix("s")) or form_of(word)


@lru_cache(maxsize=1 << 14)
def decimal(text: str) -> Fraction | None:
    """None also where a comma parts no thousands: `1,5` may be meant for 1.5."""
    try:
        return Fraction(_THOUSANDS.sub("", text))
    except (ValueError, ZeroDivisionError):
        return None


def _sorted(written: Sequence[tuple[str, str]]) -> tuple[tuple[str, Fraction], ...]:
    """Masses in micrograms; of `250mg/62mg/5ml` what is in one ml. Empty where a number cannot be read."""
    parts = [(unit_of(unit) or unit, decimal(number or "1")) for number, unit in written]
    per, of = parts.pop() if len(parts) > 1 and parts[-1][0] in ("ml", "puff") else ("", Fraction(1))
    found = [("ug" if unit in MASS else unit, number * MASS.get(unit, Fraction(1)) / of)
             for unit, number in parts if number is not None and of]
    return tuple(sorted([*found, *([(f"/{per}", Fraction(1))] if per else [])])) if len(found) == len(parts) else ()

"""What a dose means, from words (`mainstem.kinds.instructions`) or from structure: one tablet of 500 mg, twice daily, is 500 mg, BD.

What cannot be told agrees with everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from mainstem.kinds.base import DMD, SNOMED
from mainstem.kinds.instructions import Amount, measured, read
from mainstem.kinds.names import form_of
from mainstem.kinds.strengths import Strength, apart, decimal, strength, unit_of

_NUMBERED = re.compile(r"\d")
_CONTAINERS = frozenset({"ampoule", "vial", "syringe", "pen", "device", "injection"})
_FEW = frozenset(map(Fraction, range(1, 5)))
"""A bare number of containers. A greater one may be milligrams or units (`10 at night` of an insulin pen), a fraction millilitres."""
_MODIFIED = re.compile(
    r"\b(?:(?:modified|prolonged|extended|sustained|slow|controlled)[ -]release|m/r|mr|sr|xl|la|cr|er|retard|continus|chrono)\b")
_PER_TIME = re.compile(r"\s*(?:/|\bper\b)\s*(?:24\s*)?h(?:ou)?rs?\b", re.IGNORECASE)
"""Of a patch: it is told from another by its micrograms an hour, whoever leaves out the hour."""


class Regimen(NamedTuple):
    """None: cannot be told, or not said."""

    amount: Amount | None = None
    strength: Strength | None = None
    times: Fraction | None = None
    """A day."""
    moment: str | None = None
    """`morning`, `night`, where it is once."""
    as_needed: bool | None = None
    weighed: Amount | None = None
    """The amount in micrograms or units, where it can be told."""
    product: str = ""
    """Its name, folded."""
    modified: bool = False
    """Whether the product's name says that it is released slowly."""
    plain: bool = False
    """Whether it is coded, and its name of a form says no such thing."""


def regimen(content: dict[str, Any]) -> Regimen:
    """What a medicine's content says is taken: its structured fields first, then its words."""
    quantity, as_needed = content.get("dose_quantity"), content.get("as_needed")
    value = unit = ""
    if isinstance(quantity, dict) and not quantity.get("comparator"):
        value, unit = str(quantity.get("value") or ""), str(quantity.get("unit") or "")
    return _regimen(str(content.get("dose") or ""), str(content.get("frequency") or ""), value, unit, _product(content), _is_coded(content),
                    as_needed if isinstance(as_needed, bool) else None)


@lru_cache(maxsize=1 << 14)
def _regimen(dose: str, frequency: str, value: str, unit: str, product: str, coded: bool, as_needed: bool | None) -> Regimen:
    if "patch" in product.casefold():
        dose, unit = _PER_TIME.sub("", dose), _PER_TIME.sub("", unit)
    words, often = read(dose), read(frequency)
    structured = _quantity(value, unit)
    timing = often if often is not None and (often.times or often.as_needed) else words
    if as_needed is None:
        as_needed = timing.as_needed if timing is not None else None
    amount, of = structured or (words.amount if words is not None else None), strength(product)
    name = " ".join(product.casefold().split())
    modified = _MODIFIED.search(name) is not None
    return Regimen(amount, of, timing.times if timing is not None else None, timing.moment if timing is not None else None, as_needed,
                   _weighed(amount, of) if amount is not None else None, name, modified,
                   coded and not modified and any(map(form_of, name.split())))


def goes_with(dosed: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether the dose of the one, as it is shown, says the same beside the product of the other: both are known to be of one strength, or
    it is in a mass or units. Shown is the text, where there is one (`mainstem.kinds.taking.taken`)."""
    if apart(strength(_product(dosed)), strength(_product(other))) is False:
        return True
    shown = {"dose": dosed["dose"]} if isinstance(dosed.get("dose"), str) and dosed["dose"] else dosed
    amount = regimen(shown).amount
    return amount is not None and amount.unit in ("ug", "unit")


def two_courses(one: Regimen, other: Regimen) -> bool:
    """A slow-release product taken regularly, and a plain one when required: the one does not say what the other should be."""
    return is_required(one) != is_required(other) and one.modified != other.modified


def is_required(one: Regimen) -> bool:
    """Whether it is taken when required; what does not say so is taken regularly."""
    return one.as_needed is True


def differ(one: Regimen, other: Regimen) -> Iterator[str]:
    """`dose`, `strength`, `release`, `frequency`: in what two say something else. What either leaves open is no difference. Strengths
    count where amounts cannot be compared: two tablets of 250 mg are one of 500 mg, but "as directed" of 20 mg and of 80 mg are not the
    same; and of solutions in units: 20 units of insulin of 100 units/ml are not to be changed for those of 300 units/ml (MHRA, Drug
    Safety Update, April 2015)."""
    if one is other and (one.amount is None or one.amount.low is one.amount.high):
        return  # the same words, read once
    amounts = _alike(one, other)
    if amounts is None:
        if apart(one.strength, other.strength):
            yield "strength"
    elif amounts[0].high < amounts[1].low or amounts[1].high < amounts[0].low:
        yield "dose"
    elif amounts[0].unit == "unit" and _concentrations_apart(one.strength, other.strength):
        yield "strength"
    if _released_apart(one, other):
        yield "release"
    timings = (one.moment, other.moment), (one.as_needed, other.as_needed)
    if _oftener(one.times, other.times) or any(None not in pair and pair[0] != pair[1] for pair in timings):
        yield "frequency"


def alike(one: Regimen, other: Regimen) -> bool:
    """Whether two say the same, as far as both say anything, and tell the amount."""
    return _alike(one, other) is not None and not any(differ(one, other))


def together(all_: Sequence[Regimen]) -> tuple[Amount, Fraction | None] | None:
    """What several taken regularly come to at each time, and how often; None where it cannot be told."""
    amounts = [one.weighed for one in all_ if not is_required(one)]
    often = {one.times for one in all_ if not is_required(one)}
    if not amounts or len(often) > 1 or len({(one.unit if one else None) for one in amounts}) > 1 or amounts[0] is None:
        return None
    told = [one for one in amounts if one is not None]
    return Amount(sum((one.low for one in told), Fraction(0)), sum((one.high for one in told), Fraction(0)), told[0].unit), often.pop()


def _oftener(one: Fraction | None, other: Fraction | None) -> bool:
    """A month is 28 to 31 days: every 12 weeks is every 3 months."""
    if one is None or other is None or one == other:
        return False
    return not any(months.denominator == 1 and 28 * months <= 1 / second <= 31 * months
                   for first, second in ((one, other), (other, one)) if (months := 1 / first / 30))


def _concentrations_apart(one: Strength | None, other: Strength | None) -> bool:
    """Not of containers, of which two may hold what one of the other does."""
    return one is not None and other is not None and one.each is other.each is None and one.per == "ml" and apart(one, other) is True


def _released_apart(one: Regimen, other: Regimen) -> bool:
    """Whether one of two products of one name is released slowly, and the other is coded as what is not. Brands are not compared: their
    names need not say it."""
    return ((one.modified and other.plain) or (one.plain and other.modified)) and _unnumbered(one.product) == _unnumbered(other.product)


def _unnumbered(product: str) -> str:
    return _NUMBERED.split(product, maxsplit=1)[0]


def _alike(one: Regimen, other: Regimen) -> tuple[Amount, Amount] | None:
    """Both amounts in one unit; None where they cannot be brought to one."""
    if one.amount is None or other.amount is None:
        return None
    if one.weighed is not None and other.weighed is not None and one.weighed.unit == other.weighed.unit:
        return one.weighed, other.weighed
    units = {one.amount.unit, other.amount.unit}
    if not _of_one_strength(one.strength, other.strength) or units & {"ug", "unit"}:
        return None
    if one.strength is None:  # a number in a name (`Fostair 100/6`) may be its strength
        same = len(units) == 1 and (one.product == other.product or not _NUMBERED.search(one.product + other.product))
    else:
        same = units == {"ml"} or (len(units - {""}) <= 1 and (one.strength.per != "ml" or "" not in units))
    return (one.amount, other.amount) if same else None


def _of_one_strength(one: Strength | None, other: Strength | None) -> bool:
    """Also of several ingredients each, however it is written: `10mg/500mg`, `10/500`."""
    return one == other or (one is not None and other is not None and one.parts == other.parts != ())


def _weighed(amount: Amount, of: Strength | None) -> Amount | None:
    """In micrograms or units; None where the product's strength does not tell."""
    if amount.unit in ("ug", "unit"):
        return amount
    if of is None or of.amount is None:
        return None
    if of.each is not None and (amount.unit in _CONTAINERS or (not amount.unit and _FEW.issuperset((amount.low, amount.high)))):
        return Amount(amount.low * of.each, amount.high * of.each, of.unit)
    per_form = not of.per and amount.unit not in ("ml", "l", "drop", "puff", "capful", "spoonful")
    if per_form or (of.per == "puff" and amount.unit in ("puff", "")) or (of.per == "ml" and amount.unit == "ml"):
        return Amount(amount.low * of.amount, amount.high * of.amount, of.unit)
    return None


def _is_coded(content: dict[str, Any]) -> bool:
    return any(code.get("system") in (DMD, SNOMED) for code in (content.get("product") or {}).get("codes") or ())


def _product(content: dict[str, Any]) -> str:
    product = content.get("product") or {}
    return str(product.get("text") or next((code["display"] for code in product.get("codes") or () if code.get("display")), ""))


def _quantity(value: str, unit: str) -> Amount | None:
    number = decimal(value)
    unit = unit.strip().casefold()
    known = unit_of(unit) if unit else ""
    return None if number is None or known is None else measured(number, number, known)

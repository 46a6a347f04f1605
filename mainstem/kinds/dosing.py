"""What a dose means, from words or from structure: `ONE tablet TWICE daily` of a 500 mg tablet is 500 mg, BD.

Text is read whole or not at all: a word that is not known makes it one that cannot be told, which agrees with everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from mainstem.kinds.strengths import MASS, UNIT, Strength, apart, decimal, strength, unit_of

_NUMBERED = re.compile(r"\d")
_CONTAINERS = frozenset({"ampoule", "vial", "syringe", "pen", "device", "injection"})
_FEW = frozenset(map(Fraction, range(1, 5)))
"""A bare number of containers. A greater one may be milligrams or units (`10 at night` of an insulin pen), a fraction millilitres."""
_MODIFIED = re.compile(r"\b(?:(?:modified|prolonged|extended|sustained|slow|controlled)[ -]release|m/r|mr|sr|xl|la|cr|er|retard)\b")
_NUMBERS = {"half": "0.5", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
            "ten": "10", "½": "0.5"}


class Amount(NamedTuple):
    """At each time: from `low` to `high`, in a mass unit made micrograms (`ug`), another unit, a dose form, or no unit: forms, counted."""

    low: Fraction
    high: Fraction
    unit: str


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


def regimen(content: dict[str, Any]) -> Regimen:
    """What a medicine's content says is taken: its structured fields first, then its words."""
    quantity, as_needed = content.get("dose_quantity"), content.get("as_needed")
    value = unit = ""
    if isinstance(quantity, dict) and not quantity.get("comparator"):
        value, unit = str(quantity.get("value") or ""), str(quantity.get("unit") or "")
    return _regimen(str(content.get("dose") or ""), str(content.get("frequency") or ""), value, unit, _product(content),
                    as_needed if isinstance(as_needed, bool) else None)


@lru_cache(maxsize=1 << 14)
def _regimen(dose: str, frequency: str, value: str, unit: str, product: str, as_needed: bool | None) -> Regimen:
    words, often = _read(dose), _read(frequency)
    structured = _quantity(value, unit)
    timing = often if often is not None and (often.times or often.as_needed) else words
    if as_needed is None:
        as_needed = timing.as_needed if timing is not None else None
    amount, of = structured or (words.amount if words is not None else None), strength(product)
    return Regimen(amount, of, timing.times if timing is not None else None, timing.moment if timing is not None else None, as_needed,
                   _weighed(amount, of) if amount is not None else None, " ".join(product.casefold().split()),
                   _MODIFIED.search(product.casefold()) is not None)


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
    """`dose`, `strength`, `frequency`: in what two say something else. What either leaves open is no difference. Strengths count where
    amounts cannot be compared: two tablets of 250 mg are one of 500 mg, but "as directed" of 20 mg and of 80 mg are not the same."""
    if one is other and (one.amount is None or one.amount.low is one.amount.high):
        return  # the same words, read once
    amounts = _alike(one, other)
    if amounts is None:
        if apart(one.strength, other.strength):
            yield "strength"
    elif amounts[0].high < amounts[1].low or amounts[1].high < amounts[0].low:
        yield "dose"
    timings = (one.times, other.times), (one.moment, other.moment), (one.as_needed, other.as_needed)
    if any(None not in pair and pair[0] != pair[1] for pair in timings):
        yield "frequency"


def _alike(one: Regimen, other: Regimen) -> tuple[Amount, Amount] | None:
    """Both amounts in one unit; None where they cannot be brought to one."""
    if one.amount is None or other.amount is None:
        return None
    if one.weighed is not None and other.weighed is not None and one.weighed.unit == other.weighed.unit:
        return one.weighed, other.weighed
    units = {one.amount.unit, other.amount.unit}
    if one.strength != other.strength or units & {"ug", "unit"}:
        return None
    if one.strength is None:  # a number in a name (`Fostair 100/6`) may be its strength
        same = len(units) == 1 and (one.product == other.product or not _NUMBERED.search(one.product + other.product))
    else:
        same = units == {"ml"} or (len(units - {""}) <= 1 and (one.strength.per != "ml" or "" not in units))
    return (one.amount, other.amount) if same else None


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


def _product(content: dict[str, Any]) -> str:
    product = content.get("product") or {}
    return str(product.get("text") or next((code["display"] for code in product.get("codes") or () if code.get("display")), ""))


def _quantity(value: str, unit: str) -> Amount | None:
    number = decimal(value)
    unit = unit.strip().casefold()
    known = unit_of(unit) if unit else ""
    return None if number is None or known is None else _amount(number, number, known)


def _amount(low: Fraction, high: Fraction, unit: str) -> Amount:
    factor = MASS.get(unit, Fraction(1))
    scaled = low * factor
    return Amount(scaled, scaled if high is low else high * factor, "ug" if unit in MASS else unit)


class _Said(NamedTuple):
    amount: Amount | None
    times: Fraction | None
    moment: str | None
    as_needed: bool | None


_DAY = r"(?: a| per| each| every|/)? ?(?:day|daily)"
_OFTEN: tuple[tuple[str, Fraction | None, str | None], ...] = (
    (r"every (?:other|second) day|(?:on )?alternate days|eod|qod|q\.o\.d\.?", Fraction(1, 2), None),
    (rf"(?:twice|2 times?|2x){_DAY}|bd|bid|b\.d\.?|b\.i\.d\.?", Fraction(2), None),
    (rf"(?:thrice|3 times?|3x){_DAY}|tds|tid|t\.d\.s\.?|t\.i\.d\.?", Fraction(3), None),
    (rf"(?:4 times?|4x){_DAY}|qds|qid|q\.d\.s\.?|q\.i\.d\.?", Fraction(4), None),
    (rf"(?:5 times?|5x){_DAY}", Fraction(5), None),
    (rf"(?:6 times?|6x){_DAY}", Fraction(6), None),
    (r"(?:once|1 times?|1x) ?(?:a |per |every |each )?(?:week|weekly)|weekly|every week|each week", Fraction(1, 7), None),
    (r"(?:twice|2 times?) (?:a |per |every )?(?:week|weekly)", Fraction(2, 7), None),
    (r"(?:once|1 times?) (?:a |per |every )?(?:month|monthly)|monthly|every month", Fraction(1, 30), None),
    (r"(?:once )?(?:a day |daily )?(?:at (?:night|bedtime)|in the evening|(?:every|each) (?:night|evening))|nightly|nocte|on|o\.n\.?|"
     r"qhs|qpm",
     Fraction(1), "night"),
    (r"(?:once )?(?:a day |daily )?(?:in the morning|(?:every|each) morning)|mane|om|o\.m\.?|qam", Fraction(1),
     "morning"),
    (rf"(?:once|1 times?|1x){_DAY}|daily|(?:every|each|per) day|od|o\.d\.?|qd|q\.d\.?", Fraction(1), None),
)
"""Times a day. BNF, Latin abbreviations; HL7 v3 GTSAbbreviation: QD and QOD, where OD is daily as in the BNF; HL7 v2 table 0335: QAM, QPM
(the evening), QHS. `4 hourly` and `every 4 hours` are reckoned."""
_CODES: dict[str, tuple[Fraction, str | None]] = {
    "am": (Fraction(1), "morning"), "pm": (Fraction(1), None), "bed": (Fraction(1), "night"), "wk": (Fraction(1, 7), None),
    "mo": (Fraction(1, 30), None)}
"""HL7 v3 GTSAbbreviation, where they are all that is said: `8 am` may be the hour, `1 wk` how long, `Mo` among other words a Monday. PM is
every afternoon there, and the evening to others: no moment is told. Left unread: HS, which may be half a strength; of table 0335, Q3M,
which is minutes there and months to a clinician, and meals (ACM), of which there may be one or three."""
_NEEDED = r"prn|p\.r\.n\.?|(?:when|as|if) (?:required|needed|necessary)"
_EVERY = re.compile(r"(?:every (\d+) (hour|day|week|month)s?|(\d+) ?-? ?(hour)ly|q ?(\d+) ?([hdwl]))(?![a-z])")
"""HL7 v2 table 0335: Q6H, Q2D, Q1W, Q1L (a month)."""
_ON_DAY = re.compile(r"q ?(\d*) ?j ?[1-7](?! ?[\d.,/-])")
"""HL7 v2 table 0335: QJ6 is every Saturday, Q2J6 every other one."""
_PER = re.compile(r"(\d+) per (\d+(?:\.\d+)?) ?(s|min|h|d|wk|mo|a)(?: on (mon|tue|wed|thu|fri|sat|sun))?(?![a-z])")
"""As FHIR's frequency, period and periodUnit are written: `1 per 2 wk`. Of several days of the week, or ranges, it cannot be told."""
_HOURS = {"s": Fraction(1, 3600), "min": Fraction(1, 60), **dict.fromkeys(("hour", "h"), Fraction(1)),
          **dict.fromkeys(("day", "d"), Fraction(24)), **dict.fromkeys(("week", "wk", "w"), Fraction(168)),
          **dict.fromkeys(("month", "mo", "l"), Fraction(720)), "a": Fraction(8760)}
_FILLER = re.compile(
    r"(?:take|taken|to be taken|inhale|apply|inject|use|give|insert|instil|swallow|place|by mouth|orally|as directed|"
    r"(?:with or )?(?:with|after|before) (?:food|meals?|breakfast|water)|on an empty stomach|and|[,;:()]|\.(?!\d))(?![a-z])")
_TAKEN = re.compile(rf"(\d/\d|\d*\.\d+|\d+(?:,\d+)*)(?: ?(?:-|to|or) ?(\d*\.\d+|\d+))? ?({UNIT}|[a-z]+)?(?![a-z])")
_PATTERNS = tuple((re.compile(rf"(?:{pattern})(?![a-z])"), times, moment) for pattern, times, moment in _OFTEN)
_PRN = re.compile(rf"(?:{_NEEDED})(?![a-z])")


@lru_cache(maxsize=1 << 14)
def _read(text: str) -> _Said | None:
    """The whole text, or None."""
    rest = " ".join(_NUMBERS.get(word, word) for word in re.findall(r"[^\W\d_]+|[\d.,/]+|\S", text.casefold().replace("half a ", "half ")))
    rest = re.sub(r"\b([a-z]) \. (?=[a-z]\b)", r"\1.", rest).replace(" / ", "/").replace("–", "-").strip()
    if coded := _CODES.get(rest):
        return _Said(None, *coded, as_needed=False)
    amount: Amount | None = None
    times: set[Fraction] = set()
    moments: set[str] = set()
    needed = on_day = False
    while rest:
        if found := _PRN.match(rest):
            needed = True
        elif found := _EVERY.match(rest):
            number, unit = next((found[i], found[i + 1]) for i in (1, 3, 5) if found[i])
            if not int(number):
                return None
            times.add(24 / (int(number) * _HOURS[unit]))
        elif found := _ON_DAY.match(rest):
            weeks = int(found[1] or 1)
            if on_day or not weeks:
                return None
            on_day = True
            times.add(Fraction(1, 7 * weeks))
        elif found := _PER.match(rest):
            each, every = Fraction(found[1]), Fraction(found[2]) * _HOURS[found[3]]
            if not each or not every:
                return None
            if found[4] and found[3] != "wk":
                if (found[2], found[3]) != ("1", "d"):
                    return None
                every *= 7  # on each day that is a Monday
            times.add(24 * each / every)
        elif found := _FILLER.match(rest):  # before `on`, which is at night, but not `on an empty stomach`
            pass
        elif often := next(((match, each, moment) for pattern, each, moment in _PATTERNS if (match := pattern.match(rest))), None):
            found = often[0]
            times.add(often[1] or Fraction(0))
            moments |= {often[2]} if often[2] else set()
        elif (found := _TAKEN.match(rest)) and amount is None:
            amount, taken = _taken(found)
            if amount is None:
                return None
            rest = rest[taken:].strip()
            continue
        else:
            return None
        rest = rest[found.end():].strip()
    if len(times) > 1 or len(moments) > 1:
        return None
    told = bool(times)
    return _Said(amount, next(iter(times), None), next(iter(moments), None), needed or (False if told else None))


def _taken(found: re.Match[str]) -> tuple[Amount | None, int]:
    """The amount, and how much of the text it took: a word after the number that is no unit is left to be read."""
    low = decimal(found[1])
    high = decimal(found[2]) if found[2] else low
    if low is None or high is None:
        return None, 0
    unit = unit_of(found[3]) if found[3] else ""
    if unit is None or found[3] in ("on", "om", "od", "bd"):
        return _amount(low, high, ""), found.start(3)
    return _amount(low, high, unit), found.end()

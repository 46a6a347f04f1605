"""What the words of a dose say: `Take ONE tablet TWICE daily for blood pressure` is one tablet, twice a day.

Words that speak of no amount, no time and no change are passed over. One that may tell of a change (`then`, `reduce`), or a second
number, makes it a text that cannot be told; a time that is not understood leaves open how often, and tells the amount all the same.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from mainstem.kinds.strengths import MASS, UNIT, decimal, unit_of


class Amount(NamedTuple):
    """At each time: from `low` to `high`, in a mass unit made micrograms (`ug`), another unit, a dose form, or no unit: forms, counted."""

    low: Fraction
    high: Fraction
    unit: str


class Said(NamedTuple):
    """None: it does not say, or it cannot be told."""

    amount: Amount | None
    times: Fraction | None
    """A day."""
    moment: str | None
    """`morning`, `night`, where it is once."""
    as_needed: bool | None


def measured(low: Fraction, high: Fraction, unit: str) -> Amount:
    factor = MASS.get(unit, Fraction(1))
    scaled = low * factor
    return Amount(scaled, scaled if high is low else high * factor, "ug" if unit in MASS else unit)


_LONGEST = 300
"""Letters. A longer text tells more than a dose."""
_NUMBERS = {"half": "0.5", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
            "nine": "9", "ten": "10", "½": "0.5"}
_DAY = r"(?: a| per| each| every|/)? ?(?:day|daily)"
_WEEK = r" ?(?:a |per |every |each )?(?:week|weekly)"
_AFTER_ON = r"after|and|as|at|before|by|for|if|orally|po|prn|sc|subcut\w*|when|with"
"""Words that may follow `on`, at night. Before another it is the preposition: `on waking`, `on 12/05/2024`, `on affected areas`."""
_OFTEN: tuple[tuple[str, Fraction, str | None], ...] = (
    (r"every (?:other|second) day|(?:on )?alternate days|eod|qod|q\.o\.d\.?", Fraction(1, 2), None),
    (rf"(?:twice|2 times?|2x){_DAY}|bd|bid|b\.d\.?|b\.i\.d\.?", Fraction(2), None),
    (rf"(?:thrice|3 times?|3x){_DAY}|tds|tid|t\.d\.s\.?|t\.i\.d\.?", Fraction(3), None),
    (rf"(?:4 times?|4x){_DAY}|qds|qid|q\.d\.s\.?|q\.i\.d\.?", Fraction(4), None),
    (rf"(?:5 times?|5x){_DAY}", Fraction(5), None),
    (rf"(?:6 times?|6x){_DAY}", Fraction(6), None),
    (rf"(?:once|1 times?|1x){_WEEK}|weekly|every week|each week", Fraction(1, 7), None),
    (rf"(?:twice|2 times?){_WEEK}", Fraction(2, 7), None),
    (rf"(?:thrice|3 times?){_WEEK}", Fraction(3, 7), None),
    (r"(?:once )?(?:every |each |a |per )?fortnight(?:ly)?", Fraction(1, 14), None),
    (r"(?:once|1 times?) (?:a |per |every )?(?:month|monthly)|monthly|every month", Fraction(1, 30), None),
    (r"(?:once|1 times?) (?:a |per |every )?year|(?:once )?yearly|annually|every year", Fraction(1, 365), None),
    (r"(?:once )?(?:a day |daily )?(?:at (?:night|bedtime)|in the evening|(?:every|each) (?:night|evening))|nightly|nocte|"
     rf"on(?! (?!(?:{_AFTER_ON})\b)\w)|o\.n\.?|qhs|qpm", Fraction(1), "night"),
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
_WEEKLY = re.compile(r"(?:once )?(?:every )?(\d+) ?-? ?(week|month)ly(?![a-z])")
"""After an amount: `40 mg 2 weekly`. Before one it may be the amount itself (methotrexate, `4 weekly`)."""
_BETWEEN = re.compile(r"(?:every )?\d+ ?(?:-|to) ?\d+ ?-? ?(?:hours?|hourly|days?|weeks?|weekly|months?)(?![a-z])")
_ON_DAY = re.compile(r"q ?(\d*) ?j ?[1-7](?! ?[\d.,/-])(?!.*\bq ?\d* ?j ?\d)")
"""HL7 v2 table 0335: QJ6 is every Saturday, Q2J6 every other one."""
_NAMED_DAY = "mon|tue|wed|thu|fri|sat|sun"
_WEEKDAY = re.compile(rf"(?:on |every |each |a )*({_NAMED_DAY})(?:(?:s|nes|rs|ur|r)?days?|s|rs|r)?(?![a-z])(?! ?(?:-|to\b))")
_PER = re.compile(rf"(\d+) per (\d+(?:\.\d+)?) ?(s|min|h|d|wk|mo|a)(?: on ({_NAMED_DAY})(?! ,))?(?![a-z])")
"""As FHIR's frequency, period and periodUnit are written: `1 per 2 wk`. Of several days of the week, or ranges, it cannot be told."""
_HOURS = {"s": Fraction(1, 3600), "min": Fraction(1, 60), **dict.fromkeys(("hour", "h"), Fraction(1)),
          **dict.fromkeys(("day", "d"), Fraction(24)), **dict.fromkeys(("week", "wk", "w"), Fraction(168)),
          **dict.fromkeys(("month", "mo", "l"), Fraction(720)), "a": Fraction(8760)}
_FILLER = re.compile(
    r"(?:(?:please )?(?:take|taken|to be taken|inhale|apply|inject|use|give|insert|instil|swallow|place)|by mouth|orally|as directed|"
    r"(?:with or )?(?:with|after|before) (?:food|meals?|breakfast|water)|on an empty stomach|and|[,;:()]|\.(?!\d)|"
    r"(?:in|into|to) (?:each|both|the) (?:eye|ear|nostril)s?|on (?=the |an? |to |your |clean |dry |skin)|on the same day|"
    r"do not (?:crush|chew|break|drive)(?: or (?:crush|chew|break))*|"
    r"(?:for|x) (?:\d+ (?:(?:-|to) \d+ )?(?:day|week|month)s?|\d+/(?:7|52|12))(?: course)?(?: (?:and )?then stop)?|\d+ -? ?day course|"
    r"(?:at least )?(?:\d+|0\.5 an) (?:minute|min|hour|hr)s? (?:before|after)|"
    r"(?:up to )?(?:an? )?(?:max(?:imum)?|(?:no|not) more than)\.?(?: dose)?(?: of)? :? ?\d[\d.,]*(?: [a-z]+)? ?"
    r"(?:in|per|an?|each|every|/) ?(?:any )?(?:24 (?:hour|hr|h)s?|day))(?![a-z])")
"""What is no dose: how, for how long, how soon before a meal, and how much at most in a day."""
_AT_MOST = re.compile(r"(?:up to|max(?:imum)?)(?![a-z])")
_TAKEN = re.compile(rf"(\d/\d|\d*\.\d+|\d+(?:,\d+)*)(?: ?(?:-|to|or) ?(\d*\.\d+|\d+))? ?({UNIT}|[a-z]+)?(?![a-z])")
_PATTERNS = tuple((re.compile(rf"(?:{pattern})(?![a-z])"), times, moment) for pattern, times, moment in _OFTEN)
_PRN = re.compile(rf"(?:{_NEEDED})(?![a-z])")
_UNIT_TWICE = re.compile(r"(\d[\d.,]*) ([a-z]+?)s? (-|to|or) (\d[\d.,]*) \2(?=s?(?![a-z]))")
_EACH = re.compile(rf"(?<!- )(?<!to )(?<!or )(?<![\d.,/])(\d+) (?:x )?(\d+(?:\.\d+)?) ((?:{UNIT})(?![a-z]))(?! ?/)"
                   r"(?: (?:spoonful|spoon|tablet|tab|capsule|cap)s?(?![a-z]))?")
"""`one 5 ml spoonful`, `2 x 500 mg tablets`: so much in all."""
_TWICE_TOLD = re.compile(rf"(?:[\d.]+ mls?|\b1 (?:tablet|capsule)) \( (\d[\d.,]* (?:{UNIT})) \)|"
                         rf"(\d[\d.,]* (?:{UNIT})) \( [\d.]+ (?:mls?|(?:tablet|tab|capsule|cap)s?) \)")
"""`5 ml (250 mg)`, `40 mg (2 tablets)`; of `2 tablets (40 mg)` it cannot be told whether that is each."""
_CHANGE = re.compile(
    r"(?:then|until|till|from|except|not|never|no|or|but|also|per|kg|plus|less|other|second|third|first|last|next|instead|unless|another|"
    r"extra|further|total|few|several|some|twelve|dozen|couple|sos|stat|stop\w*|omit\w*|skip\w*|miss\w*|reduc\w*|increas\w*|"
    r"decreas\w*|titrat\w*|taper\w*|wean\w*|adjust\w*|chang\w*|alter(?!nat)\w*|var[iy]\w*|double\w*|halv\w*|divid\w*|split\w*|repeat\w*|load\w*|mainten\w*|"
    r"initial\w*|start\w*|accord\w*|depend\w*|sliding|target|inr)(?![a-z])")
"""Words by which an amount may not be that of each time."""
_TIME = re.compile(
    r"(?:mon|tues?|weds?|thu|thurs?|fri|sat|sun|every|each|alternate\w*|hour\w*|\w*day\w*|daily|week\w*|month\w*|year\w*|morning\w*|noon|midday|lunch\w*|tea\w*|dinner\w*|"
    r"supper\w*|evening\w*|night\w*|bed\w*|breakfast\w*|meals?|am|pm|once|twice|times?|before|after|when\w*|if|during|while)(?![a-z])")
_WORD = re.compile(r"[^\W\d_]+|[-'\"!*#]|\d{1,2}/\d{1,2}/\d{2,4}(?!\S)")
_BETWEEN_WORDS = frozenset({"at", "in", "into", "to", "via", "by", "for", "with", "a", "the"})
"""May stand between a bare number and what it is of: `1 to both eyes`."""


@lru_cache(maxsize=1 << 14)
def read(text: str) -> Said | None:
    """None where the text cannot be told."""
    if len(text) > _LONGEST:
        return None
    rest = _folded(text)
    if coded := _CODES.get(rest):
        return Said(None, *coded, as_needed=False)
    taken: Amount | None = None
    times: set[Fraction] = set()
    moments: set[str] = set()
    days: set[str] = set()
    needed = at_most = opened = passed = bare = False
    while rest:
        known = True
        if found := _PRN.match(rest):
            needed = True
        elif found := _BETWEEN.match(rest):
            opened = True
        elif reckoned := _reckoned(rest, after_amount=taken is not None and not bare):
            found, often = reckoned
            if often is None:
                return None
            times.add(often)
        elif found := _WEEKDAY.match(rest):
            days.add(found[1])
        elif found := _FILLER.match(rest):  # before `on`, which is at night, but not `on an empty stomach`
            pass
        elif named := next(((match, each, moment) for pattern, each, moment in _PATTERNS if (match := pattern.match(rest))), None):
            found = named[0]
            times.add(named[1])
            moments |= {named[2]} if named[2] else set()
        elif found := _AT_MOST.match(rest):
            at_most = True
        elif (found := _TAKEN.match(rest)) and taken is None:
            taken, length = _taken(found)
            if taken is None or (passed and not taken.unit):
                return None  # `INR 2.5`
            taken = taken._replace(low=Fraction(0)) if at_most else taken
            at_most, bare = False, not taken.unit
            rest = rest[length:].strip()
            continue
        elif (found := _WORD.match(rest)) and not _CHANGE.match(rest):
            between = found.group() in _BETWEEN_WORDS
            if bare and not between:
                return None  # `16 mmol`, `2 weeks`
            opened |= _TIME.match(rest) is not None
            passed |= taken is None and not between
            known = not between
        else:
            return None
        bare &= not known
        rest = rest[found.end():].strip()
    if days:
        times.add(Fraction(len(days), 7))
    if len(times) > 1 or len(moments) > 1:
        return None
    if opened or at_most:
        return Said(taken, None, None, needed or None)
    told = bool(times)
    return Said(taken, next(iter(times), None), next(iter(moments), None), needed or (False if told else None))


def _reckoned(rest: str, *, after_amount: bool) -> tuple[re.Match[str], Fraction | None] | None:
    """Times a day of what begins with `every 4 hours`, `Q2J6`, `1 per 2 wk`; None beside what tells no such thing (`every 0 hours`)."""
    if found := _EVERY.match(rest) or (_WEEKLY.match(rest) if after_amount else None):
        number, unit = next((found[i], found[i + 1]) for i in range(1, len(found.groups()), 2) if found[i])
        return found, 24 / (int(number) * _HOURS[unit]) if int(number) else None
    if found := _ON_DAY.match(rest):
        weeks = int(found[1] or 1)
        return found, Fraction(1, 7 * weeks) if weeks else None
    if found := _PER.match(rest):
        each, every = Fraction(found[1]), Fraction(found[2]) * _HOURS[found[3]]
        if found[4] and found[3] != "wk":
            every = 7 * every if (found[2], found[3]) == ("1", "d") else Fraction(0)  # on each day that is a Monday
        return found, 24 * each / every if each and every else None
    return None


def _folded(text: str) -> str:
    """Small letters, numbers in digits, one space between words."""
    words = re.findall(r"[^\W\d_]+|[\d.,/]+|\S", text.casefold().replace("half a ", "half "))
    rest = re.sub(r"\b([a-z]) \. (?=[a-z]\b)", r"\1.", " ".join(_NUMBERS.get(word, word) for word in words))
    rest = re.sub(r"(?<![\d.,/-] )\b1 ((?:tablet|capsule) )?an? (day|week)\b", r"1 \1once a \2", rest)
    rest = _UNIT_TWICE.sub(r"\1 \3 \4 \2", rest.replace(" / ", "/").replace("–", "-").strip())
    rest = _TWICE_TOLD.sub(lambda told: told[1] or told[2], rest)
    return _EACH.sub(lambda each: f"{Decimal(each[1]) * Decimal(each[2]):f} {each[3]}", rest)


def _taken(found: re.Match[str]) -> tuple[Amount | None, int]:
    """The amount, and how much of the text it took: a word after the number that is no unit is left to be read."""
    low = decimal(found[1])
    high = decimal(found[2]) if found[2] else low
    if low is None or high is None:
        return None, 0
    unit = unit_of(found[3]) if found[3] else ""
    if unit is None:
        return measured(low, high, ""), found.start(3)
    return measured(low, high, unit), found.end()

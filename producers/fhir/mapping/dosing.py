"""Dosage, R4 and STU3: how a medicine is taken, in fields where they hold all of it and else in words.

A medicine has one dose, frequency and route. What they cannot hold (several dosages, a range, a maximum, a warning) is said in the
dosage's text, whole: a part shown alone, like the morning's 10 mg of 10 mg in the morning and 30 mg at night, is another dose.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from producers.fhir.datatypes import concept, label, labels, period, quantity, ranged, ratio, shown
from producers.fhir.elements import Resource, boolean, child, children, integer, text, texts
from producers.fhir.mapping.base import joined, said

WHEN = {
    "MORN": "in the morning", "AFT": "in the afternoon", "EVE": "in the evening", "NIGHT": "at night", "HS": "at bedtime",
    "WAKE": "on waking", "C": "with meals", "CM": "with breakfast", "CD": "with lunch", "CV": "with dinner", "AC": "before meals",
    "ACM": "before breakfast", "ACD": "before lunch", "ACV": "before dinner", "PC": "after meals", "PCM": "after breakfast",
    "PCD": "after lunch", "PCV": "after dinner",
}
"""R4 event-timing and v3-TimingEvent, in the words that doses are compared by (`mainstem.kinds.dosing`). Another code stands as it is."""
_NUMBERS = {"half": "0.5", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "eight": "8", "ten": "10"}


def taking(dosages: Sequence[Resource]) -> dict[str, Any]:
    """The fields of a medicine that say how it is taken."""
    ordered = sorted(dosages, key=lambda each: integer(each, "sequence") or 0)
    only = ordered[0] if len(ordered) == 1 else {}
    rates = _rates(only)
    return {
        "dose": said(joined((_words(each, len(ordered) > 1) for each in ordered), "; ")),
        "dose_quantity": said(_quantity(rates[0]) if len(rates) == 1 else None),
        "route": said(_same([concept(each, "route") for each in ordered])),
        "frequency": said(_frequency(only)),
        "as_needed": said(_same([_as_needed(each) for each in ordered])),
    }


def _words(dosage: Resource, several: bool) -> str | None:
    """The source's own text, with what it leaves out; without one, all that the dosage says, if that is more than fields hold."""
    own, amount, often, more = text(dosage, "text"), _amounts(dosage), [_frequency(dosage), _required(dosage)], _more(dosage)
    held = amount is None or not (several or len(_rates(dosage)) > 1 or _quantity(_rates(dosage)[0]) is None)
    often += labels(dosage, "route") if several else []
    if own:
        unsaid = [each for each in (*([] if held else [amount]), *(often if several else []), *more) if each and not _says(own, each)]
        return joined([own.rstrip(" ."), *unsaid], ". ") if unsaid else own
    return joined([joined([amount, *often], " "), *more], ". ") if several or more or not held else None


def _more(dosage: Resource) -> list[str]:
    """What no field holds: rate, timing that is no frequency, limits, reasons, site, instructions."""
    timing = child(dosage, "timing") or {}
    repeat = child(timing, "repeat") or {}
    start, end = period(repeat, "boundsPeriod")
    found = [
        *(f"at {rate}" for rate in map(_rate, _rates(dosage)) if rate),
        None if label(timing, "code") else _vague(repeat),
        _said("over {}", joined([_span(repeat, "duration"), text(repeat, "durationUnit")], " ")),
        _said("for {}", shown(quantity(child(repeat, "boundsDuration")))), _said("for {}", ranged(child(repeat, "boundsRange"))),
        _said("from {}", start), _said("to {}", end), _said("{} times", _span(repeat, "count")),
        _said("{} min from it", text(repeat, "offset")), *(f"on {each}" for each in texts(timing, "event")),
        *(_said("at most {}", ratio(each)) for each in children(dosage, "maxDosePerPeriod")),
        _said("at most {} at a time", shown(quantity(child(dosage, "maxDosePerAdministration")))),
        _said("at most {} in a lifetime", shown(quantity(child(dosage, "maxDosePerLifetime")))),
        _said("when required: {}", label(dosage, "asNeededCodeableConcept")),
        label(dosage, "method"), _said("site: {}", label(dosage, "site")),
        *labels(dosage, "additionalInstruction"), *texts(dosage, "patientInstruction"),
    ]
    return [each for each in found if each]


def _said(form: str, value: str | None) -> str | None:
    return form.format(value).strip() if value else None


def _span(element: Resource, name: str) -> str:
    """`1`, `1-4`."""
    return "-".join(filter(None, (text(element, name), text(element, f"{name}Max"))))


def _rates(dosage: Resource) -> list[Resource]:
    """R4 may give several amounts, as ordered and as calculated; STU3 and administrations have one in the dosage itself."""
    return children(dosage, "doseAndRate") or [dosage]


def _quantity(rate: Resource) -> Any:
    return quantity(child(rate, "doseQuantity") or child(rate, "dose"))


def _amounts(dosage: Resource) -> str | None:
    return joined(map(_amount, _rates(dosage)), " or ")


def _amount(rate: Resource) -> str | None:
    amount, kind = shown(_quantity(rate)) or ranged(child(rate, "doseRange")), label(rate, "type")
    return f"{amount} ({kind})" if amount and kind and kind.casefold() != "ordered" else amount


def _rate(rate: Resource) -> str | None:
    return ratio(child(rate, "rateRatio")) or ranged(child(rate, "rateRange")) or shown(quantity(
        child(rate, "rateQuantity") or child(rate, "rateSimpleQuantity")))


def _frequency(dosage: Resource) -> str | None:
    """`2 per 1 d`; with all that makes it another: `1-4 per 1 d`, `1 per 1 d on mon`, `1 per 1 d in the morning`. A code is a complete
    statement of what is repeated (R4, "Timing.code")."""
    timing = child(dosage, "timing") or {}
    repeat = child(timing, "repeat") or {}
    unit, days, at = text(repeat, "periodUnit"), ", ".join(texts(repeat, "dayOfWeek")), _times(repeat)
    told = text(repeat, "frequency") and text(repeat, "period") and unit
    often = f"{_span(repeat, 'frequency')} per {_span(repeat, 'period')} {unit}" if told else None
    return label(timing, "code") or joined([often, f"on {days}" if days and (often or at) else None, at], " ")


def _times(repeat: Resource) -> str:
    return ", ".join([*(WHEN.get(each, each) for each in texts(repeat, "when")), *(f"at {each}" for each in texts(repeat, "timeOfDay"))])


def _vague(repeat: Resource) -> str | None:
    """A timing that says how often only at most, or only within which time."""
    unit, days = text(repeat, "periodUnit"), ", ".join(texts(repeat, "dayOfWeek"))
    if text(repeat, "frequency") and text(repeat, "period") and unit:
        return None
    within = f"{_span(repeat, 'period')} {unit or ''}".strip()
    often = _span(repeat, "frequency") if text(repeat, "frequency") else _said("up to {}", text(repeat, "frequencyMax"))
    return joined([often, _said("per {}" if often else "every {}", within), _said("on {}", "" if _times(repeat) else days)], " ")


def _as_needed(dosage: Resource) -> bool | None:
    return True if "asNeededCodeableConcept" in dosage else boolean(dosage, "asNeededBoolean")


def _required(dosage: Resource) -> str | None:
    return "when required" if _as_needed(dosage) else None


def _same(values: Sequence[Any]) -> Any:
    """What all say alike; None where any says another thing, or nothing."""
    return values[0] if values and all(each == values[0] for each in values) else None


def _says(own: str, more: str) -> bool:
    """Whether the source's text says it already: in the same words, or an amount in its numbers (`one to two tablets`, 1 to 2 tablet)."""
    amount = re.fullmatch(r"([0-9.]+(?: to [0-9.]+)?)(?: [^0-9]+)?", _plain(more))
    sought = amount[1] if amount else _plain(more)
    return re.search(rf"(?<![\w.]){re.escape(sought)}(?![0-9]|\.[0-9])", _plain(own)) is not None


def _plain(value: str) -> str:
    value = re.sub(r"[a-z]+", lambda word: _NUMBERS.get(word[0], word[0]), value.casefold())
    return " ".join(re.sub(r"(?<=[0-9])\s*(?:-|–|or)\s*(?=[0-9])", " to ", value).split())

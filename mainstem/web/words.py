"""How values are put for people: dates, codes, quantities, names of fields. Works on any kind's content, by shape alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from mainstem.kinds.base import DMD, EMIS, READ2, SNOMED
from mainstem.kinds.titles import named
from mainstem.web.numbers import spaced

_IDENTIFIERS = "urn:mainstem:ids:"
"""Before `source:what`, of numbers that one source gives."""
_VERIFICATION = {
    "01": "number present and verified",
    "02": "number present, not traced",
    "03": "trace required",
    "04": "trace attempted, no match or several",
    "05": "trace to be resolved: conflict",
    "06": "trace in progress",
    "07": "number not required",
    "08": "trace postponed (baby under six weeks)",
}
_SYSTEMS = {SNOMED: "SNOMED CT", DMD: "dm+d", READ2: "Read v2", EMIS: "EMIS"}
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d:\d\d)(?::[\d.]+)?(Z|[+-]\d\d:?\d\d)?)?)?)?")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
_LABELS = {
    "nhs_number": "NHS number",
    "gp_practice": "GP practice",
    "birth_date": "Date of birth",
    "mime_type": "File type",
    "telecom": "Phone and email",
    "deceased": "Died",
    "low": "Reference range from",
    "high": "Reference range to",
    "test": "Test",
    "classes": "Of the class",
    "parents": "A kind of",
}


def label(field: str) -> str:
    return _LABELS.get(field) or field.replace("_", " ").capitalize()


def verification(code: str) -> str:
    """Of an NHS number: `01` -> `01: number present and verified`; anything else as it stands."""
    return f"{code}: {_VERIFICATION[code]}" if code in _VERIFICATION else code


def date(text: str) -> str:
    """`2019-03-02` -> `2 March 2019`, no more precise than it was given; anything else as it stands."""
    found = _DATE.fullmatch(text)
    if not found or (found[2] and not 1 <= int(found[2]) <= 12):
        return text
    year, month, day, clock, zone = found.groups()
    words = " ".join(x for x in (str(int(day)) if day else "", _MONTHS[int(month) - 1] if month else "", year) if x)
    if clock:
        words += f" at {clock}" + (" UTC" if zone in {"Z", "+00:00", "+0000"} else f" ({zone} from UTC)" if zone else "")
    return words


def moment(ms: int) -> str:
    """Milliseconds since the epoch: `24 November 2026 at 10:37:58 UTC`."""
    at = datetime.fromtimestamp(ms / 1000, UTC)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year} at {at:%H:%M:%S} UTC"


def day(ms: int) -> str:
    """As contents have it, in UTC: `2026-11-24`."""
    return datetime.fromtimestamp(ms / 1000, UTC).date().isoformat()


def ago(ms: int, now: int) -> str:
    seconds = max(0, now - ms) // 1000
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return f"{seconds} second{'' if seconds == 1 else 's'} ago"


def seconds(value: float | None) -> str:
    return "nothing measured" if value is None else f"{value:.2f} s"


def value(thing: Any, field: str = "") -> list[str]:
    """A content's field as lines of text. An explicit null was cleared by the source."""
    if thing is None:
        return ["Cleared by the source"]
    if isinstance(thing, bool):
        return ["Yes" if thing else "No"]
    if isinstance(thing, str) and field == "nhs_number":
        return [spaced(thing)]
    if isinstance(thing, str):
        return [date(thing) if field not in {"note", "text"} else thing]
    if isinstance(thing, list):
        return [line for one in thing for line in value(one, field)]
    if isinstance(thing, dict):
        return [_composite(thing)]
    return [str(thing)]


def coded(thing: Any) -> bool:
    return isinstance(thing, dict) and bool(thing) and thing.keys() <= {"codes", "text"}


def codes(content: Any) -> Iterator[tuple[str, str, str]]:
    """System, code, display of every coding in a content, however deep."""
    if isinstance(content, list):
        for one in content:
            yield from codes(one)
    elif isinstance(content, dict):
        if isinstance(content.get("system"), str) and isinstance(content.get("code"), str):
            system = str(content["system"])
            yield _SYSTEMS.get(system, system), str(content["code"]), str(content.get("display") or "")
        else:
            for one in content.values():
                yield from codes(one)


def _composite(thing: dict[str, Any]) -> str:
    if coded(thing):
        return named(thing, "Coded, without text")
    if "value" in thing and thing.keys() <= {"value", "unit", "comparator"}:
        return " ".join(str(thing[part]) for part in ("comparator", "value", "unit") if thing.get(part))
    if thing.keys() == {"system", "value"}:
        return f"{thing['value']} ({str(thing['system']).removeprefix(_IDENTIFIERS)})"
    if "family" in thing or "given" in thing:
        return person_name(thing) + (f" ({thing['use']})" if thing.get("use") else "")
    return "; ".join(f"{label(name)}: {', '.join(value(one, name))}" for name, one in thing.items() if one not in (None, [], ""))


def person_name(name: dict[str, Any]) -> str:
    """As the NHS writes it: FAMILY, Given (Title)."""
    family, given, prefix = (name.get("family") or "").upper(), " ".join(name.get("given") or ()), name.get("prefix")
    return ", ".join(x for x in (family, given) if x) + (f" ({prefix})" if prefix else "") or "Name not stated"

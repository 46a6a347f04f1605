"""HL7 times (TS, DTM) as UTC text of fixed width, which compares as text; and dates of birth.

The hour that comes twice, when summer time ends, is taken for its first pass. A time without an offset does not say which it was, and
either answer leaves two messages of that hour in the order of their clock: one of 01:10 GMT stands before one of 01:50 BST.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from datetime import date as calendar_day
from zoneinfo import ZoneInfo

_LONDON = ZoneInfo("Europe/London")
"""UK trusts send local time without an offset (HL7 UK A.3)."""
_TS = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.(\d{1,6})\d*)?(?:([+-])(\d\d)([0-5]\d))?", re.ASCII)
_LIFETIMES = range(1800, 2200)
"""Years of birth. 0001 and 9999 stand for one that nobody knows."""


def utc(text: str | None) -> str | None:
    """`20260102030405.6+0100` -> `2026-01-02T02:04:05.600000Z`. None for what is no time."""
    found = _TS.fullmatch(text or "")
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = found.groups()
    try:
        zone = _LONDON if sign is None else timezone((1 if sign == "+" else -1) * timedelta(hours=int(hours), minutes=int(minutes)))
        at = datetime(int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0),
                      int((fraction or "0").ljust(6, "0")), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def birth_date(text: str | None) -> str | None:
    """As precise as it was given: `196106` -> `1961-06`. None for what is no day of a calendar, or of nobody's lifetime."""
    found = _TS.fullmatch(text or "")
    if found is None:
        return None
    year, month, day = found.groups()[:3]
    try:
        calendar_day(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    return "-".join(part for part in (year, month, day) if part) if int(year) in _LIFETIMES else None

"""HL7 times (TS, DTM) as UTC text of fixed width, which compares as text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

_LONDON = ZoneInfo("Europe/London")
"""UK trusts send local time without an offset (HL7 UK A.3)."""
_TS = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.(\d{1,6})\d*)?(?:([+-])(\d\d)(\d\d))?")


def utc(text: str | None) -> str | None:
    """`20260102030405.6+0100` -> `2026-01-02T02:04:05.600000Z`. None for what is no time."""
    found = _TS.fullmatch(text or "")
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = found.groups()
    zone = _LONDON if sign is None else timezone((1 if sign == "+" else -1) * timedelta(hours=int(hours), minutes=int(minutes)))
    try:
        at = datetime(int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0),
                      int((fraction or "0").ljust(6, "0")), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def date(text: str | None) -> str | None:
    """A date as precise as it was given: `196106` -> `1961-06`."""
    found = re.match(r"(\d{4})(\d\d)?(\d\d)?", text or "")
    return "-".join(part for part in found.groups() if part) if found else None

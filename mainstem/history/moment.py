"""A moment as people write it, as milliseconds since the Unix epoch. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

NOW = "now"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class MomentError(ValueError):
    """The text names no moment of the past; the message says what to give instead."""


def parse(text: str, now: int) -> int:
    """ISO 8601 with a zone; `now`; or a date, which means its end in UTC (as much of it as is over). Raises MomentError."""
    text = text.strip()
    if text.lower() == NOW:
        return now
    try:
        if _DAY.fullmatch(text):
            day = datetime.combine(date.fromisoformat(text), time(), UTC)
            if _ms(day) > now:
                raise _future(text)
            return min(_ms(day + timedelta(days=1)) - 1, now)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as fault:
        if isinstance(fault, MomentError):
            raise
        raise MomentError(f"“{_shown(text)}” is no time: give a date, 2026-11-25, or a time with its zone, 2026-11-25T09:30:00Z") from None
    if at.tzinfo is None:
        raise MomentError(f"“{_shown(text)}” names no time zone: add Z for UTC, or an offset as in {_shown(text)}+01:00")
    found = _ms(at)
    if found > now:
        raise _future(text)
    if found < 0:
        raise MomentError(f"“{_shown(text)}” is before 1970: nothing was known then")
    return found


def iso(ms: int) -> str:
    """`2026-11-25T09:30:00.125Z`: what `parse` takes."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _future(text: str) -> MomentError:
    return MomentError(f"“{_shown(text)}” is still to come: what will be known then cannot be told")


def _shown(text: str) -> str:
    return text[:40] if text.isprintable() else "this"


def _ms(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)

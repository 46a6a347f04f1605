"""A moment as people write it, as milliseconds since the Unix epoch. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

NOW = "now"
_DAY = 86_400_000


class MomentError(ValueError):
    """The text names no moment of the past; the message says what to give instead."""


def parse(text: str, now: int) -> int:
    """ISO 8601 with a zone; `now`; or a date, which means its end in UTC (as much of it as is over). Raises MomentError."""
    text = text.strip()
    if text.lower() == NOW:
        return now
    day = _day(text)
    try:
        at = day or datetime.fromisoformat(text)
    except ValueError:
        raise MomentError(f"“{_shown(text)}” is no time: give a date, 2026-11-25, or a time with its zone, 2026-11-25T09:30:00Z") from None
    if at.tzinfo is None:
        raise MomentError(f"“{_shown(text)}” names no time zone: add Z for UTC, or an offset as in {_shown(text)}+01:00")
    found = _ms(at)
    if found > now:
        raise MomentError(f"“{_shown(text)}” is still to come: what will be known then cannot be told")
    if found < 0:
        raise MomentError(f"“{_shown(text)}” is before 1970: nothing was known then")
    return found if day is None else min(found + _DAY - 1, now)


def iso(ms: int) -> str:
    """`2026-11-25T09:30:00.125Z`: what `parse` takes."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _day(text: str) -> datetime | None:
    """The beginning of a date; None: the text is none."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        return None


def _shown(text: str) -> str:
    return text[:40] if text.isprintable() else "this"


def _ms(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)

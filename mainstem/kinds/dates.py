"""Dates and times as precise as their sources gave them: which days they may be, and which moments."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

_NO_DATE, _OPEN_END = 1900, 9999


def days(text: Any) -> tuple[str, str] | None:
    """First and last day that it may be: `2019-03` -> (`2019-03-01`, `2019-03-31`). A time with a zone counts by its day in UTC.
    None where it is no date."""
    return _days(text) if isinstance(text, str) else None


@lru_cache(maxsize=1 << 14)
def _days(text: str) -> tuple[str, str] | None:
    found = moments(text)
    if found is None:
        return None
    first, beyond = found
    last = beyond - timedelta(microseconds=1) if beyond > first else first
    return first.date().isoformat(), last.date().isoformat()


def moments(text: Any) -> tuple[datetime, datetime] | None:
    """The first moment that it may be, and the one after the last: equal where it is a time, a day apart where it is a day. In UTC; a
    time without a zone is taken to be in it. None where it is no date, or one that systems write where none is known (1900-01-01,
    0001-01-01, 9999-12-31): nothing recorded of anybody is as old."""
    return _moments(text) if isinstance(text, str) and not stands_for_none(text) else None


@lru_cache(maxsize=1 << 14)
def stands_for_none(text: str) -> bool:
    """Whether it is a date, and one that systems write where they know none."""
    found = _moments(text)
    return found is not None and not _NO_DATE < found[0].year < _OPEN_END


@lru_cache(maxsize=1 << 14)
def _moments(text: str) -> tuple[datetime, datetime] | None:
    text = text.strip()
    try:
        if len(text) == 4:
            return _utc(int(text), 1, 1), _utc(int(text) + 1, 1, 1)
        if len(text) == 7:
            year, month = int(text[:4]), int(text[5:])
            first = _utc(year, month, 1)
            return first, first + timedelta(days=monthrange(year, month)[1])
        at = in_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None
    if len(text) == 10:
        return at, (at + timedelta(days=1) if at.year < _OPEN_END else at)
    return at, at


def in_utc(at: datetime) -> datetime:
    """A time without a zone is taken to be in it; so is one of the first or last day that there is, whose zone leads beyond
    (0001-01-01T00:00:00+01:00: what a system writes where it knows none)."""
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError:
        return at.replace(tzinfo=UTC)


def exact(text: Any) -> bool:
    """Whether it says the day at least."""
    return isinstance(text, str) and len(text.strip()) >= 10 and moments(text) is not None


def _utc(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)

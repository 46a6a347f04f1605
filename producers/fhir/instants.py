"""FHIR dates and times: what is one, and what it is in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime

DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?")
_LEAP = re.compile(r"(T[0-9]{2}:[0-9]{2}:)60(\.[0-9]+)?")
"""A second 60 is a time (R4, "instant"), which the calendar here does not have: the last moment of the minute."""
_WIDTH = len("0001-01-01T00:00:00.000000Z")


def utc(value: str) -> str | None:
    """A FHIR date or instant in UTC at fixed width; the start of the day, month or year where it is less precise.

    None where it is none: of another form, or a day that no calendar has.
    """
    if not DATE.fullmatch(value):
        return None
    padded = value + "0001-01-01T00:00:00"[len(value):] if len(value) in (4, 7, 10) else value
    try:
        moment = datetime.fromisoformat(_LEAP.sub(r"\g<1>59.999999", padded))
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}Z".rjust(_WIDTH, "0")

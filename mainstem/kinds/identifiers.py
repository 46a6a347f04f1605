"""Business identifiers, and what stands for one where there is none: the day, the moment, the words. Parts of keys: never likeness.

An identifier is one organisation's and comes round again, so that no kind's key rests on it alone: `Kind.gap` parts it by date.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from mainstem import canonical
from mainstem.kinds.dates import exact, moments
from mainstem.kinds.same import moment, prose

_ENGLAND = ZoneInfo("Europe/London")
_TELLING = 4
"""Characters: what is shorter is a row's number in some table, or a counter."""
_ALONE = 10
"""Characters: two organisations may well count up to the same shorter number (a UBRN has 12 digits, a GUID 32)."""
_GUID = re.compile(r"\{?([0-9A-F]{8})-?([0-9A-F]{4})-?([0-9A-F]{4})-?([0-9A-F]{4})-?([0-9A-F]{12})\}?")


def identifier(text: Any) -> str | None:
    """However it is spaced, and in whatever case: `v-0012 ` and `V-0012` are one. Punctuation tells (`7/1/12`, `7/11/2`), but in a GUID.
    None where it tells too little, or stands where a number is not known (`UNKNOWN`, `00000000`, `9999-9999`)."""
    if not isinstance(text, str):
        return None
    bare = "".join(text.split()).upper()
    guid = _GUID.fullmatch(bare)
    bare = "".join(guid.groups()) if guid else bare
    signs = {sign for sign in bare if sign.isalnum()}
    counts = any(sign.isdigit() for sign in signs) and len(signs) > 1
    return bare if counts and len(bare) >= _TELLING else None


def alone(number: str) -> bool:
    """Whether an identifier is long enough to be one thing's wherever it is met, without a word of what it numbers."""
    return len(number) >= _ALONE


def day(text: Any) -> str | None:
    """The day, of a time with a zone that of England: a GP's date and a hospital's time of it meet, also where midnight of British Summer
    Time was written as 23:00 UTC of the day before. None where it is less precise."""
    return _day(text) if isinstance(text, str) else None


@lru_cache(maxsize=1 << 14)
def _day(text: str) -> str | None:
    if not exact(text):
        return None
    text = text.strip()
    at = datetime.fromisoformat(text) if len(text) > len("2026-01-01") else None
    return at.astimezone(_ENGLAND).date().isoformat() if at is not None and at.tzinfo else text[:10]


def minute(text: Any) -> str | None:
    """The moment in UTC, to the minute: some feeds drop the seconds. None where only the day is told; midnight tells no more."""
    if not isinstance(text, str) or moments(text) is None:
        return None
    at = moment(text)
    return at[:16] + ("Z" if at.endswith("+00:00") else "") if "T" in at else None


def digest(text: Any) -> str | None:
    """Of a text, however its lines are broken."""
    said = prose(text) if isinstance(text, str) else ""
    return canonical.digest(said.encode()).hex()[:16] if said else None

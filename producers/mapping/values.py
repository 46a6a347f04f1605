"""Cells of a row to the texts of a content. Nothing here raises and nothing is lost: what cannot be read is kept as it was given."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Cell = Any
"""As JSON gave it."""
Reader = Callable[[str], str | None]

_LONDON = ZoneInfo("Europe/London")
_EPOCH_DAY = date(1970, 1, 1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OTHER_UNITS = 1 << 42
"""A number below it is a moment of these centuries in seconds or milliseconds, and in microseconds one of 1970."""
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d(?::?\d\d)?)?")
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:Z|[+-]\d\d:\d\d)")
"""A day with a zone, as `xs:date` has it; Debezium ends each so where it spells dates out."""
_CLOCK = re.compile(r"(\d\d:\d\d)(:\d\d)?(?:\.0+)?Z?")
"""A time of day; Debezium ends it with a `Z`, whatever the clock was."""
_NUMBER = re.compile(r"(<=|>=|<|>)?\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+))")
_PATTERN = {"dd": r"(?P<d>\d{1,2})", "mm": r"(?P<m>\d{1,2})", "yyyy": r"(?P<y>\d{4})"}


def text(cell: Cell) -> str | None:
    """Without surrounding space; None where there is nothing."""
    if cell is None:
        return None
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return str(cell)
    return json.dumps(cell, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def day(cell: Cell) -> str | None:
    """A date: epoch days (Debezium `io.debezium.time.Date`), a day and its zone (`IsoDate`), or ISO 8601 text of any precision. A day is
    what the source wrote: it has no zone, whatever stands behind it."""
    if isinstance(cell, int) and not isinstance(cell, bool):
        try:
            return (_EPOCH_DAY + timedelta(days=cell)).isoformat()
        except OverflowError:
            return str(cell)
    given = text(cell)
    if given is not None and len(given) > 10 and (found := _DAY.fullmatch(given) or _INSTANT.fullmatch(given)):
        return found[1]
    return given


def instant(cell: Cell) -> str | None:
    """A moment in UTC: ISO 8601 text (`IsoTimestamp`, `ZonedTimestamp`) or epoch microseconds (`MicroTimestamp`); no fraction where it is
    zero. A number that can hardly be microseconds is no moment."""
    if isinstance(cell, int) and not isinstance(cell, bool):
        if abs(cell) < _OTHER_UNITS:
            return str(cell)
        try:
            return _moment(_EPOCH + timedelta(microseconds=cell))
        except OverflowError:
            return str(cell)
    given = text(cell)
    if given is None:
        return None
    found = _INSTANT.fullmatch(given)
    if found is None:
        return given
    on, at, fraction, zone = found.groups()
    if zone in (None, "Z", "+00:00", "+00", "+0000"):
        rest = (fraction or "").rstrip("0")
        return f"{on}T{at}{'.' + rest if rest else ''}Z"
    try:
        return _moment(datetime.fromisoformat(given).astimezone(UTC))
    except (ValueError, OverflowError):
        return given


def local(cell: Cell) -> str | None:
    """A moment in UTC of England's clock time: a timestamp without time zone, behind which Debezium puts a `Z` all the same. The hour that
    comes twice, when summer time ends, is taken for its first pass."""
    given = instant(cell)
    found = _INSTANT.fullmatch(given) if given is not None else None
    zone = None if not isinstance(cell, str) else (_INSTANT.fullmatch(cell.strip()) or (None,) * 5)[4]
    if given is None or found is None or zone not in (None, "Z"):
        return given
    try:
        return _moment(datetime.fromisoformat(given[:-1]).replace(tzinfo=_LONDON).astimezone(UTC))
    except (ValueError, OverflowError):
        return given


def dates(patterns: tuple[str, ...]) -> Callable[[Cell], str | None]:
    """A reader of dates as people write them: `dd/mm/yyyy`, `mm/yyyy`, `yyyy`; the first pattern that is a real date counts."""
    readers = [_written(pattern) for pattern in patterns]

    def read(cell: Cell) -> str | None:
        given = text(cell)
        if given is None:
            return None
        for reader in readers:
            if (found := reader(given)) is not None:
                return found
        return given

    return read


def number(cell: Cell) -> str | None:
    """A decimal without the zeros that only the column's scale put there: `28.00` is 28."""
    given = text(cell)
    if given is None or "." not in given or not _NUMBER.fullmatch(given):
        return given
    return given.rstrip("0").rstrip(".") or "0"


def measured(given: str) -> tuple[str, str | None] | None:
    """(value, comparator) of `5.4`, `<3`, `>= 90`; None where the text is no number."""
    found = _NUMBER.fullmatch(given)
    return (found[2], found[1]) if found else None


def digits(cell: Cell) -> str | None:
    """A number typed with spaces or hyphens, `999 123 4567`, without them."""
    given = text(cell)
    return given and ("".join(given.split()).replace("-", "") or None)


def clock(on: str | None, at: str | None) -> str | None:
    """A local date and a local time of day as one text. England's clock time has no zone here: the source gave none."""
    if on is None or at is None:
        return on or at
    if len(on) == 10 and (found := _CLOCK.fullmatch(at)):
        return f"{on}T{found[1]}{found[2] or ':00'}"
    return f"{on} {at}"


def _written(pattern: str) -> Reader:
    parts = re.split(r"(yyyy|dd|mm)", pattern)
    expression = re.compile("".join(_PATTERN.get(part) or re.escape(part) for part in parts))

    def read(given: str) -> str | None:
        found = expression.fullmatch(given)
        if found is None:
            return None
        groups = found.groupdict()
        year, month, on = groups.get("y"), groups.get("m"), groups.get("d")
        if year is None or (on is not None and month is None):
            return None
        try:
            date(int(year), int(month or 1), int(on or 1))
        except ValueError:
            return None
        return "-".join(part for part in (year, month and month.zfill(2), on and on.zfill(2)) if part)

    return read


def _moment(at: datetime) -> str:
    shown = at.strftime("%Y-%m-%dT%H:%M:%S").zfill(19)
    return shown + (f".{at.microsecond:06d}".rstrip("0") if at.microsecond else "") + "Z"

"""How and how long a medicine is taken, as one record says it: its status, its first and last day, its dose in a line."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from mainstem.kinds import dates
from mainstem.kinds.facts import Member
from mainstem.kinds.statuses import word

OPEN = "9999-12-31"
"""Last day of what goes on."""
UNKNOWN, ENDED, DRAFT = 1, 3, 4
"""Of `standing`. A status that no rule knows (`unknown`, a word of a local list) ends no medicine; the plain active is shown before it."""
OF_STATUS = ("list", "order", "home", None)
"""Views whose status is the course's. A dispensing that is completed has been handed over, a dose given is one dose."""
_STANDING = {"active": 0, None: 0, "on-hold": 2, "stopped": 3, "completed": 3, "cancelled": 3, "not-taken": 3, "entered-in-error": 3,
             "draft": 4}
"""Least first. Without a status, a list or chart holds what is current."""
_SUPPLIED = 84
"""Days that a dispensing lasts where it does not say: the longest usual supply."""
_DIGITS = 4
"""Of the longest supply that is read."""
_GIVEN = 2
"""Days for which a dose given tells that more are to come."""
_DAYS = {"day": 1, "days": 1, "d": 1, "week": 7, "weeks": 7, "wk": 7, "month": 30, "months": 30, "mo": 30}


def taken(content: dict[str, Any]) -> str:
    """How it is taken, in a line: the instruction, else amount and frequency."""
    amount = content.get("dose_quantity") or {}
    words = (amount.get("value"), amount.get("unit"), content.get("frequency"), "when required" if content.get("as_needed") is True else "")
    said = content.get("dose")
    return said if isinstance(said, str) and said else " ".join(str(word) for word in words if word)


def span(content: dict[str, Any]) -> tuple[str, str] | None:
    """First and last day. What is active goes on, but for an acute, which is what was issued: it lasts as long as that does, where it is
    said how long, and a GP's list may hold it active for years. What ended on no stated day is known to have lasted until it was last
    issued."""
    start, end = dates.days(content.get("start")), dates.days(content.get("end"))
    if start is None:
        return end
    if end is not None:
        return start[0], max(start[1], end[1])
    view, issued = content.get("view"), dates.days(content.get("last_issued"))
    supplied = _supplied(content.get("supply"))
    if view == "dispense":
        return start[0], _later(start[1], _SUPPLIED if supplied is None else supplied)
    if view != "administration" and by_status(content) < ENDED:
        if supplied is None or word(content, "course") != "acute":
            return start[0], OPEN
        return start[0], _later(max(start[1], issued[1]) if issued else start[1], supplied)
    return start[0], max(start[1], issued[1]) if issued else start[1]


def standing(member: Member) -> int:
    """How early what a record says is shown, 0 first: what is taken, `UNKNOWN`, what is on hold, `ENDED`, `DRAFT`. A dispensing handed over
    and a dose given count as taken."""
    if member.content.get("view") in ("dispense", "administration") and member.content.get("status") == "completed":
        return 0
    return by_status(member.content)


def by_status(content: dict[str, Any]) -> int:
    """The same by the status alone."""
    found = _STANDING.get(content.get("status"))
    return _STANDING.get(word(content, "status"), UNKNOWN) if found is None else found


def in_hand(content: dict[str, Any], on: str) -> bool:
    """Of a course that only dispensings and doses given tell of: whether on that day what was handed over lasts, or a dose was given
    then or on one of the two days before. Where a list, chart or home tells of it too, its status counts."""
    views = content.get("views") or [content]
    if any(view.get("view") in OF_STATUS for view in views):
        return False
    for view in views:
        lasts = span(view) if word(view, "status") == "completed" else None
        if lasts is not None and on <= (lasts[1] if view.get("view") == "dispense" else _later(lasts[1], _GIVEN)):
            return True
    return False


def told(content: dict[str, Any]) -> str:
    """The status in the words of rules: one that no rule knows may be active, and without one what a list or chart holds is current."""
    said = word(content, "status")
    return said if said is not None and said in _STANDING else "active"


def _supplied(supply: Any) -> int | None:
    """Days; None where it is not said, or in no unit of time."""
    number = str(supply.get("value")) if isinstance(supply, dict) else ""
    if not number.isdecimal() or len(number) > _DIGITS:
        return None
    unit = _DAYS.get(str(supply.get("unit") or "day").strip().casefold())
    return None if unit is None else int(number) * unit


@lru_cache(maxsize=1 << 14)
def _later(day: str, days: int) -> str:
    try:
        return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    except (ValueError, OverflowError):
        return day

"""Sides of one fact that stand beside each other: views of a course, what they disagree about, the test that a test repeats. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from mainstem.web import words

VIEWS = {"list": "on the GP list", "order": "ordered", "administration": "given", "dispense": "dispensed", "home": "found in the home"}
_ABOUT = {"dose": "Dose", "strength": "Strength", "release": "Slow release or not", "frequency": "How often",
          "stopped": "Stopped in one place, active in another", "on-hold": "On hold in one place, active in another"}
_UNITS = {"h": "hour", "d": "day"}
FIELDS = frozenset({"views", "discrepancies", "repeat_of", "regimens"})
"""Of a content; shown by what is here (`regimens` by the title) and not among the other fields."""


class View(NamedTuple):
    """What one source says in one of its views."""

    who: str
    status: str
    lines: tuple[str, ...]


class Side(NamedTuple):
    who: str
    says: str


class Discrepancy(NamedTuple):
    about: str
    sides: tuple[Side, ...]


class Repeat(NamedTuple):
    """`fact`: of the result before it."""

    fact: str
    text: str


def views(content: dict[str, Any]) -> tuple[View, ...]:
    """Empty for what only one record says."""
    return tuple(View(_who(one), str(one.get("status") or ""), tuple(_lines(one))) for one in _of(content, "views"))


def discrepancies(content: dict[str, Any]) -> tuple[Discrepancy, ...]:
    return tuple(Discrepancy(_ABOUT.get(str(one.get("about")), str(one.get("about")).capitalize()),
                             tuple(Side(_who(side), _says(side, str(one.get("about")))) for side in _of(one, "sides")))
                 for one in _of(content, "discrepancies"))


def repeat(content: dict[str, Any]) -> Repeat | None:
    said = content.get("repeat_of")
    if not isinstance(said, dict):
        return None
    after, least = (length(str(said.get(name) or "")) for name in ("interval", "minimum"))
    before = words.date(str(said.get("taken") or "an unknown time"))
    text = f"Taken {after} after the one of {before}; the minimum retest interval is {least}. It may well have been right."
    return Repeat(str(said.get("fact") or ""), text)


def length(text: str) -> str:
    """`24 h` -> `24 hours`."""
    count, _, unit = text.partition(" ")
    return f"{count} {_UNITS[unit]}{'' if count == '1' else 's'}" if unit in _UNITS else text


def _of(thing: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    said = thing.get(name)
    return (one for one in said if isinstance(one, dict)) if isinstance(said, list) else iter(())


def _says(side: dict[str, Any], about: str) -> str:
    """Instructions as they were written; a standing with its date in words."""
    said = str(side.get("says") or "nothing")
    return said if about in ("dose", "strength", "release", "frequency") else " ".join(map(words.date, said.split()))


def _lines(view: dict[str, Any]) -> Iterator[str]:
    yield from (str(view[name]) for name in ("product", "taken") if view.get(name))
    if view.get("course"):
        yield f"Course: {view['course']}"
    dates = [f"{word} {words.date(str(view[name]))}" for name, word in (("start", "from"), ("end", "until")) if view.get(name)]
    if dates:
        yield " ".join(dates)


def _who(view: dict[str, Any]) -> str:
    where = VIEWS.get(str(view.get("view")), "")
    return ", ".join(part for part in (str(view.get("source") or "A source"), where) if part)

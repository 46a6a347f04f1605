"""An alert or flag."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.concepts import CODED_FIRST, meaning, plain, show_coded
from mainstem.kinds.dates import days
from mainstem.kinds.facts import Derived, Member, Rule, Terms, by_recency, latest_first
from mainstem.kinds.same import DATE, PROSE, WORDS
from mainstem.kinds.standing import over_elsewhere, told_apart
from mainstem.kinds.statuses import OVER, word
from mainstem.kinds.titles import named

ACTIVE_COUNTS = Rule("flag.active-counts", "one source that holds an alert active is enough: no newer word of another may hide it",
                     "design.md, Safety of absence")
NOTES_UNITED = Rule(
    "flag.notes-united", "what every source that holds it active wrote beside it, calls it and files it under is shown: any may be the "
    "warning itself",
    "design.md, Safety of absence")
_SAYS_NOTHING = {"alert", "flag", "warning", "clinical alert", "patient alert", "clinical warning", "patient safety alert",
                 "high priority alert", "safety alert", "hazard warning"}


Said = Callable[[dict[str, Any]], Sequence[str | None]]


def stands(content: dict[str, Any]) -> bool:
    """Whether who says this holds it active: no status, and a word that says no end, count as such."""
    return word(content, "status") not in OVER


class FlagContent(Content, frozen=True):
    code: Concept = UNSET
    category: Text = UNSET
    status: Text = UNSET
    start: Text = UNSET
    end: Text = UNSET
    note: Text = UNSET


class Flag(Kind):
    name = "flag"
    risk = True
    heading = "Alerts"
    Content = FlagContent
    rules = (CODED_FIRST, ACTIVE_COUNTS, NOTES_UNITED)
    compared = MappingProxyType({"category": WORDS, "start": DATE, "end": DATE, "note": PROSE})

    def title(self, content: dict) -> str:
        return named(content.get("code"), "Alert")

    def key(self, content: dict[str, Any], terms: Terms) -> str | None:
        """What it warns of: by its words where its code names no warning (`Alert`). Words that name none leave it a fact of its own: its
        note is the warning."""
        concept = content.get("code") or {}
        what = meaning(concept, terms)
        if what is not None and not _SAYS_NOTHING.isdisjoint(_names_of_codes(concept, terms)):
            what = meaning({"text": concept.get("text")}, terms)
        return None if what is None or what.removeprefix("words ") in _SAYS_NOTHING else what

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        """Active for one source and over for another is a conflict, and so are two warnings that one source gives one code; what one source
        ended and raised again is active. It is named as who holds it active names it."""
        found = latest_first(members)
        if len(members) == 1:
            return found
        order = by_recency(members)
        active = sorted((index for index in order if stands(members[index].content)),
                        key=lambda index: word(members[index].content, "status") != "active")
        if not active:
            show_coded(found, members, order, "code", terms)
            return found
        for name in ("code", "status", "start"):
            _of_active(found, members, active, name)
        show_coded(found, members, active, "code", terms)
        _end(found, members, active)
        _united(found, members, active, "category", ", ", _categories)
        _united(found, members, active, "note", "\n", _warnings(found, terms))
        two = told_apart((members[index] for index in active), lambda member: plain(_called(member.content, terms) or "") or None)
        return replace(found, conflict=two or over_elsewhere(members))


def _of_active(found: Derived, members: Sequence[Member], active: Sequence[int], name: str) -> None:
    index = next((index for index in active if name in members[index].content), None)
    _leave_out(found, name)
    if index is not None:
        found.content[name], found.decided[name], found.rules[name] = members[index].content[name], (index,), ACTIVE_COUNTS.id


def _leave_out(found: Derived, name: str) -> None:
    if name in found.content:
        del found.content[name], found.decided[name]
        found.rules[name] = ACTIVE_COUNTS.id


def _end(found: Derived, members: Sequence[Member], active: Sequence[int]) -> None:
    """The latest, where every record that holds it active has one: it goes on for whoever gives none."""
    dated = [(days(members[index].content.get("end")), index) for index in active]
    _leave_out(found, "end")
    if all(end is not None for end, _ in dated):
        index = max(dated, key=lambda each: (each[0] or ("", ""))[1])[1]
        found.content["end"], found.decided["end"], found.rules["end"] = members[index].content["end"], (index,), ACTIVE_COUNTS.id


def _united(found: Derived, members: Sequence[Member], active: Sequence[int], name: str, between: str, said: Said) -> None:
    """What those who hold it active say, each once, that of the source which recorded last first."""
    told: dict[str, list[int]] = {}
    for index in active:
        for text in said(members[index].content):
            if text:
                told.setdefault(text, []).append(index)
    if told:
        found.content[name] = between.join(told)
        found.decided[name] = tuple(sorted({index for indexes in told.values() for index in indexes}))
        found.rules[name] = NOTES_UNITED.id


def _categories(content: dict[str, Any]) -> list[str]:
    return [each.strip() for each in (content.get("category") or "").split(",")]


def _warnings(found: Derived, terms: Terms) -> Said:
    """The note; before it the words beside the code, where these are others than those shown."""
    shown = plain(named(found.content.get("code"), ""))

    def said(content: dict[str, Any]) -> list[str | None]:
        called = _called(content, terms)
        return [called if called and plain(called) != shown else None, content.get("note")]

    return said


def _called(content: dict[str, Any], terms: Terms) -> str | None:
    """What it is called beyond what its codes are."""
    concept = content.get("code") or {}
    text = concept.get("text")
    return text if text and plain(text) not in _names_of_codes(concept, terms) else None


def _names_of_codes(concept: dict[str, Any], terms: Terms) -> set[str]:
    codes = concept.get("codes") or ()
    current = terms.current({"codes": codes}) if codes else None
    return {plain(name) for name in (*(code.get("display") for code in codes), terms.name(current) if current else None) if name}

"""An alert or flag."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.concepts import CODED_FIRST, meaning, show_coded
from mainstem.kinds.dates import days
from mainstem.kinds.facts import Derived, Member, Rule, Terms, by_recency, latest_first
from mainstem.kinds.same import DATE, PROSE, WORDS
from mainstem.kinds.statuses import word
from mainstem.kinds.titles import named

ACTIVE_COUNTS = Rule("flag.active-counts", "one source that holds an alert active is enough: no newer word of another may hide it",
                     "design.md, Safety of absence")
NOTES_UNITED = Rule(
    "flag.notes-united", "what every source that holds it active wrote beside it is shown: the note may be the warning itself",
    "design.md, Safety of absence")
_OVER = ("inactive", "resolved", "completed", "ended", "stopped", "cancelled", "entered-in-error")
_SAYS_NOTHING = {"words alert", "words flag", "words warning", "words clinical alert", "words patient alert", "words clinical warning"}


def stands(content: dict[str, Any]) -> bool:
    """Whether who says this holds it active: no status, and a word that says no end, count as such."""
    return word(content, "status") not in _OVER


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
        """What it warns of. Words that name no warning leave it a fact of its own: its note is the warning."""
        what = meaning(content.get("code"), terms)
        return None if what in _SAYS_NOTHING else what

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        """Active for one source and over for another is a conflict; what one source ended and raised again is active."""
        found = latest_first(members)
        if len(members) == 1:
            return found
        order = by_recency(members)
        show_coded(found, members, order, "code", terms)
        active = sorted((index for index in order if stands(members[index].content)),
                        key=lambda index: word(members[index].content, "status") != "active")
        if not active:
            return found
        for name in ("status", "start"):
            _of_active(found, members, active, name)
        _end(found, members, active)
        _notes(found, members, active)
        holding = {members[index].place.subject for index in active}
        return replace(found, conflict=any(member.place.subject not in holding for member in members))


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


def _notes(found: Derived, members: Sequence[Member], active: Sequence[int]) -> None:
    """Each once, in a line of its own, that of the source which recorded last first."""
    notes: dict[str, list[int]] = {}
    for index in active:
        if note := members[index].content.get("note"):
            notes.setdefault(note, []).append(index)
    if notes:
        found.content["note"] = "\n".join(notes)
        found.decided["note"] = tuple(sorted(index for indexes in notes.values() for index in indexes))
        found.rules["note"] = NOTES_UNITED.id

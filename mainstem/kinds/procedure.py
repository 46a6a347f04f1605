"""A procedure done or planned."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from mainstem.kinds import sites
from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.concepts import CODED_FIRST, meaning, show_coded
from mainstem.kinds.dates import days
from mainstem.kinds.facts import Derived, Member, Rule, Terms, by_recency
from mainstem.kinds.identifiers import day, minute
from mainstem.kinds.same import DATE, PERSON, PROSE
from mainstem.kinds.standing import UNSTATED, both, differ, furthest, status
from mainstem.kinds.titles import named

DONE = Rule("procedure.furthest", "what one source holds to be done counts before what another still plans",
            "docs/reconcile.md, Other kinds")
_RANKS = {"completed": 0, "stopped": 1, "aborted": 1, "abandoned": 1, "not-done": 2, "cancelled": 2, "in-progress": 3, "on-hold": 4,
          "suspended": 5, "preparation": 6, "planned": 7}
"""FHIR STU3 and R4, and what systems write."""
_DONE, _BROKEN_OFF, _NOT_DONE = {UNSTATED, "completed"}, {"stopped", "aborted", "abandoned"}, {"not-done", "cancelled"}


class ProcedureContent(Content, frozen=True):
    code: Concept = UNSET
    status: Text = UNSET
    body_site: Concept = UNSET
    performed: Text = UNSET
    performer: Text = UNSET
    outcome: Text = UNSET
    note: Text = UNSET


class Procedure(Kind):
    name = "procedure"
    heading = "Procedures and therapies"
    Content = ProcedureContent
    rules = (CODED_FIRST, DONE)
    gap = 1
    """The key has the day: no two members of one are further apart."""
    compared = MappingProxyType({"performed": DATE, "performer": PERSON, "outcome": PROSE, "note": PROSE})

    def title(self, content: dict) -> str:
        return named(content.get("code"), "Procedure")

    def key(self, content: dict[str, Any], terms: Terms) -> str | None:
        """What, where on the body, and the day: a GP has the day, a hospital the time. Without the day it is a fact of its own."""
        what, on = meaning(content.get("code"), terms), day(content.get("performed"))
        if what is None or on is None:
            return None
        site = content.get("body_site")
        return f"{on} {what} {meaning(site, terms) or named(site, '')}" if site else f"{on} {what}"

    def span(self, content: dict[str, Any], terms: Terms) -> tuple[str, str] | None:
        return days(day(content.get("performed")))

    def parted(self, members: Sequence[Member], terms: Terms) -> Sequence[Sequence[Member]]:
        """What one source patient's own records hold to be done at two times of the day, or on two sides, was done twice, where every
        record tells which it is. One that does not may be of either, and all stay one entry, in conflict."""
        tellers = [member.place.subject for member in members]
        if len(set(tellers)) == len(tellers) or any(status(member) not in _DONE for member in members):
            return [members]
        parts = sites.parted(members, sites.sides)
        return [part for run in parts for part in sites.parted(run, _time)]

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        """Done for one, and not done or broken off for another, is a conflict; and so is done at two times of the day or on two sides: it
        may have been done twice."""
        found = furthest(members, _RANKS, ("status", "outcome"), DONE)
        if len(members) == 1:
            return found
        show_coded(found, members, by_recency(members), "code", terms)
        twice = (differ(minute(member.content.get("performed")) for member in members)
                 or sites.differ({sites.sides(member.content) for member in members}))
        undone = both(members, _NOT_DONE, {*_DONE, *_BROKEN_OFF, "in-progress"}) or both(members, _DONE, _BROKEN_OFF)
        return replace(found, conflict=twice or undone)


def _time(content: dict[str, Any]) -> frozenset[str]:
    at = minute(content.get("performed"))
    return frozenset() if at is None else frozenset({at})

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
from mainstem.kinds.facts import Derived, Member, Rule, Terms, by_recency
from mainstem.kinds.identifiers import day, minute
from mainstem.kinds.same import DATE, PERSON, PROSE
from mainstem.kinds.standing import both, differ, furthest
from mainstem.kinds.titles import named

DONE = Rule("procedure.furthest", "what one source holds to be done counts before what another still plans",
            "docs/reconcile.md, Other kinds")
_RANKS = {"completed": 0, "stopped": 1, "not-done": 2, "in-progress": 3, "on-hold": 4, "suspended": 5, "preparation": 6, "planned": 7}


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

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        """Done for one and not done for another, or done at two times of the day or on two sides, is a conflict: it may have been done
        twice."""
        found = furthest(members, _RANKS, ("status", "outcome"), DONE)
        if len(members) == 1:
            return found
        show_coded(found, members, by_recency(members), "code", terms)
        twice = (differ(minute(member.content.get("performed")) for member in members)
                 or sites.differ({sites.sides(member.content) for member in members}))
        return replace(found, conflict=twice or both(members, "status", ("not-done",), ("completed", "stopped", "in-progress")))

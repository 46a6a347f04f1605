"""A vaccination given, or not given and why."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.concepts import CODED_FIRST, meaning, show_coded
from mainstem.kinds.facts import Derived, Member, Rule, Terms, by_recency
from mainstem.kinds.identifiers import day
from mainstem.kinds.same import DATE, PERSON, PROSE, line
from mainstem.kinds.standing import both, differ, furthest
from mainstem.kinds.titles import named
from mainstem.kinds.vaccines import protects_against

GIVEN = Rule("immunisation.given-counts", "what one source holds to be given was given, whatever another says was declined",
             "docs/reconcile.md, Other kinds")
_RANKS = {"completed": 0, "not-done": 1}


class ImmunisationContent(Content, frozen=True):
    vaccine: Concept = UNSET
    procedure: Concept = UNSET
    status: Text = UNSET
    """`completed`, `not-done`."""
    given: Text = UNSET
    dose_number: Text = UNSET
    batch: Text = UNSET
    manufacturer: Text = UNSET
    site: Concept = UNSET
    route: Concept = UNSET
    reason: Concept = UNSET
    performer: Text = UNSET
    note: Text = UNSET


class Immunisation(Kind):
    name = "immunisation"
    heading = "Immunisations"
    Content = ImmunisationContent
    rules = (CODED_FIRST, GIVEN)
    compared = MappingProxyType({"given": DATE, "manufacturer": PERSON, "performer": PERSON, "note": PROSE})

    def title(self, content: dict) -> str:
        return named(content.get("vaccine") or content.get("procedure"), "Immunisation")

    def key(self, content: dict[str, Any], terms: Terms) -> str | None:
        """What it protects against, and the day. Without the day it is a fact of its own: it may be another dose."""
        on = day(content.get("given"))
        against = protects_against(content, terms) if on else None
        return f"{on} {against}" if against else None

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        """Given for one and declined for another, of two batches, or two vaccines of one source, is a conflict: it may be two doses."""
        found = furthest(members, _RANKS, ("status", "reason"), GIVEN)
        if len(members) == 1:
            return found
        order = by_recency(members)
        show_coded(found, members, order, "procedure", terms)
        show_coded(found, members, order, "vaccine", terms)
        batches = differ(line(batch).upper() if isinstance(batch := member.content.get("batch"), str) else None for member in members)
        return replace(found, conflict=batches or _two(members, terms) or both(members, "status", ("completed",), ("not-done",)))


def _two(members: Sequence[Member], terms: Terms) -> bool:
    """Whether one source patient has two vaccines by name. Two sources may well name one vaccine differently."""
    named_: dict[str, set[str]] = {}
    for member in members:
        if what := meaning(member.content.get("vaccine"), terms):
            named_.setdefault(member.place.subject, set()).add(what)
    return any(len(names) > 1 for names in named_.values())

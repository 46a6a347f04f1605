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
from mainstem.kinds.standing import UNSTATED, both, differ, furthest, told_apart
from mainstem.kinds.statuses import word
from mainstem.kinds.titles import named
from mainstem.kinds.vaccines import denied, product, protects_against

GIVEN = Rule("immunisation.given-counts", "what one source holds to be given was given, whatever another says was declined",
             "docs/reconcile.md, Other kinds")
_NOT_GIVEN = frozenset({"not-done", "not-given", "not-administered", "declined", "refused", "contraindicated", "deferred", "cancelled"})
_GIVEN = frozenset({"completed", "given", "administered"})
_RANKS = dict.fromkeys(_GIVEN, 0) | {UNSTATED: 0} | dict.fromkeys(_NOT_GIVEN, 1)
"""A list of vaccinations that states no status is one of what was given."""


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
        """What it protects against, and the day. Without the day it is a fact of its own: it may be another dose; so is what its words say
        was not given (`Influenza vaccination declined`) where its status does not: no dose is shown by those words, nor they by a dose."""
        on = day(content.get("given"))
        if on and word(content, "status") not in _NOT_GIVEN and denied(content):
            return None
        against = protects_against(content, terms) if on else None
        return f"{on} {against}" if against else None

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        """Given for one and declined for another, or of two batches or vaccines, is a conflict: it may be two doses. So are two numbers of
        doses, or two names of a vaccine, of one source: two sources may well count and name one dose differently; and words that it was not
        given beside a status that it was."""
        found = furthest(members, _RANKS, ("status", "reason"), GIVEN)
        if len(members) == 1:
            contradicted = word(found.content, "status") in _GIVEN and denied(found.content)
            return replace(found, conflict=True) if contradicted else found
        order = by_recency(members)
        show_coded(found, members, order, "procedure", terms)
        show_coded(found, members, order, "vaccine", terms)
        batches = differ(line(batch).upper() if isinstance(batch := member.content.get("batch"), str) else None for member in members)
        two = (batches or differ(product(member.content) for member in members)
               or told_apart(members, lambda member: meaning(member.content.get("vaccine"), terms))
               or told_apart(members, lambda member: member.content.get("dose_number")))
        return replace(found, conflict=two or both(members, {*_GIVEN, UNSTATED}, _NOT_GIVEN))

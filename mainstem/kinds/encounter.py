"""An admission, attendance, consultation or contact."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.dates import days
from mainstem.kinds.facts import Derived, Member, Rule, Terms
from mainstem.kinds.identifiers import alone, identifier, minute
from mainstem.kinds.same import DATE, PERSON, PROSE
from mainstem.kinds.standing import both, furthest
from mainstem.kinds.titles import named

FURTHEST = Rule(
    "encounter.furthest", "of several copies of one encounter the one that is furthest along counts, with its end and outcome: the others "
    "are late; the end of an attendance under the number of the stay it led to does not end that stay", "docs/reconcile.md, Other kinds")
_RANKS = {"finished": 0, "cancelled": 1, "onleave": 2, "in-progress": 3, "triaged": 4, "arrived": 5, "planned": 6}
_IN_HOSPITAL = ("inpatient", "outpatient", "emergency")
_HAPPENED = ("finished", "onleave", "in-progress", "triaged", "arrived")
_OVER = ("finished", "cancelled")


class EncounterContent(Content, frozen=True):
    visit_id: Text = UNSET
    encounter_class: Text = UNSET
    """`inpatient`, `outpatient`, `emergency`, `consultation`, `contact`, `home-visit`."""
    status: Text = UNSET
    type: Concept = UNSET
    reason: Concept = UNSET
    specialty: Text = UNSET
    location: Text = UNSET
    start: Text = UNSET
    end: Text = UNSET
    clinician: Text = UNSET
    outcome: Text = UNSET
    note: Text = UNSET


class Encounter(Kind):
    name = "encounter"
    heading = "Contacts and encounters"
    Content = EncounterContent
    rules = (FURTHEST,)
    gap = 1
    """Visit numbers are one organisation's and come round again."""
    compared = MappingProxyType({"location": PERSON, "start": DATE, "end": DATE, "clinician": PERSON, "outcome": PROSE, "note": PROSE})

    def title(self, content: dict) -> str:
        return named(content.get("type"), "") or str(content.get("encounter_class") or "Encounter").capitalize()

    def key(self, content: dict[str, Any], terms: Terms) -> str | None:
        """The visit number, of what was in no hospital with its class where it is a short one; else, of visits to a hospital, the class and
        the minute in which it began. A practice writes several consultations in one minute."""
        began, class_ = minute(content.get("start")), content.get("encounter_class")
        if visit := identifier(content.get("visit_id")):
            return f"visit {visit}" if alone(visit) or class_ in (None, *_IN_HOSPITAL) else f"visit {visit} {class_}"
        return f"{class_} {began}" if began and class_ in _IN_HOSPITAL else None

    def span(self, content: dict[str, Any], terms: Terms) -> tuple[str, str] | None:
        start, end = days(content.get("start")), days(content.get("end"))
        return (start[0], (end or start)[1]) if start else end

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        """One that happened for one and was cancelled for another is a conflict."""
        found = furthest(members, _RANKS, ("status", "end", "outcome", "encounter_class"), FURTHEST, _in_hospital(members))
        return replace(found, conflict=both(members, "status", ("cancelled",), _HAPPENED))


def _in_hospital(members: Sequence[Member]) -> list[int]:
    """Stays that go on, where nobody says of the stay itself that it is over."""
    contents = [member.content for member in members]
    if any(content.get("encounter_class") in ("inpatient", None) and content.get("status") in _OVER for content in contents):
        return []
    return [index for index, content in enumerate(contents)
            if content.get("encounter_class") == "inpatient" and content.get("status") in (None, *_HAPPENED)]

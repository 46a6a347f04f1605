"""An admission, attendance, consultation or contact."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from mainstem.kinds import sites
from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.dates import days
from mainstem.kinds.facts import Derived, Member, Rule, Terms
from mainstem.kinds.identifiers import alone, identifier, minute
from mainstem.kinds.same import DATE, PERSON, PROSE, line
from mainstem.kinds.standing import UNSTATED, both, furthest, status, told_apart
from mainstem.kinds.titles import named

FURTHEST = Rule(
    "encounter.furthest", "of several copies of one encounter the one that is furthest along counts, with its end and outcome: the others "
    "are late; the end of an attendance under the number of the stay it led to does not end that stay", "docs/reconcile.md, Other kinds")
_RANKS = {"finished": 0, "completed": 0, "discharged": 0, "onleave": 1, "on-leave": 1, "in-progress": 2, "triaged": 3, "arrived": 4,
          "cancelled": 5, "planned": 6}
"""FHIR R4 and R5. Where one holds that somebody is in hospital, another's word that it was cancelled does not hide it."""
_IN_HOSPITAL = ("inpatient", "outpatient", "emergency")
_OVER = frozenset({"finished", "completed", "discharged"})
_HAPPENED = frozenset(_RANKS) - {"cancelled", "planned"}
_GOES_ON = _HAPPENED - _OVER | {UNSTATED}


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

    def parted(self, members: Sequence[Member], terms: Terms) -> Sequence[Sequence[Member]]:
        """What one source patient's own records tell of two clinics in one minute are two visits, where every record names its own."""
        return sites.parted(members, _clinic) if _two(members) else [members]

    def span(self, content: dict[str, Any], terms: Terms) -> tuple[str, str] | None:
        start, end = days(content.get("start")), days(content.get("end"))
        return (start[0], (end or start)[1]) if start else end

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        """One that happened for one and was cancelled for another is a conflict, and so is one at which one source has two clinics."""
        found = furthest(members, _RANKS, ("status", "end", "outcome", "encounter_class"), FURTHEST, _in_hospital(members))
        return replace(found, conflict=both(members, {"cancelled"}, _HAPPENED) or _two(members))


def _two(members: Sequence[Member]) -> bool:
    """Whether one source patient went to two clinics in one minute. A number may be that of a stay in several."""
    return (len(members) > 1 and not identifier(members[0].content.get("visit_id"))
            and told_apart(members, lambda member: _clinic(member.content) or None))


def _clinic(content: dict[str, Any]) -> frozenset[str]:
    clinic = content.get("specialty")
    return frozenset({line(clinic).casefold()}) if isinstance(clinic, str) else frozenset()


def _in_hospital(members: Sequence[Member]) -> list[int]:
    """Stays that go on, where nobody says of the stay itself that it is over."""
    stays = [member.content.get("encounter_class") for member in members]
    if any(stay in ("inpatient", None) and status(member) in _OVER for stay, member in zip(stays, members, strict=True)):
        return []
    return [index for index, stay in enumerate(stays) if stay == "inpatient" and status(members[index]) in _GOES_ON]

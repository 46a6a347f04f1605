"""An admission, attendance, consultation or contact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from mainstem.kinds import sites
from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.dates import days, moments
from mainstem.kinds.facts import Derived, Member, Rule, Terms, latest_first
from mainstem.kinds.identifiers import alone, identifier, minute
from mainstem.kinds.same import DATE, PERSON, PROSE, line
from mainstem.kinds.standing import UNSTATED, both, furthest, status, told_apart
from mainstem.kinds.titles import named

FURTHEST = Rule(
    "encounter.furthest", "of several copies of one encounter the one that is furthest along counts, with its end and outcome: the others "
    "are late; the end of an attendance, or of an episode, under the number of a stay does not end that stay, which began with the first",
    "docs/reconcile.md, Other kinds")
_RANKS = {"finished": 0, "completed": 0, "discharged": 0, "onleave": 1, "on-leave": 1, "in-progress": 2, "triaged": 3, "arrived": 4,
          "cancelled": 5, "planned": 6}
"""FHIR R4 and R5. Where one holds that somebody is in hospital, another's word that it was cancelled does not hide it."""
_STANDING = ("status", "end", "outcome", "encounter_class")
_WHERE = ("specialty", "location", "clinician")
"""Of several episodes of a stay, those of the one that the patient is in, or was in last."""
_IN_HOSPITAL = ("inpatient", "outpatient", "emergency")
_OVER = frozenset({"finished", "completed", "discharged"})
_HAPPENED = frozenset(_RANKS) - {"cancelled", "planned"}
_NO_TIME = datetime.min.replace(tzinfo=UTC)
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
        if len(members) == 1:
            return latest_first(members)
        episodes = _episodes(members)
        found = furthest(members, _RANKS, (*_STANDING, *_WHERE) if episodes else _STANDING, FURTHEST, _in_hospital(members))
        _admitted(found, members, episodes)
        return replace(found, conflict=both(members, {"cancelled"}, _HAPPENED) or _two(members))


def _two(members: Sequence[Member]) -> bool:
    """Whether one source patient went to two clinics in one minute. A number may be that of a stay in several."""
    return (not identifier(members[0].content.get("visit_id"))
            and told_apart(members, lambda member: _clinic(member.content) or None))


def _clinic(content: dict[str, Any]) -> frozenset[str]:
    clinic = content.get("specialty")
    return frozenset({line(clinic).casefold()}) if isinstance(clinic, str) else frozenset()


def _in_hospital(members: Sequence[Member]) -> list[int]:
    """Stays that go on, where nobody says of the stay itself that it is over; else those that are, of several episodes the last one. An
    episode that is over ends no later one of its source patient: another ward, another consultant."""
    classes = [member.content.get("encounter_class") for member in members]
    over: dict[str, list[int]] = {}
    for index, member in enumerate(members):
        if classes[index] in ("inpatient", None) and status(member) in _OVER:
            over.setdefault(member.place.subject, []).append(index)
    last = {subject: max(indexes, key=lambda index: _at(members[index], "end")) for subject, indexes in over.items()}
    going = [index for index, member in enumerate(members) if classes[index] == "inpatient" and status(member) in _GOES_ON
             and not (member.place.subject in last and _at(member, "start") < _at(members[last[member.place.subject]], "end"))]
    ended = last.keys() - {members[index].place.subject for index in going}
    return [last[subject] for subject in ended] if ended else going


def _at(member: Member, field: str) -> datetime:
    """The last moment that it may be; where none is told, before all others."""
    found = moments(member.content.get(field))
    return found[1] if found else _NO_TIME


def _episodes(members: Sequence[Member]) -> list[int]:
    """Of stays that one source patient tells of in several records under one number."""
    told: dict[str, list[int]] = {}
    for index, member in enumerate(members):
        if member.content.get("encounter_class") == "inpatient" and status(member) in _HAPPENED:
            told.setdefault(member.place.subject, []).append(index)
    return [index for indexes in told.values() if len(indexes) > 1 for index in indexes]


def _admitted(found: Derived, members: Sequence[Member], episodes: Sequence[int]) -> None:
    """A stay began with its first episode."""
    begun = [index for index in episodes if _at(members[index], "start") != _NO_TIME]
    first = min(begun, key=lambda index: _at(members[index], "start"), default=None)
    if first is not None and found.decided.get("start") != (first,):
        found.content["start"], found.decided["start"] = members[first].content["start"], (first,)
        found.rules["start"] = FURTHEST.id

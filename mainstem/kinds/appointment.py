"""An appointment."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import MappingProxyType
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.concepts import meaning
from mainstem.kinds.dates import days
from mainstem.kinds.facts import Derived, Member, Rule, Terms
from mainstem.kinds.identifiers import alone, day, identifier, minute
from mainstem.kinds.same import DATE, PERSON, PROSE
from mainstem.kinds.standing import begun_again, both, differ, furthest
from mainstem.kinds.titles import named

FURTHEST = Rule(
    "appointment.furthest", "of several copies of one booking the one that is furthest along counts: kept, missed or cancelled before "
    "booked", "docs/reconcile.md, Other kinds")
_RANKS = {"fulfilled": 0, "noshow": 1, "no-show": 1, "cancelled": 2, "checked-in": 3, "arrived": 4, "booked": 5, "waitlist": 6,
          "pending": 7, "proposed": 8}
_OFF = frozenset({"noshow", "no-show", "cancelled"})
_KEPT = frozenset({"fulfilled", "checked-in", "arrived"})


class AppointmentContent(Content, frozen=True):
    appointment_id: Text = UNSET
    service: Concept = UNSET
    status: Text = UNSET
    start: Text = UNSET
    end: Text = UNSET
    location: Text = UNSET
    clinician: Text = UNSET
    reason: Concept = UNSET
    note: Text = UNSET


class Appointment(Kind):
    name = "appointment"
    heading = "Referrals and appointments"
    Content = AppointmentContent
    rules = (FURTHEST,)
    gap = 366
    """Booking references come round again; a booking that is moved keeps its own, and so does what is booked anew under its referral."""
    compared = MappingProxyType({"start": DATE, "end": DATE, "location": PERSON, "clinician": PERSON, "note": PROSE})

    def title(self, content: dict) -> str:
        return named(content.get("service"), "Appointment")

    def key(self, content: dict[str, Any], terms: Terms) -> str | None:
        """The booking reference, with the service where it is a short one; else the service and the minute."""
        reference = identifier(content.get("appointment_id"))
        if reference and alone(reference):
            return f"booking {reference}"
        service, at = meaning(content.get("service"), terms), minute(content.get("start"))
        if reference:
            return f"booking {reference} {service or ''}"
        return f"{service} {at}" if service and at else None

    def span(self, content: dict[str, Any], terms: Terms) -> tuple[str, str] | None:
        return days(content.get("start"))

    def parted(self, members: Sequence[Member], terms: Terms) -> Sequence[Sequence[Member]]:
        """What one source patient's own records book for several times under one reference are as many appointments: one was missed or
        cancelled, and another one made."""
        told: dict[str, set[str]] = {}
        for member in members:
            if at := _at(member):
                told.setdefault(member.place.subject, set()).add(at)
        times = max((told[subject] for subject in sorted(told)), key=len, default=set[str]())
        if len(times) < 2:
            return [members]
        homes = [_home(member, times) for member in members]
        return [[member for member, home in zip(members, homes, strict=True) if home == at] for at in dict.fromkeys(homes)]

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        """Another day, or kept for one and not for another, is a conflict: then status and time are of one copy. What one source patient
        cancelled in one record and has booked in another, for the same time, is to be."""
        moved = differ(day(member.content.get("start")) for member in members)
        found = furthest(members, _RANKS, ("status", "start", "end") if moved else ("status",), FURTHEST, begun_again(members, _OFF))
        return replace(found, conflict=moved or both(members, _OFF, _KEPT))


def _at(member: Member) -> str | None:
    start = member.content.get("start")
    return minute(start) or day(start)


def _home(member: Member, times: Collection[str]) -> str:
    """The time it stands with: its own; else the only one of its day. A copy that tells another is an appointment of its own."""
    at = _at(member) or ""
    if at in times:
        return at
    of_day = [time for time in times if at and time[:10] == at[:10] and len(at) != len(time)]
    return of_day[0] if len(of_day) == 1 else at

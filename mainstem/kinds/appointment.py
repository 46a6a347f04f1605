"""An appointment."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.concepts import meaning
from mainstem.kinds.dates import days
from mainstem.kinds.facts import Derived, Member, Rule, Terms
from mainstem.kinds.identifiers import day, identifier, minute
from mainstem.kinds.same import DATE, PERSON, PROSE
from mainstem.kinds.standing import both, differ, furthest
from mainstem.kinds.titles import named

FURTHEST = Rule(
    "appointment.furthest", "of several copies of one booking the one that is furthest along counts: kept, missed or cancelled before "
    "booked", "docs/reconcile.md, Other kinds")
_RANKS = {"fulfilled": 0, "noshow": 1, "cancelled": 2, "checked-in": 3, "arrived": 4, "booked": 5, "waitlist": 6, "pending": 7,
          "proposed": 8}
_OFF = ("noshow", "cancelled")
_KEPT = ("fulfilled", "checked-in", "arrived")


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
    """Booking references come round again; a booking that is moved keeps its own."""
    compared = MappingProxyType({"start": DATE, "end": DATE, "location": PERSON, "clinician": PERSON, "note": PROSE})

    def title(self, content: dict) -> str:
        return named(content.get("service"), "Appointment")

    def key(self, content: dict[str, Any], terms: Terms) -> str | None:
        """The booking reference; else the service and the minute."""
        if reference := identifier(content.get("appointment_id")):
            return f"booking {reference}"
        service, at = meaning(content.get("service"), terms), minute(content.get("start"))
        return f"{service} {at}" if service and at else None

    def span(self, content: dict[str, Any], terms: Terms) -> tuple[str, str] | None:
        return days(content.get("start"))

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        """Another day, or kept for one and not for another, is a conflict: then status and time are of one copy."""
        moved = differ(day(member.content.get("start")) for member in members)
        found = furthest(members, _RANKS, ("status", "start", "end") if moved else ("status",), FURTHEST)
        return replace(found, conflict=moved or both(members, "status", _OFF, _KEPT))

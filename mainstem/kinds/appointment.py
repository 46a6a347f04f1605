"""An appointment."""

from __future__ import annotations

from types import MappingProxyType

from msgspec import UNSET

from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.same import DATE, PERSON, PROSE
from mainstem.kinds.titles import named


class AppointmentContent(Content):
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
    compared = MappingProxyType({"start": DATE, "end": DATE, "clinician": PERSON, "note": PROSE})

    def title(self, content: dict) -> str:
        return named(content.get("service"), "Appointment")

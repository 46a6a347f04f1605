"""An appointment."""

from __future__ import annotations

from msgspec import UNSET

from mainstem.kinds.base import Concept, Content, Kind, Text
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

    def title(self, content: dict) -> str:
        return named(content.get("service"), "Appointment")

"""An admission, attendance, consultation or contact."""

from __future__ import annotations

from types import MappingProxyType

from msgspec import UNSET

from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.same import DATE, PERSON, PROSE
from mainstem.kinds.titles import named


class EncounterContent(Content):
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
    compared = MappingProxyType({"start": DATE, "end": DATE, "clinician": PERSON, "outcome": PROSE, "note": PROSE})

    def title(self, content: dict) -> str:
        return named(content.get("type"), "") or str(content.get("encounter_class") or "Encounter").capitalize()

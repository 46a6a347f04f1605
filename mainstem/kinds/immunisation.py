"""A vaccination given, or not given and why."""

from __future__ import annotations

from types import MappingProxyType

from msgspec import UNSET

from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.same import DATE, PERSON, PROSE
from mainstem.kinds.titles import named


class ImmunisationContent(Content):
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
    compared = MappingProxyType({"given": DATE, "performer": PERSON, "note": PROSE})

    def title(self, content: dict) -> str:
        return named(content.get("vaccine") or content.get("procedure"), "Immunisation")

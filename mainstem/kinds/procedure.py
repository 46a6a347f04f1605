"""A procedure done or planned."""

from __future__ import annotations

from types import MappingProxyType

from msgspec import UNSET

from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.same import DATE, PERSON, PROSE
from mainstem.kinds.titles import named


class ProcedureContent(Content):
    code: Concept = UNSET
    status: Text = UNSET
    body_site: Concept = UNSET
    performed: Text = UNSET
    performer: Text = UNSET
    outcome: Text = UNSET
    note: Text = UNSET


class Procedure(Kind):
    name = "procedure"
    heading = "Procedures and therapies"
    Content = ProcedureContent
    compared = MappingProxyType({"performed": DATE, "performer": PERSON, "outcome": PROSE, "note": PROSE})

    def title(self, content: dict) -> str:
        return named(content.get("code"), "Procedure")

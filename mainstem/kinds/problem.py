"""A condition, diagnosis or problem."""

from __future__ import annotations

from msgspec import UNSET

from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.titles import named


class ProblemContent(Content):
    code: Concept = UNSET
    category: Text = UNSET
    status: Text = UNSET
    """`active`, `inactive`, `resolved`."""
    verification: Text = UNSET
    significance: Text = UNSET
    """`major`, `minor`."""
    severity: Text = UNSET
    body_site: Concept = UNSET
    onset: Text = UNSET
    abatement: Text = UNSET
    recorded: Text = UNSET
    note: Text = UNSET


class Problem(Kind):
    name = "problem"
    heading = "Problem list"
    Content = ProblemContent

    def title(self, content: dict) -> str:
        return named(content.get("code"), "Problem")

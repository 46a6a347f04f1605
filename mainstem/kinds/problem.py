"""A condition, diagnosis or problem."""

from __future__ import annotations

from types import MappingProxyType

from msgspec import UNSET, UnsetType

from mainstem.kinds.base import Concept, Content, Kind, Text
from mainstem.kinds.same import DATE, PARTS, PROSE
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
    related: tuple[str, ...] | UnsetType | None = UNSET
    """Ids of what the source links to the problem (`ReferralRequest/1`), sorted: referrals, medicines, findings, other problems."""
    note: Text = UNSET


class Problem(Kind):
    name = "problem"
    heading = "Problem list"
    Content = ProblemContent
    compared = MappingProxyType({"onset": DATE, "abatement": DATE, "recorded": DATE, "related": PARTS, "note": PROSE})

    def title(self, content: dict) -> str:
        return named(content.get("code"), "Problem")

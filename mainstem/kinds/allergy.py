"""An allergy or intolerance, or a statement that none is known."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from mainstem.kinds.base import Coded, Concept, Content, Kind, Text
from mainstem.kinds.facts import Terms
from mainstem.kinds.titles import named


class Reaction(Content):
    manifestation: Coded | None = None
    severity: str | None = None


class AllergyContent(Content):
    agent: Concept = UNSET
    """As coded: a substance, a product, a finding (`Allergy to penicillin`), or `No known allergies`."""
    category: Text = UNSET
    clinical_status: Text = UNSET
    """`active`, `inactive`, `resolved`."""
    verification: Text = UNSET
    """`confirmed`, `unconfirmed`, `refuted`."""
    criticality: Text = UNSET
    reactions: tuple[Reaction, ...] | UnsetType | None = UNSET
    onset: Text = UNSET
    recorded: Text = UNSET
    last_occurrence: Text = UNSET
    note: Text = UNSET


class Allergy(Kind):
    name = "allergy"
    heading = "Allergies and adverse reactions"
    Content = AllergyContent

    def title(self, content: dict) -> str:
        return named(content.get("agent"), "Allergy")

    def key(self, content: dict[str, Any], terms: Terms) -> str | None:
        """The causative agent; an agent that the terminology cannot tell stays a fact of its own, and is shown."""
        agent = content.get("agent")
        return terms.agent(agent) if isinstance(agent, dict) else None

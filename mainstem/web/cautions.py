"""Cautions of a heading: rules about several entries together that a reader must not miss. Each has an id, a text and a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mainstem.terminology import builtin
from mainstem.web.record import Item

NONE_KNOWN = frozenset({"716186003", "409137002"})
"""SNOMED CT: no known allergy; no known drug allergy."""
DEGRADED = frozenset({"196461000000101", "196471000000108"})
"""SNOMED CT (UK): transfer-degraded drug, and non-drug, allergy."""


@dataclass(frozen=True, slots=True)
class Caution:
    rule: str
    text: str


def of(items: Sequence[Item]) -> list[Caution]:
    return [found for rule in _RULES for found in rule(items)]


def says_none_known(item: Item) -> bool:
    return _none_known(item) is not None


def _none_known_beside_active(items: Sequence[Item]) -> Iterator[Caution]:
    """Safety of absence (design.md, promise 4): an active allergy is never hidden by "no known allergies"."""
    allergies = [item for item in items if item.kind == "allergy"]
    denied = [item for item in allergies if _none_known(item) in NONE_KNOWN]
    named = [item for item in allergies if not says_none_known(item) and _stands(item)]
    if denied and named:
        who = ", ".join(sorted({source for item in denied for source in item.sources}))
        yield Caution(
            "allergy.none-known-beside-active",
            f"{who} says no allergies are known, but allergies are recorded. Rely on the allergies listed here.",
        )


def _transfer_degraded(items: Sequence[Item]) -> Iterator[Caution]:
    """GP2GP transfer-degraded allergies: prescribing has to stop until a person has read the original text."""
    if any(_agents(item) & DEGRADED for item in items if item.kind == "allergy"):
        yield Caution(
            "allergy.transfer-degraded",
            "An allergy lost its meaning when the record moved between GP systems. Do not prescribe "
            "until you have read its original text and recorded the allergy again.",
        )


def _none_known(item: Item) -> str | None:
    """The code of what it says is not known: any allergy, or one of drugs, of food; None where it is no such statement."""
    agent: Any = item.content.get("agent") or {}
    return builtin().none_known(agent) if item.kind == "allergy" else None


def _stands(item: Item) -> bool:
    return item.content.get("clinical_status") not in {"inactive", "resolved"} and item.content.get("verification") != "refuted"


def _agents(item: Item) -> set[str]:
    agent: Any = item.content.get("agent") or {}
    return {code.get("code", "") for code in agent.get("codes") or ()}


_RULES: tuple[Callable[[Sequence[Item]], Iterator[Caution]], ...] = (_none_known_beside_active, _transfer_degraded)

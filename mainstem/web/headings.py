"""The headings a record is read by: PRSB Core Information Standard order, ours after them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from mainstem import kinds

_ORDER = (
    "Demographics",
    "About me",
    "Alerts",
    "Allergies and adverse reactions",
    "Medications and medical devices",
    "Problem list",
    "Investigation results",
    "Procedures and therapies",
    "Care and support plans",
    "Legal information",
    "Safeguarding",
    "Immunisations",
    "Observations",
    "Contacts and encounters",
    "Referrals and appointments",
    "Documents",
)
"""PRSB Core Information Standard; what is no heading of it (from Immunisations on) stands after what is."""


@dataclass(frozen=True, slots=True)
class Heading:
    """`kinds` is empty where the standard has a heading that no kind of Mainstem's fills yet."""

    title: str
    slug: str
    kinds: tuple[str, ...]


@cache
def headings() -> tuple[Heading, ...]:
    """A kind with a heading of its own that is not in the order above comes last."""
    filled: dict[str, list[str]] = {title: [] for title in _ORDER}
    for kind in kinds.ALL:
        if kind.heading:
            filled.setdefault(kind.heading, []).append(kind.name)
    return tuple(Heading(title, slug(title), tuple(names)) for title, names in filled.items())


def slug(title: str) -> str:
    return re.sub(r"[^a-z]+", "-", title.lower()).strip("-")

"""Allergies and medicines of one record that could not be held against each other, because no code and no name tells what they are.

Read off the current entries by the terminology in force, as relations are; pure, nothing of it is stored, and it is never news.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mainstem import reactions
from mainstem.admissions import Stated
from mainstem.kinds import agents, allergy
from mainstem.kinds.facts import Rule, Terms
from mainstem.relations import taken

NOT_CHECKED: Rule = Rule(
    "allergy.not-checked", "no code and no name tells the terminology in force what a standing allergy is to, or what is in a medicine "
    "that is taken, while there is something to hold it against: silence about it tells nothing", "design.md, Safety of absence")
_NO_DRUGS = frozenset({"food", "environment"})
"""FHIR R4, allergy-intolerance-category."""


def unchecked(entries: Sequence[Stated], terms: Terms, on: str = "") -> tuple[str, ...]:
    """Of the current entries of one person, in any order; sorted. `on`: the day, as for relations.

    Allergies only where a medicine is taken, and medicines only where an allergy that may be to a drug stands, or a problem or an alert
    tells of one. Of an entry of which a part is told (`penicillin and plasters`) the rest is not named."""
    medicines = taken(entries, on)
    if not medicines:
        return ()
    allergies = [entry for entry in entries if entry.kind == "allergy" and _may_be_to_a_drug(entry.content, terms)]
    untold = [entry.fact for entry in allergies if not agents.asked(entry.content, terms)]
    unknown = [entry.fact for entry in medicines if not _told(entry.content.get("product"), terms)]
    if unknown and (allergies or any(reactions.causes(entry, terms) for entry in entries)):
        untold += unknown
    return tuple(sorted(untold))


def _told(product: Any, terms: Terms) -> bool:
    return isinstance(product, dict) and bool(terms.agents(product))


def _may_be_to_a_drug(content: dict[str, Any], terms: Terms) -> bool:
    """Also where it does not say what kind it is of; not where it says that none is known."""
    kinds = allergy.categories(content)
    return allergy.stands(content) and agents.none_known(content, terms) is None and not (kinds and kinds <= _NO_DRUGS)

"""What a problem or an alert says an allergy or adverse reaction to: many stand on a problem list or among the alerts of a hospital, and
on no allergy list. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mainstem.admissions import Stated
from mainstem.kinds import flag, problem
from mainstem.kinds.facts import Terms
from mainstem.kinds.names import PARTS

KINDS = frozenset({"problem", "flag"})
_REACTION = r"(?:allerg(?:y|ies)\b|allergic (?:to\b|reaction)|intoleran|sensitiv|hypersensitiv|anaphyla|adverse (?:drug )?reaction)"
"""Hay fever (`Allergic rhinitis due to pollen`) is a disease, and nobody looks for it among the allergies."""
_REACTS = re.compile(_REACTION, re.IGNORECASE)
_DENIES = re.compile(rf"\b(?:no|not|nil|never|denies|denied|without)(?:\s+\w+){{0,3}}\s+{_REACTION}|\b(?:excluded|ruled out|unlikely|"
                     r"de-?labell?ed|family history|fh)\b", re.IGNORECASE)
"""Also of somebody else."""
_LEAD = re.compile(r"^\s*(?:(?:known|severe|serious|previous|documented|reported|history of|drug|alert|warning|"
                   r"query|possible|probable|suspected)\s+)+", re.IGNORECASE)


def causes(entry: Stated, terms: Terms) -> tuple[dict[str, Any], ...]:
    """What a terminology is to be asked for to tell what it warns of; empty where it is over, tells of no reaction, or denies one.

    Its code, where that tells an agent; else each part of its words that is exactly a name. A finding that names an agent and is no
    reaction (a poisoning, an infection) tells nothing here."""
    concept = entry.content.get("code")
    if entry.kind not in KINDS or not isinstance(concept, dict) or not _goes_on(entry):
        return ()
    said = list(_words(concept, entry.content.get("note") if entry.kind == "flag" else None, terms))
    if not any(map(_REACTS.search, said)) or any(map(_DENIES.search, said)):
        return ()
    if terms.agents(concept):
        return (concept,)
    parts = dict.fromkeys(_LEAD.sub("", part) for text in said for part in PARTS.split(text))
    return tuple(one for one in ({"text": part} for part in parts) if terms.agents(one))


def _words(concept: dict[str, Any], note: Any, terms: Terms) -> Iterator[str]:
    """`note`: of an alert it may be the warning itself."""
    displays = (coding.get("display") for coding in concept.get("codes") or () if isinstance(coding, dict))
    current = terms.current(concept)
    for text in (concept.get("text"), note, *displays, terms.name(current) if current else None):
        if isinstance(text, str):
            yield text


def _goes_on(entry: Stated) -> bool:
    return flag.stands(entry.content) if entry.kind == "flag" else problem.stands(entry.content)

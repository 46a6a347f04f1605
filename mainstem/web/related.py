"""Relations between the entries of a record, in words for each of the two. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mainstem import kinds
from mainstem.relations import ACROSS, HOLDS, NEAR, PRODUCT, TAKEN, WARNED, WITHIN, Relation
from mainstem.web.record import Item

_WORDS = {WITHIN.id: ("Of the class of", "Its class holds"), HOLDS.id: ("Holds the agent of", "An ingredient of"),
          TAKEN.id: ("Taken despite the allergy", "Medicine taken despite it"),
          ACROSS.id: ("Taken despite an allergy to another of its class", "Medicine of its class taken despite it"),
          NEAR.id: ("Taken despite an allergy to what it is related to", "Medicine related to it taken despite it"),
          WARNED.id: ("Taken despite a warning", "Medicine taken despite it"),
          PRODUCT.id: ("A product of", "A product of it")}
"""At the entry that is one of what the other is of, and at the other."""


class Related(NamedTuple):
    """What is said at an entry of another one."""

    said: str
    fact: str
    title: str
    rule: str
    by: str
    """By which code, which terminology tells it, and which side was found in that by its name alone."""


def at_entries(found: Iterable[Relation], record: Sequence[Item]) -> Mapping[str, tuple[Related, ...]]:
    """Fact -> its relations, in both directions."""
    titles = titles_of(found := tuple(found), record)
    told: dict[str, list[Related]] = {}
    for one in found:
        (at, back), by = _WORDS[one.rule.id], f"by code {one.code}, terminology {one.release}"
        here, there = by_name(this=one.fact_by_name, other=one.other_by_name), by_name(this=one.other_by_name, other=one.fact_by_name)
        told.setdefault(one.fact, []).append(Related(at, one.other, titles[one.other], one.rule.id, by + here))
        told.setdefault(one.other, []).append(Related(back, one.fact, titles[one.fact], one.rule.id, by + there))
    return {fact: tuple(related) for fact, related in told.items()}


def by_name(*, this: bool, other: bool) -> str:
    """What is said at one of two entries where the code shown is the terminology's own, and no source's that it knows."""
    if not (this or other):
        return ""
    if this and other:
        return "; both entries were found by their names, since they are shown without a code known there"
    return f"; {'this' if this else 'the other'} entry was found by its name, since it is shown without a code known there"


def titles_of(found: Iterable[Relation], record: Sequence[Item]) -> dict[str, str]:
    """Of the entries that are related."""
    named = {fact for one in found for fact in (one.fact, one.other)}
    return {item.fact: kinds.BY_NAME[item.kind].title(item.content) for item in record if item.fact in named}

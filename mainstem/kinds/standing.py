"""Copies of one event in several feeds: which of them is furthest along, and what they say otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mainstem.kinds.facts import Derived, Member, Rule, by_recency, latest_first


def furthest(members: Sequence[Member], ranks: Mapping[str, int], together: Sequence[str], rule: Rule) -> Derived:
    """Each field from the member recorded last that values it, but for those in `together`: these from the member whose status ranks
    least in `ranks`, then the one recorded last. A status that is not ranked stands last."""
    found = latest_first(members)
    if len(members) == 1:
        return found
    order = sorted(by_recency(members), key=lambda index: ranks.get(members[index].content.get("status", ""), len(ranks)))
    for name in together:
        index = next((index for index in order if name in members[index].content), None)
        if index is not None:
            found.content[name], found.decided[name], found.rules[name] = members[index].content[name], (index,), rule.id
    return found


def differ(values: Iterable[Any]) -> bool:
    """Whether those that are said, are not all the same."""
    return len({value for value in values if value is not None}) > 1


def both(members: Sequence[Member], field: str, one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether some member says one of the first, and some one of the second."""
    said = {value for member in members if isinstance(value := member.content.get(field), str)}
    return not said.isdisjoint(one) and not said.isdisjoint(other)

"""Copies of one event in several feeds: which of them is furthest along, and what they say otherwise."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from mainstem.kinds.facts import Derived, Member, Rule, by_recency, latest_first


def furthest(members: Sequence[Member], ranks: Mapping[str, int], together: Sequence[str], rule: Rule,
             leading: Collection[int] = ()) -> Derived:
    """Each field from the member recorded last that values it, but for those in `together`: these from the members whose status ranks
    least in `ranks` or that state none, of these the one recorded last. A status that is not ranked stands last. No end, outcome or
    reason is taken from a member of another status: what one still plans does not end what goes on. `leading`: members
    that come before the others, whatever their rank."""
    found = latest_first(members)
    if len(members) == 1:
        return found
    order = sorted(by_recency(members),
                   key=lambda index: (index not in leading, ranks.get(members[index].content.get("status", ""), len(ranks))))
    status = next((said for index in order if (said := members[index].content.get("status")) is not None), None)
    agreeing = [index for index in order if members[index].content.get("status") in (status, None)]
    for name in together:
        index = next((index for index in agreeing if name in members[index].content), None)
        if name in found.content:
            del found.content[name], found.decided[name]
            found.rules[name] = rule.id
        if index is not None:
            found.content[name], found.decided[name] = members[index].content[name], (index,)
    return found


def differ(values: Iterable[Any]) -> bool:
    """Whether those that are said, are not all the same."""
    return len({value for value in values if value is not None}) > 1


def both(members: Sequence[Member], field: str, one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether some member says one of the first, and some one of the second."""
    said = {value for member in members if isinstance(value := member.content.get(field), str)}
    return not said.isdisjoint(one) and not said.isdisjoint(other)

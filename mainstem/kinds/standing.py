"""Copies of one event in several feeds: which of them is furthest along, and what they say otherwise."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any

from mainstem.kinds.facts import Derived, Member, Rule, by_recency, latest_first
from mainstem.kinds.statuses import OVER, word

UNSTATED = ""
"""In place of a status, where a member states none."""


def status(member: Member) -> str:
    return word(member.content, "status") or UNSTATED


def furthest(members: Sequence[Member], ranks: Mapping[str, int], together: Sequence[str], rule: Rule,
             leading: Collection[int] = ()) -> Derived:
    """Each field from the member recorded last that values it, but for those in `together`: these from the members whose status ranks
    least in `ranks` or that state none, of these the one recorded last. A status that is not ranked stands last; so does none, unless it
    is ranked (`UNSTATED`). No end, outcome or reason is taken from a member of another standing: what one still plans does not end what
    goes on. `leading`: members that come before the others, whatever their rank."""
    found = latest_first(members)
    if len(members) == 1:
        return found
    said = [status(member) for member in members]
    order = sorted(by_recency(members), key=lambda index: (index not in leading, ranks.get(said[index], len(ranks))))
    first = said[order[0]]
    if first == UNSTATED and UNSTATED not in ranks and not leading:
        first = next((said[index] for index in order if said[index]), UNSTATED)
    agreeing = [index for index in order if said[index] in (first, UNSTATED) or ranks.get(said[index], -1) == ranks.get(first)]
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


def both(members: Iterable[Member], one: Collection[str], other: Collection[str]) -> bool:
    """Whether some member's status is of the first, and some one's of the second."""
    said = {status(member) for member in members}
    return not said.isdisjoint(one) and not said.isdisjoint(other)


def told_apart(members: Iterable[Member], what: Callable[[Member], Hashable | None]) -> bool:
    """Whether the records of one source patient differ in what they say: two sources may well spell one thing differently."""
    told: dict[str, set[Hashable]] = {}
    for member in members:
        if (said := what(member)) is not None:
            told.setdefault(member.place.subject, set()).add(said)
    return any(len(each) > 1 for each in told.values())


def begun_again(members: Sequence[Member], over: Collection[str] = OVER) -> list[int]:
    """What stands in one record of a source patient that ended it in another: it goes on."""
    ended = {member.place.subject for member in members if status(member) in over}
    return [index for index, member in enumerate(members) if member.place.subject in ended and status(member) not in over]


def over_elsewhere(members: Sequence[Member], over: Collection[str] = OVER) -> bool:
    """Whether it is over for one source patient and not for another. What one ended and began again goes on."""
    holding = {member.place.subject for member in members if status(member) not in over}
    return bool(holding) and any(member.place.subject not in holding for member in members)

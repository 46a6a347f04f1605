"""Which members of one key are one fact: those whose dates run on, by single linkage over sorted days.

The members' spans are walked by their first day; one that begins no more than `Kind.gap` days after everything before it has ended
belongs to it. Undated members tell no cluster from another: they join one that stands alone; beside several, or none, they
are together a fact of their own, so that nothing said is shown as part of a course that it may not belong to.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from mainstem.kinds import Kind
from mainstem.kinds.facts import Member, Terms


def clusters(members: Sequence[Member], kind: Kind, terms: Terms) -> list[list[Member]]:
    """The members of a key, parted; at least one. Members keep their order within each."""
    if kind.gap is None or len(members) == 1:
        return [list(members)]
    dated: list[tuple[int, int, int]] = []
    undated: list[int] = []
    for index, member in enumerate(members):
        days = _days(kind.span(member.content, terms))
        if days is None:
            undated.append(index)
        else:
            dated.append((*days, index))
    found: list[list[int]] = []
    end = 0
    for first, last, index in sorted(dated):
        if found and first - end <= kind.gap:
            found[-1].append(index)
            end = max(end, last)
        else:
            found.append([index])
            end = last
    if undated:
        if len(found) == 1:
            found[0] += undated
        else:
            found.append(undated)
    return [[members[index] for index in sorted(cluster)] for cluster in found]


def _days(span: tuple[str, str] | None) -> tuple[int, int] | None:
    """First and last day as numbers. A span that is none (no such day) is undated; one given backwards is turned round."""
    if span is None:
        return None
    try:
        first, last = (date.fromisoformat(day).toordinal() for day in span)
    except ValueError:
        return None
    return (first, last) if first <= last else (last, first)

"""Which members of one key are one fact: those whose dates run on, by single linkage over sorted days.

The members' spans are walked by their first day; one that begins no more than `Kind.gap` days after everything before it has ended
belongs to it. Undated members tell no cluster from another: they join one that stands alone; beside several, or none, they
are together a fact of their own, so that nothing said is shown as part of a course that it may not belong to. A kind may part them
further (`Kind.parted`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from mainstem.kinds import Kind
from mainstem.kinds.facts import Member, Terms
from processors.reconcile import guard

UNDATED = (-1, -1)
"""In place of a first and last day."""
SERIES = 64
"""Members of a key that its kind may part further. At most `crowd.LIMIT`: of a crowded key nobody looks at every member."""


def clusters(members: Sequence[Member], kind: Kind, terms: Terms) -> list[list[Member]]:
    """The members of a key, parted; at least one. Members keep their order within each."""
    if kind.gap is None or len(members) == 1:
        return [list(members)]
    spans = [span_of(member, kind, terms) for member in members]
    found = [[members[index] for index in sorted(run)] for run in runs(spans, kind.gap)]
    if type(kind).parted is Kind.parted or len(members) > SERIES:
        return found
    return [list(part) for run in found for part in _parted(run, kind, terms)]


def span_of(member: Member, kind: Kind, terms: Terms) -> tuple[int, int]:
    """First and last day that a member of a kind with a `gap` speaks of, as numbers."""
    return days(guard.spared(kind.span, member.content, terms, otherwise=None)) or UNDATED


def _parted(run: list[Member], kind: Kind, terms: Terms) -> Sequence[Sequence[Member]]:
    whole: Sequence[Sequence[Member]] = [run]
    return guard.spared(kind.parted, run, terms, otherwise=whole)


def runs(spans: Sequence[tuple[int, int]], gap: int | None, *, join: bool = True) -> list[list[int]]:
    """Indexes of the spans that run on, run by run; those that are `UNDATED` as above, or always by themselves where `join` is false."""
    found: list[list[int]] = []
    end = 0
    for first, last, index in sorted([(*span, index) for index, span in enumerate(spans) if span[0] >= 0]):
        if found and first - end <= (gap or 0):
            found[-1].append(index)
            end = max(end, last)
        else:
            found.append([index])
            end = last
    undated = [index for index, span in enumerate(spans) if span[0] < 0]
    if undated and join and len(found) == 1:
        found[0] += undated
    elif undated:
        found.append(undated)
    return found


@lru_cache(maxsize=1 << 14)
def days(span: tuple[str, str] | None) -> tuple[int, int] | None:
    """First and last day as numbers. A span that is none (no such day) is undated; one given backwards is turned round."""
    if span is None:
        return None
    try:
        first, last = (date.fromisoformat(day).toordinal() for day in span)
    except ValueError:
        return None
    return (first, last) if first <= last else (last, first)

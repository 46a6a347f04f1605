"""Which of a part's versions is shown: the first of those at the end that say the same.

A source that sends the same again in other words is no news, and what is shown must be a function of the set of versions, whatever
came first. So the versions are walked in the source's own order, from the least: one that says the same as the one shown so far
changes nothing, another takes its place. Always the one shown is compared, never its neighbour, so that a text cannot change bit by
bit unseen. The latest version still counts for everything else: whether the record is absent, when the source was last heard.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from mainstem import kinds
from mainstem.kinds.same import DATE, same
from mainstem.model import Known, Status
from processors.reconcile import guard
from processors.reconcile.resolve import MANIFEST, fields

_T = TypeVar("_T")


def shown(versions: Iterable[tuple[_T, Known]]) -> tuple[_T, Known]:
    """Of all versions of a part, the least first, each with what it is told by."""
    said = iter(versions)
    found = next(said)
    for each in said:
        if not says_the_same(found[1], each[1]):
            found = each
    return found


def says_the_same(before: Known, after: Known) -> bool:
    """Whether a version says what an earlier one said: of the same kind and status, under the same labels, recorded at the same time."""
    one, other = before.assertion, after.assertion
    if (one.kind, one.status) != (other.kind, other.status) or not DATE(one.recorded, other.recorded):
        return False
    if one.labels != other.labels and set(one.labels) != set(other.labels):
        return False
    if one.content == other.content:
        return True
    kind = kinds.BY_NAME.get(one.kind)
    if kind is None or one.kind == MANIFEST or one.status is not Status.ASSERTED:
        return False
    return guard.spared(same, kind, fields(one), fields(other), otherwise=False)

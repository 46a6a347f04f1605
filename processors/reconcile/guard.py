"""What a rule that fails on a content comes to: it is shown as it stands, and marked. Rules are ours and contents are anybody's, so that a
fault of the one must not let the other stop the stream (design.md, promise 9).

What a rule gives depends on the content alone, and so does whether it fails: the same wherever it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from msgspec.structs import replace

from mainstem.kinds import Kind
from mainstem.kinds.facts import OF_FACT, RULE_FAULT, Derived, Member, Terms, latest_first

FAULTS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a rule raises on a content that it did not foresee. Not what an operating system raises that has no memory, or no file."""
_T = TypeVar("_T")


def spared(rule: Callable[..., _T], *given: Any, otherwise: _T) -> _T:
    """What the rule gives, `otherwise` where it fails."""
    try:
        return rule(*given)
    except FAULTS:
        return otherwise


def fails(rule: Callable[..., Any], *given: Any) -> bool:
    try:
        rule(*given)
    except FAULTS:
        return True
    return False


def derived(kind: Kind, ordered: Sequence[Member], terms: Terms) -> Derived:
    """Of several members of which a rule cannot make one fact, both sides are shown: a conflict."""
    try:
        return kind.derive(ordered, terms)
    except FAULTS:
        found = latest_first(ordered)
        return replace(found, rules=found.rules | {OF_FACT: RULE_FAULT.id}, conflict=len(ordered) > 1)

"""The terminology that a past record is worked out with: the one in force then, or one in its place that is named. Pure but for opening.

Who was who is never worked out by another matching model than the one then in force: the record might be of somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from mainstem.kinds.facts import Terms
from mainstem.model import Release
from mainstem.shelf import ReleaseError, shown
from mainstem.terminology.releases import Activation, in_force

TERMINOLOGY = "terminology"
Opened = Callable[[Release | None], Terms]
"""The terminology of a control record. Raises ReleaseError where it is not at hand."""


class Missing(NamedTuple):
    """The terminology that was in force, and cannot be read here."""

    release: str
    """`name@digest`."""
    why: str
    """And what an operator does about it."""


def terms_at(activations: Sequence[Activation], at: int, opened: Opened) -> tuple[Terms, Missing | None]:
    """With what is missing, the one that had been in force before it and is at hand; the one that ships with Mainstem is always."""
    release = release_at(activations, at)
    try:
        return opened(release), None
    except ReleaseError as fault:
        if release is None:
            raise
        for other in _before(activations, at):
            try:
                return opened(other), Missing(shown(release), str(fault))
            except ReleaseError:
                continue
        raise


def release_at(activations: Sequence[Activation], at: int) -> Release | None:
    """The terminology in force; None: the one that ships with Mainstem."""
    return in_force(activations, TERMINOLOGY, at)


def _before(activations: Sequence[Activation], at: int) -> Iterator[Release | None]:
    """What had been in force until then, the latest first; at last the one that ships, which counted before there was any."""
    for known in sorted({one.known for one in activations if one.known <= at}, reverse=True):
        yield in_force(activations, TERMINOLOGY, known)
    yield None

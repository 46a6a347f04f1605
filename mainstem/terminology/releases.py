"""Which release is in force at a known time: a pure function of the control records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mainstem.model import Release


class Activation(NamedTuple):
    """A control record with its place in the log."""

    known: int
    """Append time, milliseconds since the Unix epoch."""
    offset: int
    release: Release


def in_force(activations: Iterable[Activation], what: str, at: int) -> Release | None:
    """The release of `what` activated last at or before `at`; None: none yet, so the built-in one counts.

    Of copies of one activation the one known first counts, as everywhere; of two known at the same time the later offset."""
    first: dict[str, Activation] = {}
    for activation in activations:
        if activation.release.what == what:
            found = first.get(activation.release.activation)
            if found is None or (activation.known, activation.offset) < (found.known, found.offset):
                first[activation.release.activation] = activation
    due = [activation for activation in first.values() if activation.known <= at]
    return max(due, key=lambda a: (a.known, a.offset)).release if due else None

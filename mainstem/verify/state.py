"""What the reconcile stage's state says is published, folded from its committed changelog."""

from __future__ import annotations

from processors.lane.reader import changelog_state
from processors.reconcile.layout import published
from schemas import topics


def entries(bootstrap: str) -> dict[tuple[str, str], str]:
    """(person, fact) -> content digest, of current entries."""
    found: dict[tuple[str, str], str] = {}
    for state in changelog_state(bootstrap, topics.RECONCILE_CHANGELOG).values():
        for person, fact, digest in published(state.items()):
            found[person, fact] = digest
    return found

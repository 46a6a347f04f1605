"""What the reconcile stage's state says is published, folded from its committed changelog."""

from __future__ import annotations

from processors.lane.reader import changelog_state
from processors.reconcile.layout import published
from schemas import topics


def entries(bootstrap: str) -> list[tuple[str, str, int, str]]:
    """Person, fact, version and content digest of current entries."""
    states = changelog_state(bootstrap, topics.RECONCILE_CHANGELOG).values()
    return [entry for state in states for entry in published(state.items())]

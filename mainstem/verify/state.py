"""What the reconcile stage's state says is published, folded from its committed changelog."""

from __future__ import annotations

from processors.keys import unpack
from processors.lane.reader import changelog_state
from processors.reconcile.layout import decode_published
from schemas import topics


def entries(bootstrap: str) -> list[tuple[str, str, int, str]]:
    """Person, fact, version and content digest of current entries."""
    found: list[tuple[str, str, int, str]] = []
    for state in changelog_state(bootstrap, topics.RECONCILE_CHANGELOG).values():
        for key, value in state.items():
            if key[:1] == b"f" and (row := decode_published(value)).current:
                person, fact = unpack(key[1:])
                found.append((person, fact, row.version, row.content.hex()))
    return found

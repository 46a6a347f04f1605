"""Words of value sets (statuses, verifications) as rules read them. What is shown stays as the source wrote it."""

from __future__ import annotations

from typing import Any

DENIED = frozenset({"refuted", "entered-in-error"})
"""Verifications that say it is not so."""
OVER = frozenset({
    "inactive", "not-active", "no-longer-active", "resolved", "completed", "ended", "finished", "stopped", "discontinued", "cancelled",
    "revoked", "rescinded", "withdrawn", "removed", "closed", "expired", "lapsed", "superseded", "entered-in-error",
})
"""What says that something which goes on (an alert, a plan) does so no more. Any other word, also one that no standard has, does not."""


def word(content: dict[str, Any], field: str) -> str | None:
    """However it is capitalised and spaced: `Entered in error` is `entered-in-error`. None where nothing is said."""
    value = content.get(field)
    return "-".join(value.casefold().split()) or None if isinstance(value, str) else None

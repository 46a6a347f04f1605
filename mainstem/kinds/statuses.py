"""Words of value sets (statuses, verifications) as rules read them. What is shown stays as the source wrote it."""

from __future__ import annotations

from typing import Any

DENIED = frozenset({"refuted", "entered-in-error"})
"""Verifications that say it is not so."""


def word(content: dict[str, Any], field: str) -> str | None:
    """However it is capitalised and spaced: `Entered in error` is `entered-in-error`. None where nothing is said."""
    value = content.get(field)
    return "-".join(value.casefold().split()) or None if isinstance(value, str) else None

"""What of an entry's envelope is a function of the set of assertions, as its content is: labels, conflict, who stands behind it.

Versions, known times, releases and raw positions are not, and are not compared: only change is news (design.md, promise 7), so that
provenance may name an earlier assertion that says the same. Neither are `fields` and `lost` of provenance: which of two that agree decided
a field may change without news. That every field shown names somebody is a check of its own (`published`).
"""

from __future__ import annotations

from typing import NamedTuple

from mainstem import canonical
from mainstem.model import Entry
from sinks.cache.record import CachedEntry


class Envelope(NamedTuple):
    """Differences name its fields as they stand here."""

    conflict: bool
    labels: tuple[str, ...]
    sources: tuple[str, ...]
    assertions: int
    """How many stand behind it."""
    provenance: bytes | None
    """Digest of which those are. None where a crowded entry names only some of them (`Entry.unnamed`)."""


def of(entry: Entry | CachedEntry) -> Envelope:
    named = sorted((each.source, each.patient, each.record, each.part) for each in entry.provenance)
    return Envelope(entry.conflict, entry.labels, entry.sources, len(named) + entry.unnamed,
                    None if entry.unnamed else canonical.digest(canonical.encode(named)))


def differing(expected: Envelope, found: Envelope) -> list[str]:
    """Names of the fields that differ."""
    return [name for name, one, other in zip(Envelope._fields, expected, found, strict=True)
            if one != other and not (name == "provenance" and None in (one, other))]

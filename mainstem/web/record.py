"""A record as the live cache holds it, decoded: what the pages and `mainstem record` show."""

from __future__ import annotations

from typing import Any

from mainstem import canonical
from sinks.cache.record import EntryOf, RecordOf


class Item(EntryOf[dict[str, Any], Any], frozen=True, kw_only=True):
    """One entry, its content decoded."""


class Record(RecordOf[Item], frozen=True, kw_only=True):
    """All that is shown of one person."""

    settled: bool = True
    """False for the moment in which entries have arrived and the record's head has not, or the other way round."""

    @property
    def current(self) -> list[Item]:
        return [item for item in self.entries if item.status == "current"]


def nothing(person: str) -> Record:
    """For the audit: a person of whom nothing clinical is held is looked at too."""
    return Record(person=person, digest=canonical.record_digest(0), sequence=0, known=0)

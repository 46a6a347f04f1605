"""The search store: tantivy, embedded. One process writes, any number read."""

from sinks.search.reader import EntryHit, PersonHit, SearchReader
from sinks.search.store import SearchStore

__all__ = ["EntryHit", "PersonHit", "SearchReader", "SearchStore"]

"""The search store: tantivy in the home, or an OpenSearch cluster; one reader for both."""

from sinks.search.embedded import SearchStore
from sinks.search.reader import EntryHit, PersonHit, SearchReader

__all__ = ["EntryHit", "PersonHit", "SearchReader", "SearchStore"]

"""The search store on one machine: a tantivy index in the home. One process writes, any number read."""

from sinks.search.embedded.engine import EmbeddedEngine
from sinks.search.embedded.store import SearchStore

__all__ = ["EmbeddedEngine", "SearchStore"]

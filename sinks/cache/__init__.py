"""The live cache: the latest record by NHS number, in Redis."""

from sinks.cache.reader import CacheReader
from sinks.cache.record import RecordView
from sinks.cache.store import CacheStore

__all__ = ["CacheReader", "CacheStore", "RecordView"]

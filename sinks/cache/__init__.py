"""The live cache: the latest record by NHS number, in one Redis or in a Redis Cluster."""

from sinks.cache import servers
from sinks.cache.cluster import ClusterStore
from sinks.cache.reader import CacheReader
from sinks.cache.record import RecordView
from sinks.cache.store import CacheStore

__all__ = ["CacheReader", "CacheStore", "ClusterStore", "RecordView", "cache_store"]


def cache_store(url: str) -> CacheStore | ClusterStore:
    """`redis://host:port/0` is one Redis, `redis+cluster://host:port,host:port` a cluster, named by some of its nodes."""
    return ClusterStore(url) if servers.clustered(url) else CacheStore(url)

"""The search store at scale: an OpenSearch cluster, chosen by `MAINSTEM_SEARCH_URL`. One process writes, any number read."""

from sinks.search.cluster.engine import ClusterEngine
from sinks.search.cluster.store import ClusterStore

__all__ = ["ClusterEngine", "ClusterStore"]

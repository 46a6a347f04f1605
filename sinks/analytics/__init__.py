"""The analytics store: ClickHouse, embedded (chDB) or a server, pseudonymised, with read-only SQL on loopback."""

from sinks.analytics.client import QueryClient
from sinks.analytics.server import serving
from sinks.analytics.store import AnalyticsStore

__all__ = ["AnalyticsStore", "QueryClient", "serving"]

"""Asking the store in SQL: checked, read-only, limited in time, rows and memory, each query on a connection of its own."""

from __future__ import annotations

import re
import threading
from functools import cached_property

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from sinks.analytics import guard, tables
from sinks.analytics.errors import QueryFailedError
from sinks.analytics.store import AnalyticsStore
from sinks.settings import SinkSettings

_AT_ONCE = 2
_NAMES = "SELECT lower(name) FROM system.functions UNION DISTINCT SELECT lower(name) FROM system.data_type_families"
_ADVICE = {
    396: "; add LIMIT, or count and group",
    159: "; ask for less at a time",
    241: "; ask for less at a time",
    60: "; see SHOW TABLES",
    47: "; see DESCRIBE <table>",
}
"""By ClickHouse's error code: too many rows, time out, memory limit, unknown table, unknown column."""
_TRAILER = re.compile(r"\s*\(version [^)]*\)|\(official build\)|^.*?DB::Exception: (default: |Code: \d+\. DB::Exception: )*", re.DOTALL)


class Asking:
    """Safe between threads."""

    def __init__(self, store: AnalyticsStore, settings: SinkSettings) -> None:
        self._store = store
        self._gate = threading.Semaphore(_AT_ONCE)
        # Last: once read-only, a connection takes no more settings.
        self._settings = {"max_execution_time": settings.query_seconds, "max_result_rows": settings.query_rows,
                          "result_overflow_mode": "throw", "max_memory_usage": settings.query_memory, "readonly": 1}

    def ask(self, sql: str, form: str) -> bytes:
        """The answer in a ClickHouse format (`JSON`, `CSVWithNames`). Raises RefusedQueryError, QueryFailedError."""
        statement = guard.check(sql, self._callable)
        with self._gate:
            client = self._connect()
            try:
                return client.raw_query(statement, fmt=form)
            except ClickHouseError as fault:
                raise self._failed(fault) from None
            finally:
                # chDB 4.4 gave the next query on a connection the answer of the one that had timed out: none is used twice.
                client.close()

    @cached_property
    def _callable(self) -> frozenset[str]:
        client = self._store.connect()
        try:
            return frozenset(row[0] for row in client.query(_NAMES).result_rows)
        finally:
            client.close()

    def _connect(self) -> Client:
        client = self._store.connect()
        client.database = tables.PUBLIC
        for name, value in self._settings.items():
            client.set_client_setting(name, value)
        return client

    def _failed(self, fault: ClickHouseError) -> QueryFailedError:
        code = getattr(fault, "code", None)
        text = _TRAILER.sub("", str(fault)).strip().splitlines()[0][:500]
        return QueryFailedError(code, text + _ADVICE.get(code or 0, ""))

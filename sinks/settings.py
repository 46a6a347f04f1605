"""Settings of the sinks, from the environment (`MAINSTEM_*`)."""

from __future__ import annotations

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class SinkSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MAINSTEM_", extra="ignore")

    analytics_url: SecretStr | None = None
    """A ClickHouse server, `http://user:password@host:8123`; without it chDB runs inside the analytics sink."""
    query_seconds: int = 10
    """Longest a query may run."""
    query_rows: int = 10_000
    """Most rows a query may return."""
    query_memory: int = 1_000_000_000
    """Most bytes of memory a query may take."""

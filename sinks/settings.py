"""Settings of the sinks, from the environment (`MAINSTEM_*`)."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class SinkSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MAINSTEM_", extra="ignore")

    analytics_url: SecretStr | None = None
    """A ClickHouse server, `http://user:password@host:8123`; without it chDB runs inside the analytics sink."""
    search_url: SecretStr | None = None
    """An OpenSearch cluster, `https://user:password@host:9200`; without it a tantivy index lies in the home."""
    search_index: str = "mainstem-search"
    """How its indices begin: another for each Mainstem of one cluster."""
    search_shards: int = Field(1, ge=1)
    """Pieces that the index is made in, with the next `--rebuild`: one for each 30 GB or so."""
    search_replicas: int = Field(1, ge=0)
    """Copies of each piece beside the first."""
    opt_out_checked_only: bool = False
    """Secondary use sees only those of whom a check for national data opt-outs has said that none stands (docs/optout.md)."""
    query_seconds: int = 10
    """Longest a query may run."""
    query_rows: int = 10_000
    """Most rows a query may return."""
    query_memory: int = 1_000_000_000
    """Most bytes of memory a query may take."""

"""Settings of observation, from the environment (`MAINSTEM_*`)."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from mainstem.observe.logs import Format


class ObserveSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MAINSTEM_", extra="ignore")

    metrics_dir: Path | None = None
    """Where each process writes the address of its /metrics, as a Prometheus `file_sd` file; without it there is no /metrics."""
    metrics_port: int = Field(0, ge=0, le=65535)
    """Of /metrics on 127.0.0.1; 0 lets the system choose."""
    log_format: Format = Format.CONSOLE
    otlp_endpoint: str | None = None
    """OTLP over HTTP, `http://127.0.0.1:4318`; without it nothing is traced."""
    trace_one_in: int = Field(1000, ge=1)
    """One of so many raw messages is followed from capture to the stores."""

"""Settings of every process, from the environment (`MAINSTEM_*`); servers come from `deploy.stack` unless set here."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """`home` holds everything a run writes: the stack's data, state, stores, logs."""

    model_config = SettingsConfigDict(env_prefix="MAINSTEM_", extra="ignore")

    home: Path = ROOT / ".mainstem"
    person_key: SecretStr = SecretStr("mainstem-local-development-key")
    """Keys person ids and pseudonyms. The default is for synthetic data on one machine; set it for anything else."""
    web_port: int = 8460
    query_port: int = 8461
    history_seconds: float = 300
    """Longest that the command line reads for a past moment."""

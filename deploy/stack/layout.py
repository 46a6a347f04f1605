"""Where a stack keeps things, and what the environment may set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

CHECKOUT = Path(__file__).resolve().parents[2]


class StackSettings(BaseSettings):
    """From `MAINSTEM_*`. A port left unset is chosen free, and then kept for that home."""

    model_config = SettingsConfigDict(env_prefix="MAINSTEM_", extra="ignore")

    home: Path = CHECKOUT / ".mainstem"
    cache: Path = CHECKOUT / ".mainstem" / "cache"
    """Java parts, fetched once; may be shared by homes and users."""

    kafka_port: int | None = Field(None, ge=1, le=65535)
    kafka_controller_port: int | None = Field(None, ge=1, le=65535)
    connect_port: int | None = Field(None, ge=1, le=65535)
    registry_port: int | None = Field(None, ge=1, le=65535)
    registry_management_port: int | None = Field(None, ge=1, le=65535)
    postgres_port: int | None = Field(None, ge=1, le=65535)
    redis_port: int | None = Field(None, ge=1, le=65535)

    redis_url: SecretStr | None = None
    """The live cache elsewhere than in the stack's own Redis: `redis://...`, or `redis+cluster://[user:password@]host:port,host:port`."""

    kafka_behind_proxy_port: int | None = Field(None, ge=1, le=65535)
    kafka_proxy_port: int | None = Field(None, ge=1, le=65535)
    """With both set, the broker listens on the first as well, and tells who comes that way to go on at the second: how `mainstem chaos`
    cuts and slows connections."""

    kafka_heap_mb: int = Field(512, ge=128)
    connect_heap_mb: int = Field(512, ge=128)
    registry_heap_mb: int = Field(384, ge=128)

    postgres_account: str = "postgres"
    """Whom PostgreSQL runs as when we are root, since it refuses root."""

    def demanded_port(self, port_name: str) -> int | None:
        return getattr(self, f"{port_name.replace('-', '_')}_port")


@dataclass(frozen=True, slots=True)
class Layout:
    """The directories of one home. The stack's own part is `<home>/stack`."""

    home: Path

    @property
    def root(self) -> Path:
        return self.home / "stack"

    @property
    def state(self) -> Path:
        return self.root / "state.json"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def password(self) -> Path:
        """Of the PostgreSQL superuser `mainstem`, generated; readable by the owner alone."""
        return self.root / "postgres.password"

    def data(self, service: str) -> Path:
        return self.root / "data" / service

    def config(self, service: str) -> Path:
        return self.root / "config" / service

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    def log(self, service: str) -> Path:
        return self.logs / f"{service}.log"

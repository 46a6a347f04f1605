"""Settings of the web application, from the environment (`MAINSTEM_WEB_*`)."""

from __future__ import annotations

from pydantic_settings import BaseSettings, SettingsConfigDict


class WebSettings(BaseSettings):
    """Who is looking, and what for. A real deployment sets `actor_header` to what its sign-in proxy sends (NHS CIS2 user id)."""

    model_config = SettingsConfigDict(env_prefix="MAINSTEM_WEB_", extra="ignore")

    actor: str = "web"
    """The actor of every view where `actor_header` is not set: right for one person on one machine, for nothing else."""
    actor_header: str | None = None
    """Request header that carries the signed-in user. Where set, a request without it is refused."""
    purpose: str = "direct care"
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    """Host headers answered; others are refused, so that a page elsewhere cannot reach in by rebinding a name to loopback."""
    minutes: int = 15
    """How far back the stream page looks."""
    history_seconds: float = 20
    """Longest that reading a past moment may take."""

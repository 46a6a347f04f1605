"""What a provider of servers promises to the fixtures of `tests/conftest.py`."""

from __future__ import annotations

from typing import Protocol

from deploy.stack import Endpoints


class Provider(Protocol):
    """Servers for one test session, started when first asked for."""

    def need(self, *services: str) -> Endpoints:
        """Endpoints of at least these services (names as in `deploy.stack.SERVICES`), all ready."""
        ...

    def close(self) -> None:
        """Stop everything that was started."""
        ...


class ProviderUnavailableError(Exception):
    """The chosen provider cannot work on this machine; the message says what to do."""

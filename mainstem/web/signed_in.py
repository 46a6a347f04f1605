"""Who looks is known before anything is read: of every address but those that tell nothing of patients."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

_OPEN = frozenset({"/healthz", "/accessibility"})
_OPEN_BELOW = "/static/"


class SignedIn:
    """Before routing, so that an address added tomorrow is behind it too."""

    def __init__(self, app: ASGIApp, actor: Callable[[Request], str]) -> None:
        """`actor`: raises UnknownActorError."""
        self._app, self._actor = app, actor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in _OPEN and not scope["path"].startswith(_OPEN_BELOW):
            self._actor(Request(scope))
        await self._app(scope, receive, send)

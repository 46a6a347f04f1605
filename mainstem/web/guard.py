"""The outermost layer of the application: who may ask, what headers leave, what is logged, what happens on a fault.

Nothing that identifies a patient is logged: no path, no query, no body, no exception text; only the page's name, status and time.
"""

from __future__ import annotations

import logging
import time
import traceback

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger(__name__)

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex, nofollow",
}


class Guard:
    """Wraps the whole application, which answers its own faults with a page and raises them again to be logged here."""

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...]) -> None:
        self.app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            refusal = self._refused(scope)
            await (refusal or self.app)(scope, receive, guarded)
        except Exception as fault:  # the last place where it can be caught without its text being logged
            _log.error("%s in %s: %s", type(fault).__name__, _page(scope), where(fault))
        finally:
            _log.info("%s %s %d %.0f ms", scope["method"], _page(scope), status, (time.perf_counter() - began) * 1000)

    def _refused(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        if name not in self._hosts:
            return Response("Mainstem answers on this machine only, by the address it was started with.\n", 421, media_type="text/plain")
        if scope["method"] not in {"GET", "HEAD"} and not _own(headers, host):
            return Response("Searches and decisions are taken from Mainstem's own pages only.\n", 403, media_type="text/plain")
        return None


def _own(headers: Headers, host: str) -> bool:
    """Whether a form comes from our own pages, by what browsers say of it. Another port of this machine is another site too."""
    origin = headers.get("origin")
    return headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"} and (
        origin is None or origin.partition("://")[2] == host)


def _page(scope: Scope) -> str:
    endpoint = scope.get("endpoint")
    return getattr(endpoint, "__name__", type(endpoint).__name__) if endpoint else "no page"


def where(fault: BaseException) -> str:
    """Files and lines, without the texts, which may quote what was asked for."""
    return " < ".join(
        f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in reversed(traceback.extract_tb(fault.__traceback__)[-6:])
    )

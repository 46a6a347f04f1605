"""Pages that read the log have threads of their own: however many are asked for at once, a record waits for none of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response

from mainstem.web.errors import StoreUnavailableError

_AT_ONCE = _WAITING = 8


class LogReaders:
    """Those of one application."""

    def __init__(self) -> None:
        self._limiter = CapacityLimiter(_AT_ONCE)
        self._asked = 0
        """Reading or waiting: counted before anything is awaited, as the limiter does not."""

    def __call__(self, view: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
        """The same page, on one of these threads. Raises StoreUnavailableError where as many wait already as can be served in some time."""

        @wraps(view)
        async def answer(request: Request) -> Response:
            if self._asked >= _AT_ONCE + _WAITING:
                raise StoreUnavailableError("log of what was said", "too many are reading it")
            self._asked += 1
            try:
                return await to_thread.run_sync(view, request, limiter=self._limiter)
            finally:
                self._asked -= 1

        return answer

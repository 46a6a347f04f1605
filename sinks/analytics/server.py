"""Read-only SQL on loopback, served by the process that holds the store. Who can read `home/run/query.json` may ask."""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sinks.analytics.asking import Asking
from sinks.analytics.errors import QueryFailedError, RefusedQueryError
from sinks.analytics.store import AnalyticsStore
from sinks.errors import StoreUnavailableError
from sinks.settings import SinkSettings

CONTENTS = "contents"
"""Use of the token that verify shows: derived from the person key, since contents name persons."""
_FORMS = {"json": ("JSON", "application/json"), "csv": ("CSVWithNames", "text/csv; charset=utf-8")}
_STATUS: dict[type[Exception], int] = {RefusedQueryError: 400, QueryFailedError: 422, StoreUnavailableError: 503}
_MOST = 100_000


class Query(msgspec.Struct, forbid_unknown_fields=True):
    sql: str
    format: str = "json"


class Address(msgspec.Struct, frozen=True):
    """Where the store is asked, in `home/run/query.json`."""

    url: str
    token: str
    pid: int


def address_file(home: Path) -> Path:
    return home / "run" / "query.json"


def build(store: AnalyticsStore, settings: SinkSettings, token: str) -> Starlette:
    asking = Asking(store, settings)

    def allow(request: Request, wanted: str) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            raise HTTPException(401, "show the token of home/run/query.json as `Authorization: Bearer TOKEN`")

    def query(body: bytes) -> Response:
        try:
            asked = msgspec.json.decode(body, type=Query)
        except msgspec.MsgspecError as fault:
            raise HTTPException(400, f'send {{"sql": "SELECT ...", "format": "json" or "csv"}}: {fault}') from None
        if asked.format not in _FORMS:
            raise HTTPException(400, f"format is one of {', '.join(_FORMS)}")
        form, media = _FORMS[asked.format]
        return Response(asking.ask(asked.sql, form), media_type=media)

    async def ask(request: Request) -> Response:
        allow(request, token)
        body = await request.body()
        if len(body) > _MOST:
            raise HTTPException(413, f"a query is at most {_MOST:,} bytes")
        return await run_in_threadpool(query, body)

    def contents(request: Request) -> Response:
        allow(request, store.pseudonyms.token(CONTENTS))
        lines = (msgspec.json.encode(held) + b"\n" for held in store.contents())
        return StreamingResponse(lines, media_type="application/x-ndjson")

    def health(_request: Request) -> Response:
        return JSONResponse({"ok": True, "purpose": store.purpose.value})

    def failed(_request: Request, fault: Exception) -> Response:
        return JSONResponse({"error": str(fault)}, _STATUS[type(fault)])

    def refused(_request: Request, fault: Exception) -> Response:
        assert isinstance(fault, HTTPException)
        return JSONResponse({"error": fault.detail}, fault.status_code)

    return Starlette(
        routes=[Route("/query", ask, methods=["POST"]), Route("/contents", contents), Route("/health", health)],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
        exception_handlers={HTTPException: refused, **dict.fromkeys(_STATUS, failed)},
    )


@contextlib.contextmanager
def serving(store: AnalyticsStore, home: Path, port: int, settings: SinkSettings) -> Iterator[str]:
    """Serve from a thread; the address lies in `home/run/query.json` meanwhile. Another free port is taken where `port` is in use."""
    listener = _listen(port)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    token = secrets.token_hex(16)
    config = uvicorn.Config(build(store, settings, token), access_log=False, server_header=False, log_config=None, lifespan="off",
                            timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="query-server", daemon=True)
    thread.start()
    path = address_file(home)
    _write(path, Address(url, token, os.getpid()))
    try:
        yield url
    finally:
        path.unlink(missing_ok=True)
        server.should_exit = True
        thread.join(5)


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.bind(("127.0.0.1", 0))
    return listener


def _write(path: Path, address: Address) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{address.pid}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(msgspec.to_builtins(address), out)
    fresh.replace(path)

"""The application put together: routes, templates, error pages, the guard around it all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from mainstem.adjudication.errors import LogUnavailableError
from mainstem.web import explained, words
from mainstem.web.adjudication import AdjudicationViews
from mainstem.web.errors import AuditUnavailableError, StoreUnavailableError, UnknownActorError
from mainstem.web.glance import glance
from mainstem.web.guard import Guard
from mainstem.web.numbers import spaced
from mainstem.web.people import PeopleViews
from mainstem.web.settings import WebSettings
from mainstem.web.shown import show
from mainstem.web.signed_in import SignedIn
from mainstem.web.sources import Sources
from mainstem.web.threads import LogReaders
from mainstem.web.views import Views

_HERE = Path(__file__).parent


def build(sources: Sources, settings: WebSettings) -> Guard:
    """The whole application over these sources."""
    views = Views(sources, settings, _templates())
    adjudication = AdjudicationViews(sources, views.render, views.actor)
    people = PeopleViews(sources, views.render, views.actor)
    of_log = LogReaders()
    routes = [
        Route("/", views.home),
        Route("/search", views.search, methods=["POST"]),
        Route("/search/{key}", views.results),
        Route("/people/{person}", views.person),
        Route("/people/{person}/record.json", views.person_json),
        Route("/people/{person}/then", of_log(views.then)),
        Route("/people/{person}/then.json", of_log(views.then_json)),
        Route("/people/{person}/changes", of_log(views.changes)),
        Route("/people/{person}/{heading}", views.heading),
        Route("/stream", views.stream),
        Route("/stream/figures", views.figures),
        Route("/quarantine", views.quarantine),
        Route("/identity", of_log(adjudication.tasks)),
        Route("/identity/tasks/{task}", of_log(adjudication.task)),
        Route("/identity/tasks/{task}", adjudication.decide, methods=["POST"]),
        Route("/identity/people", people.find),
        Route("/identity/people", people.found, methods=["POST"]),
        Route("/identity/people/{person}", of_log(people.person)),
        Route("/identity/people/{person}/history", of_log(people.history)),
        Route("/identity/pairs", people.compare, methods=["POST"]),
        Route("/identity/pairs/{pair}", of_log(people.pair)),
        Route("/identity/pairs/{pair}", people.decide, methods=["POST"]),
        Route("/identity/pairs/{pair}/radius", of_log(people.radius)),
        Route("/identity/decisions", of_log(adjudication.decisions)),
        Route("/identity/decisions/{decision}", of_log(adjudication.decision)),
        Route("/identity/decisions/{decision}/undo", adjudication.undo, methods=["POST"]),
        Route("/identity/decisions/{decision}/radius", of_log(adjudication.radius)),
        Route("/accessibility", views.accessibility),
        Route("/healthz", views.healthz),
        Mount("/static", StaticFiles(directory=_HERE / "static"), name="static"),
    ]

    def refused(request: Request, fault: Exception) -> Response:
        return views.sorry(request, 503, "Sorry, this cannot be shown right now", str(fault))

    def unknown_actor(request: Request, fault: Exception) -> Response:
        return views.sorry(request, 401, "You need to sign in", str(fault))

    def http(request: Request, fault: Exception) -> Response:
        status = fault.status_code if isinstance(fault, HTTPException) else 500
        return views.sorry(request, status, *_HTTP.get(status, ("This cannot be done", "The address does not take this kind of request.")))

    def unexpected(request: Request, _fault: Exception) -> Response:
        return views.sorry(
            request,
            500,
            "Sorry, there is a problem with Mainstem",
            "Nothing was changed. Try again; if it stays, tell your "
            "platform team the time and the page: the log of the web process says where it went wrong.",
        )

    app = Starlette(
        routes=routes,
        # Starlette's own answering of faults is within all middleware: what SignedIn raises needs one around it.
        middleware=[Middleware(ExceptionMiddleware, handlers={UnknownActorError: unknown_actor}), Middleware(SignedIn, views.actor)],
        exception_handlers={
            AuditUnavailableError: refused,
            StoreUnavailableError: refused,
            LogUnavailableError: refused,
            HTTPException: http,
            Exception: unexpected,
        },
    )
    return Guard(app, settings.hosts)


_HTTP = {
    404: (
        "Page not found",
        "If you typed the address, check it. If you followed a link to a record, the person's record may have moved when "
        "organisations corrected who they are: search for them again.",
    ),
    410: ("This is settled", "Somebody has decided this review task, or what organisations have sent since has settled it."),
    413: ("That is too long", "Search for a name, an NHS number or a few words; give a reason in a few sentences."),
    405: ("This cannot be done here", "The address does not take this kind of request. Start from the search page."),
}


def _templates() -> jinja2.Environment:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(moment=words.moment, date=words.date, seconds=words.seconds, spaced=spaced)
    env.filters.update(explained=explained.explain, voices=explained.voices, rules_of=explained.rules_of, alone=explained.alone,
                       labelled=explained.labelled, unnamed=explained.unnamed)
    env.filters.update(glance=glance, put=_put, label=words.label, shown=show)
    return env


def _put(value: Any, field: str) -> list[str]:
    """Lines of a field that may not be there."""
    return [] if value is None else words.value(value, field)

"""What each address answers. Every view of a record is written to the audit before it leaves."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

import jinja2
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from mainstem.adjudication.errors import UnknownError
from mainstem.history import MomentError, parse
from mainstem.operations import View
from mainstem.web import health, numbers
from mainstem.web.changes import changes
from mainstem.web.claimed import NOBODY, Claimed, claimed
from mainstem.web.errors import NotNHSNumberError, UnknownActorError
from mainstem.web.forms import form
from mainstem.web.gaps import gaps
from mainstem.web.headings import headings
from mainstem.web.page import PER_PAGE, as_json, banner, organisations, page, section
from mainstem.web.past import PastPage, as_data, as_record, moments, past_page
from mainstem.web.plot import plots
from mainstem.web.record import Record, nothing
from mainstem.web.searches import Searches
from mainstem.web.settings import WebSettings
from mainstem.web.sources import Hit, Sources
from mainstem.web.withheld import of_today
from mainstem.web.words import day

_RESULTS = 25
_LONGEST_TERM = 200
_FORM_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?")
"""What `<input type="datetime-local">` sends."""


class Views:
    """Handlers are plain functions where they read stores: Starlette then runs them in threads."""

    def __init__(self, sources: Sources, settings: WebSettings, templates: jinja2.Environment) -> None:
        self._sources, self._settings, self._templates = sources, settings, templates
        self._searches = Searches()

    def home(self, request: Request) -> Response:
        return self.render(request, "home.html")

    async def search(self, request: Request) -> Response:
        """Posted, kept under a random key, and answered by a redirect: the term is in no address."""
        term = (await form(request)).get("q", "")[:_LONGEST_TERM].strip()
        if not term:
            return self.render(request, "home.html", status=400, fault="Enter a name, an NHS number or words to search for")
        return RedirectResponse(f"/search/{self._searches.keep(term)}", 303)

    def results(self, request: Request) -> Response:
        term = self._searches.term(request.path_params["key"])
        if term is None:
            return self.render(request, "home.html", status=410, fault="That search is no longer kept. Search again")
        if numbers.looks_like_number(term):
            return self._by_number(request, term)
        return self._found(request, term, self._claimed(term) if numbers.looks_like_source_patient(term) else NOBODY)

    def person(self, request: Request) -> Response:
        record = self._viewed(request)
        shown = page(record, self._sources, _now())
        return self.render(request, "record.html", page=shown, actor=self.actor(request), moments=moments(record, _now()))

    def person_json(self, request: Request) -> Response:
        shown = page(self._viewed(request), self._sources, _now())
        return Response(as_json(shown), media_type="application/json")

    def heading(self, request: Request) -> Response:
        """All entries of one heading, page by page: what the record's page has no room for."""
        chosen = next((one for one in headings() if one.slug == request.path_params["heading"] and one.kinds), None)
        if chosen is None:
            raise HTTPException(404)
        asked = request.query_params.get("page", "1")
        number = max(1, int(asked)) if asked.isdecimal() and len(asked) < 6 else 1
        record, now = self._viewed(request), _now()
        shown = section(record, chosen, (number - 1) * PER_PAGE, PER_PAGE, self._sources.terms(), day(now))
        return self.render(
            request,
            "heading.html",
            record=record,
            banner=banner(record),
            gaps=gaps(record, self._sources, now),
            section=shown,
            number=number,
            pages=max(1, -(-shown.total // PER_PAGE)),
        )

    def then(self, request: Request) -> Response:
        """The record as it was known at a moment."""
        try:
            page = self._then(request, View.AS_KNOWN, self._moment(request, "at"))[0]
        except MomentError as fault:
            return self._no_moment(request, fault)
        known = moments(self._today(request) or page.record, _now(), page.stops)
        return self.render(request, "then.html", page=page, actor=self.actor(request), moments=known)

    def then_json(self, request: Request) -> Response:
        try:
            page = self._then(request, View.AS_KNOWN, self._moment(request, "at"))[0]
        except MomentError as fault:
            return JSONResponse({"error": str(fault)}, 400)
        return JSONResponse(as_data(page))

    def changes(self, request: Request) -> Response:
        """What is different between two moments."""
        try:
            before, after = self._then(request, View.COMPARED, self._moment(request, "from"), self._moment(request, "to"))
        except MomentError as fault:
            return self._no_moment(request, fault)
        found = changes(before.record, after.record)
        return self.render(request, "changes.html", before=before, after=after, changes=found)

    def stream(self, request: Request) -> Response:
        return self.render(request, "stream.html", **self._figures())

    def figures(self, request: Request) -> Response:
        return self.render(request, "figures.html", **self._figures())

    def quarantine(self, request: Request) -> Response:
        held = self._sources.quarantine
        return self.render(request, "quarantine.html", quarantine=held, latest=held.latest(200))

    def accessibility(self, request: Request) -> Response:
        return self.render(request, "accessibility.html")

    def healthz(self, request: Request) -> Response:
        checks = health.checks(self._sources)
        well = all(check.well for check in checks)
        reasons = [f"{check.name}: {check.detail}" for check in checks if not check.well]
        told = {"status": "well" if well else "unwell", "reasons": reasons, "checks": {check.name: check.detail for check in checks}}
        return JSONResponse(told, 200 if well else 503)

    def sorry(self, request: Request, status: int, title: str, text: str) -> Response:
        return self.render(request, "sorry.html", status=status, title=title, text=text)

    def _by_number(self, request: Request, term: str) -> Response:
        try:
            number = numbers.parse(term)
        except NotNHSNumberError as fault:
            return self.render(request, "home.html", status=400, fault=str(fault))
        records = self._sources.records.by_number(number)
        if not records:
            return self._found(request, number, self._claimed(number))  # some source may hold it unverified, or give it without a record
        if len(records) > 1:
            return self._listed(request, term, [(Hit(record.person), record) for record in records], shared=True)
        self._sources.audit.viewed(self.actor(request), View.LISTED, records)  # the address tells whose number it is
        return RedirectResponse(f"/people/{records[0].person}", 303)

    def _claimed(self, whom: str) -> Claimed:
        """By claims alone. Raises LogUnavailableError, StoreUnavailableError."""
        try:
            return claimed(self._sources.identity.found(whom), self._sources.records)
        except UnknownError:
            return NOBODY

    def _found(self, request: Request, term: str, besides: Claimed = NOBODY) -> Response:
        """`besides`: shown first, if the search store does not find them as well."""
        found = list(self._sources.people.find(term, _RESULTS + 1))
        known = {hit.person for hit in found}
        found = [*(Hit(record.person) for record in besides.records if record.person not in known), *found]
        rows = [(hit, record) for hit in found[:_RESULTS] if (record := self._sources.records.by_person(hit.person)) is not None]
        missing = min(len(found), _RESULTS) - len(rows)
        bare = [person for person in besides.bare if person not in known][:_RESULTS]
        return self._listed(request, term, rows, more=len(found) > _RESULTS, missing=missing, bare=bare)

    def _listed(
        self,
        request: Request,
        term: str,
        rows: Sequence[tuple[Hit, Record]],
        *,
        more: bool = False,
        missing: int = 0,
        shared: bool = False,
        bare: Sequence[str] = (),
    ) -> Response:
        """Results show who people are: a view of each, and audited as such. `bare`: known, without a record."""
        audit, actor = self._sources.audit, self.actor(request)
        if rows or bare:
            audit.viewed(actor, View.LISTED, [*(record for _, record in rows), *map(nothing, bare)])
        else:
            audit.nobody(actor, term)
        results = [(hit, record, banner(record), organisations(record)) for hit, record in rows]
        return self.render(request, "results.html", term=term, results=results, more=more, missing=missing, shared=shared, bare=bare)

    def _viewed(self, request: Request) -> Record:
        actor, person = self.actor(request), request.path_params["person"]
        record = self._sources.records.by_person(person)
        if record is None:
            self._sources.audit.nobody(actor, person)
            raise HTTPException(404)
        self._sources.audit.viewed(actor, View.RECORD, [record])
        return record

    def _then(self, request: Request, view: View, *at: int) -> list[PastPage]:
        """The record at each moment, once the views are in the audit. What is restricted today is withheld of any day."""
        actor, person, today = self.actor(request), request.path_params["person"], self._today(request)
        besides = [f"{state.source}|{state.patient}" for state in today.sources] if today else []
        pasts = self._sources.history.by_person(person, besides, *at)
        if today is None and not any(past.record.sources for past in pasts):
            self._sources.audit.nobody(actor, person)
            raise HTTPException(404)
        label = of_today(pasts, self._sources.records, *([today] if today else []))
        records = [as_record(past, label) for past in pasts]
        self._sources.audit.viewed(actor, view, records, at)
        return [past_page(past, record) for past, record in zip(pasts, records, strict=True)]

    def _today(self, request: Request) -> Record | None:
        return self._sources.records.by_person(request.path_params["person"])

    def _moment(self, request: Request, name: str) -> int:
        """A form's time has no zone; its label says that it is UTC."""
        asked = request.query_params.get(name, "")
        return parse(f"{asked}Z" if _FORM_TIME.fullmatch(asked) else asked, _now())

    def _no_moment(self, request: Request, fault: MomentError) -> Response:
        person = request.path_params["person"]
        return self.render(request, "moment.html", status=400, person=person, fault=str(fault), moments=(), value="")

    def actor(self, request: Request) -> str:
        header = self._settings.actor_header
        if header is None:
            return self._settings.actor
        said = {each.strip() for each in request.headers.getlist(header)}
        if len(said) != 1 or "" in said:  # beside the proxy's, one that a visitor sent along would be believed
            raise UnknownActorError(header)
        return said.pop()

    def _figures(self) -> dict[str, Any]:
        figures = self._sources.stream.figures()
        return {"figures": figures, "plots": plots(figures, self._settings.minutes), "minutes": self._settings.minutes}

    def render(self, request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
        context.setdefault("fault", "")
        return HTMLResponse(self._templates.get_template(template).render(path=request.url.path, **context), status)


def _now() -> int:
    return time.time_ns() // 1_000_000

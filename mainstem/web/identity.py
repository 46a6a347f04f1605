"""What the pages about who is who have in common: views audited before they leave, decisions seen before they are recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mainstem.adjudication.standing import Proposal
from mainstem.operations import View
from mainstem.web import candidates
from mainstem.web.record import Record
from mainstem.web.seen import seen
from mainstem.web.sources import Sources


class Render(Protocol):
    def __call__(self, request: Request, template: str, *, status: int = 200, **context: Any) -> Response: ...


class IdentityViews:
    def __init__(self, sources: Sources, render: Render, actor: Callable[[Request], str]) -> None:
        self._sources, self._render, self._actor = sources, render, actor
        self._identity = sources.identity

    def _seen(self, request: Request, view: View, persons: set[str]) -> dict[str, Record | None]:
        return seen(self._sources.records, self._sources.audit, self._actor(request), view, persons)

    def _nobody(self, request: Request, *asked: str) -> None:
        for each in asked:
            self._sources.audit.nobody(self._actor(request), each)

    def _confirmed(self, request: Request, proposal: Proposal, given: dict[str, str], back: str, one: str, other: str, *,
                   action: str = "", undoes: bool = False) -> Response:
        """Recorded only where it still does what was seen."""
        if given.get("seen") == proposal.seen:
            self._identity.record(proposal.claim)
            return RedirectResponse(f"/identity/decisions/{proposal.claim.raw.item}", 303)
        persons = {person for each in proposal.moved for person in (each.before, each.after)}
        self._seen(request, View.IDENTITY, persons or {self._identity.person_of(each) for each in (one, other)})
        return self._render(request, "confirm.html", proposal=proposal, given=given, back=back, action=action or back, one=one, other=other,
                            undoes=undoes, changed="seen" in given, actor=self._actor(request),
                            apart=proposal.claim.type == "unlinked", reason=candidates.reason)

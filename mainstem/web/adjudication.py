"""The pages on which humans decide who is who. No person is shown before the view is audited; nothing is recorded before it was seen."""

from __future__ import annotations

import time
from collections import Counter

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mainstem.adjudication.desk import Waiting
from mainstem.adjudication.errors import NotDecidableError
from mainstem.adjudication.standing import Decided
from mainstem.operations import View
from mainstem.web import candidates, words
from mainstem.web.forms import form
from mainstem.web.identity import IdentityViews

_LISTED = 100


class AdjudicationViews(IdentityViews):
    def tasks(self, request: Request) -> Response:
        """The list names sources and reasons, and no patient."""
        waiting = list(self._identity.waiting())
        chosen = request.query_params.get("reason", "")
        listed = [each for each in waiting if not chosen or each.task.reason == chosen]
        now = time.time_ns() // 1_000_000
        rows = [(each.task.id, candidates.reason(each.task.reason), _sources(each), len(each.task.subjects), words.ago(each.since, now))
                for each in listed[:_LISTED]]
        reasons = [(rule, candidates.reason(rule), count) for rule, count in Counter(each.task.reason for each in waiting).most_common()]
        return self._render(request, "tasks.html", rows=rows, total=len(listed), every=len(waiting), reasons=reasons, chosen=chosen)

    def task(self, request: Request) -> Response:
        return self._task(request, {})

    async def decide(self, request: Request) -> Response:
        """First what would change, and then, with `confirmed`, the decision."""
        given = await form(request)
        return await run_in_threadpool(self._decide, request, given)

    def decisions(self, request: Request) -> Response:
        """Pairs are named by their sources: whom they are about is shown, and audited, on the decision's own page."""
        found = list(self._identity.decisions())
        rows = [(each, each.one.partition("|")[0], each.other.partition("|")[0]) for each in found[:_LISTED]]
        return self._render(request, "decisions.html", rows=rows, total=len(found))

    def decision(self, request: Request) -> Response:
        return self._decision(request, "")

    async def undo(self, request: Request) -> Response:
        given = await form(request)
        return await run_in_threadpool(self._undo, request, given)

    def radius(self, request: Request) -> Response:
        decided = self._known(request)
        found = list(self._identity.radius(decided.one, decided.other))
        self._seen(request, View.BLAST_RADIUS, {each.person for each in found} or self._persons(decided))
        return self._render(request, "radius.html", back=f"/identity/decisions/{decided.id}", one=decided.one, other=decided.other,
                            radii=found)

    def _task(self, request: Request, given: dict[str, str], fault: str = "") -> Response:
        waiting = self._waiting(request)
        task = waiting.task
        carriers = {} if task.subjects else self._carriers(waiting)
        records = self._seen(request, View.IDENTITY, set(task.persons) or set(carriers.values()))
        members = {person: self._identity.members(person) for person in set(task.persons)}
        shown = candidates.show(waiting, records, members)
        earlier = [each for place, one in enumerate(task.subjects) for other in task.subjects[place + 1:]
                   for each in self._identity.about(one, other)]
        return self._render(request, "task.html", status=400 if fault else 200, fault=fault, task=shown, given=given, earlier=earlier,
                            carriers=sorted(carriers), actor=self._actor(request))

    def _decide(self, request: Request, given: dict[str, str]) -> Response:
        waiting = self._waiting(request)
        subjects = waiting.task.subjects
        one, other = _place(given.get("one"), subjects, 0), _place(given.get("other"), subjects, 1)
        if given.get("decision") not in {"same", "different"}:
            return self._task(request, given, "Choose whether they are one person or two")
        if not given.get("why"):
            return self._task(request, given, "Say why: whoever reviews the decision has nothing else to go by")
        if one is None or other is None or one == other:
            return self._task(request, given, "Choose two different source patients")
        try:
            apart = given["decision"] == "different"
            proposal = self._identity.proposal(one, other, apart=apart, who=self._actor(request), why=given["why"])
        except NotDecidableError as fault:
            return self._task(request, given, str(fault))
        return self._confirmed(request, proposal, given, f"/identity/tasks/{waiting.task.id}", one, other)

    def _undo(self, request: Request, given: dict[str, str]) -> Response:
        decided = self._known(request)
        if not given.get("why"):
            return self._decision(request, "Say why it is taken back")
        try:
            proposal = self._identity.proposal(
                decided.one, decided.other, apart=decided.apart, who=self._actor(request), why=given["why"], undo=True)
        except NotDecidableError as fault:
            return self._decision(request, str(fault))
        back = f"/identity/decisions/{decided.id}"
        return self._confirmed(request, proposal, given, back, decided.one, decided.other, action=f"{back}/undo", undoes=True)

    def _decision(self, request: Request, fault: str) -> Response:
        decided = self._known(request)
        self._seen(request, View.IDENTITY, self._persons(decided))
        about = self._identity.about(decided.one, decided.other)
        one = self._identity.person_of(decided.one) == self._identity.person_of(decided.other)
        return self._render(request, "decision.html", status=400 if fault else 200, fault=fault, decided=decided, about=about,
                            one_person=one, actor=self._actor(request))

    def _waiting(self, request: Request) -> Waiting:
        id_ = request.path_params["task"]
        found = self._identity.task(id_)
        if found is None or found.task.id != id_:
            raise HTTPException(410 if self._identity.closed(id_) else 404)
        return found

    def _known(self, request: Request) -> Decided:
        found = self._identity.decision(request.path_params["decision"])
        if found is None:
            raise HTTPException(404)
        return found

    def _carriers(self, waiting: Waiting) -> dict[str, str]:
        """Source patient -> person, of a number in doubt."""
        return {subject: self._identity.person_of(subject) for number in waiting.task.evidence[0].values
                for subject in self._identity.carriers(number)}

    def _persons(self, decided: Decided) -> set[str]:
        return {self._identity.person_of(decided.one), self._identity.person_of(decided.other)}


def _sources(waiting: Waiting) -> str:
    return ", ".join(sorted({subject.partition("|")[0] for subject in waiting.task.subjects})) or "A number"


def _place(given: str | None, subjects: tuple[str, ...], otherwise: int) -> str | None:
    """By place in the task, so that no form holds what the task does not."""
    place = int(given) if given and given.isdecimal() and len(given) < 4 else otherwise if given is None else len(subjects)
    return subjects[place] if place < len(subjects) else None

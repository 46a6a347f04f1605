"""The pages that show who a person is made of, why two source patients are one person or two, and on which any two are joined or parted.

No source patient and no NHS number is in an address: a person's id is a keyed hash, and a pair is kept under a random key.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mainstem.adjudication.errors import NotDecidableError, UnknownError
from mainstem.adjudication.explain import Shown
from mainstem.operations import View
from mainstem.web import candidates, seen
from mainstem.web.forms import form
from mainstem.web.identity import IdentityViews, Render
from mainstem.web.searches import Searches
from mainstem.web.sources import Sources
from processors.identity import persons

RULES = {
    persons.VERIFIED_NUMBER: "By its verified NHS number",
    persons.OWN_PERSON: "Nothing links it to another",
    persons.MERGED_IN_SOURCE: "Merged in its source",
    persons.CONFLICTING_NUMBERS: "Two verified NHS numbers, which no machine joins",
    persons.DECIDED: "A human decided",
    persons.KEPT_APART: "A human holds others apart, and nothing tells which side it belongs to",
    persons.CONTRADICTED: "Demographics that cannot be of one person",
    persons.SHARED_NUMBER: "Too many carry its NHS number: it links nobody",
    persons.VOID_NUMBER: "Its NHS number was made void, or became two: it links nobody",
    persons.OVERRUN: "Too many were merged into one: that joins nobody",
    persons.SCORED: "So alike that the model release in force links them",
}
_BETWEEN = "\n"


class PeopleViews(IdentityViews):
    def __init__(self, sources: Sources, render: Render, actor: Callable[[Request], str]) -> None:
        super().__init__(sources, render, actor)
        self._pairs = Searches()

    def find(self, request: Request) -> Response:
        return self._find(request, {})

    async def found(self, request: Request) -> Response:
        """One person is shown on its own page; several are listed."""
        given = await form(request)
        return await run_in_threadpool(self._found, request, given)

    def person(self, request: Request) -> Response:
        person = request.path_params["person"]
        shown = self._known(request, person)
        records = self._seen(request, View.IDENTITY, {person})
        tasks = [(each.task.id, candidates.reason(each.task.reason)) for each in self._identity.waiting() if person in each.task.persons]
        told = seen.shown(shown, records[person])
        return self._render(request, "person.html", shown=told, rows=candidates.rows(told.fields), score=candidates.score, rule=rule,
                            tasks=tasks, held=records[person] is not None)

    def history(self, request: Request) -> Response:
        """Who came and who left, and what it did that they were one person. Takes seconds: the topics are read."""
        person = request.path_params["person"]
        self._known(request, person)
        passed, radii = self._identity.history(person)
        concerned = {one for each in passed for one in (each.before, each.after) if one} | {each.person for each in radii}
        self._seen(request, View.BLAST_RADIUS, {person} | concerned)
        return self._render(request, "history.html", person=person, passed=passed, radii=radii, rule=rule)

    async def compare(self, request: Request) -> Response:
        given = await form(request)
        return await run_in_threadpool(self._compare, request, given)

    def pair(self, request: Request) -> Response:
        return self._of_pair(request, lambda one, other: self._pair(request, one, other, {}))

    async def decide(self, request: Request) -> Response:
        """First what would change, and then, with `seen`, the decision."""
        given = await form(request)
        return await run_in_threadpool(self._of_pair, request, lambda one, other: self._decide(request, one, other, given))

    def radius(self, request: Request) -> Response:
        return self._of_pair(request, lambda one, other: self._radius(request, one, other))

    def _find(self, request: Request, given: dict[str, str], *, status: int = 200, fault: str = "", pair_fault: str = "",
              people: tuple[Shown, ...] = ()) -> Response:
        return self._render(request, "people.html", status=status, fault=fault, pair_fault=pair_fault, given=given, people=people)

    def _found(self, request: Request, given: dict[str, str]) -> Response:
        try:
            found = self._identity.found(given.get("whom", ""))
        except UnknownError as fault:
            self._nobody(request, given.get("whom", ""))
            return self._find(request, given, status=404, fault=str(fault))
        self._seen(request, View.IDENTITY, set(found))  # an address that tells whose a number is shows it too
        if len(found) == 1:
            return RedirectResponse(f"/identity/people/{found[0]}", 303)
        return self._find(request, given, people=tuple(self._identity.show(person) for person in found))

    def _compare(self, request: Request, given: dict[str, str]) -> Response:
        one, other = given.get("one", ""), given.get("other", "")
        try:
            self._identity.why(one, other)
        except UnknownError as fault:
            self._nobody(request, one, other)
            return self._find(request, given, status=404, pair_fault=str(fault))
        return RedirectResponse(f"/identity/pairs/{self._pairs.keep(f'{one}{_BETWEEN}{other}')}", 303)

    def _pair(self, request: Request, one: str, other: str, given: dict[str, str], fault: str = "") -> Response:
        why = self._identity.why(one, other)
        records = self._seen(request, View.IDENTITY, {why.one.person, why.other.person})
        told = seen.told(why, records)
        return self._render(request, "pair.html", status=400 if fault else 200, fault=fault, why=told, rows=candidates.rows(told.fields),
                            score=candidates.score(told.score), about=self._identity.about(one, other), given=given, rule=rule,
                            here=f"/identity/pairs/{request.path_params['pair']}", actor=self._actor(request))

    def _decide(self, request: Request, one: str, other: str, given: dict[str, str]) -> Response:
        if given.get("decision") not in {"same", "different"}:
            return self._pair(request, one, other, given, "Choose whether they are one person or two")
        if not given.get("why"):
            return self._pair(request, one, other, given, "Say why: whoever reviews the decision has nothing else to go by")
        try:
            apart = given["decision"] == "different"
            proposal = self._identity.proposal(one, other, apart=apart, who=self._actor(request), why=given["why"])
        except NotDecidableError as fault:
            return self._pair(request, one, other, given, str(fault))
        return self._confirmed(request, proposal, given, f"/identity/pairs/{request.path_params['pair']}", one, other)

    def _radius(self, request: Request, one: str, other: str) -> Response:
        found = list(self._identity.radius(one, other))
        here = {self._identity.person_of(each) for each in (one, other)}
        self._seen(request, View.BLAST_RADIUS, here | {each.person for each in found})
        back = f"/identity/pairs/{request.path_params['pair']}"
        return self._render(request, "radius.html", back=back, one=one, other=other, radii=found)

    def _known(self, request: Request, person: str) -> Shown:
        try:
            return self._identity.show(person)
        except UnknownError:
            self._nobody(request, person)
            raise HTTPException(404) from None

    def _of_pair(self, request: Request, answer: Callable[[str, str], Response]) -> Response:
        kept = self._pairs.term(request.path_params["pair"])
        if kept is None:
            return self._find(request, {}, status=410, pair_fault="That comparison is no longer kept. Name the two again")
        one, _, other = kept.partition(_BETWEEN)
        return answer(one, other)


def rule(name: str) -> str:
    """A rule by which a source patient is where it is, in words."""
    return RULES.get(name, name)

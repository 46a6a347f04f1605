"""The desk of the adjudication pages over claims in memory: the real one without its topics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from mainstem.adjudication.blast import Radius, radius
from mainstem.adjudication.desk import Desk, Waiting, now
from mainstem.adjudication.explain import Shown, Why, found, show, why
from mainstem.adjudication.history import Passed, bearing, moves, parted, passed, where_now
from mainstem.adjudication.standing import Decided, Proposal
from mainstem.model import Claim, Task
from processors.identity.linker import review
from tests.strategies import KEY
from tests.web.made import NOW


class MadeIdentity:
    def __init__(self, claims: Iterable[Claim] = (), radii: Sequence[Radius] = ()) -> None:
        self.claims: list[Claim] = []
        self._radii = radii
        self.desk = Desk(KEY)
        for claim in claims:
            self.take(claim)

    def take(self, claim: Claim) -> None:
        """As the linker would follow it."""
        before = {task.id: task for task in review(self.claims, KEY)}
        self.desk.standing.take([(len(self.claims), NOW + len(self.claims), claim)])
        self.claims.append(claim)
        after = {task.id: task for task in review(self.claims, KEY)}
        for task in after.values():
            self.desk.put(task, NOW)
        for gone in before.keys() - after.keys():
            self.desk.put(_closed(before[gone]), NOW)

    def waiting(self) -> Sequence[Waiting]:
        return self.desk.waiting()

    def task(self, beginning: str) -> Waiting | None:
        return self.desk.task(beginning)

    def closed(self, id_: str) -> bool:
        return self.desk.closed(id_)

    def decisions(self) -> Sequence[Decided]:
        return list(self.desk.standing.decisions())

    def decision(self, id_: str) -> Decided | None:
        return self.desk.standing.decision(id_)

    def about(self, one: str, other: str) -> Sequence[Decided]:
        return self.desk.standing.about(one, other)

    def person_of(self, subject: str) -> str:
        return self.desk.standing.where(subject).person

    def members(self, person: str) -> Sequence[str]:
        return self.desk.standing.members(person)

    def carriers(self, number: str) -> Sequence[str]:
        return self.desk.standing.carriers(number)

    def proposal(self, one: str, other: str, *, apart: bool, who: str, why: str, undo: bool = False) -> Proposal:
        return self.desk.standing.proposal(one, other, apart=apart, who=who, when=now(), why=why, undo=undo)

    def found(self, whom: str) -> Sequence[str]:
        return found(whom, self.desk.standing)

    def show(self, person: str) -> Shown:
        return show(person, self.desk.standing)

    def why(self, one: str, other: str) -> Why:
        return why(one, other, self.desk.standing)

    def history(self, person: str) -> tuple[Sequence[Passed], Sequence[Radius]]:
        """As `Reach` has it, over claims alone: nothing was published."""
        rows = [(offset, NOW + offset, claim) for offset, claim in enumerate(self.claims)]
        members = self.members(person)
        told = moves(bearing(rows, members), KEY)
        spans = parted(person, members, told, KEY)
        return passed(person, told, KEY), self._radii or [radius(span, (), (), (), where_now(told)) for span in spans]

    def record(self, claim: Claim) -> None:
        self.take(claim)

    def radius(self, one: str, other: str) -> Sequence[Radius]:
        return self._radii


def _closed(task: Task) -> Task:
    return replace(task, status="closed", subjects=(), persons=(), evidence=())

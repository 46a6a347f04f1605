"""The linker: folds claims into persons, and says when a source patient's person changes and what a human has to look at.

`assign` and `review` work it out from scratch; `Linker` keeps it up to date claim by claim. Both give the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from mainstem.model import Assignment, Claim, Task
from mainstem.settings import Settings
from processors.identity.activated import ACTIVATED
from processors.identity.alike import alike
from processors.identity.claimed import Claimed
from processors.identity.indexes import Indexes
from processors.identity.layers import Finding
from processors.identity.numbers import Numbers
from processors.identity.persons import Placed, own_person
from processors.identity.placing import answered, neighbourhood, place
from processors.identity.scoring.release import Model, built_in
from processors.identity.scoring.score import Scorer, scorer
from processors.identity.tasks import all_tasks
from processors.identity.turn import Turn
from processors.lane.contract import Output, Received, State
from processors.lane.errors import ReleaseBehindError
from schemas import topics

__all__ = ["RULES", "Linker", "Placed", "assign", "review"]

RULES = 8
"""Raised whenever the same claims come to give other assignments or tasks, or the indexes are of another sort.
`tests/processors/identity/test_rules.py` tells when that has been forgotten."""


def assign(claims: Iterable[Claim], key: bytes, model: Model | None = None) -> dict[str, Placed]:
    """Source patient -> person, for each that has a claim or is named by one. Whoever is not named is `own_person`.

    `model`: by default the one that ships with Mainstem."""
    return _placed(Claimed(claims), key, scorer(model or built_in()))[0]


def review(claims: Iterable[Claim], key: bytes, model: Model | None = None) -> list[Task]:
    """The open tasks, sorted by id."""
    view = Claimed(claims)
    by = scorer(model or built_in())
    assigned, findings = _placed(view, key, by)

    def where(subject: str) -> str:
        placed = assigned.get(subject)
        return own_person(key, subject) if placed is None else placed.person

    return sorted(all_tasks(view, view.evidence, findings, where, key, by), key=lambda task: task.id)


def _placed(view: Claimed, key: bytes, by: Scorer) -> tuple[dict[str, Placed], list[Finding]]:
    numbers, likeness = Numbers(view), alike(view, by)
    assigned: dict[str, Placed] = {}
    findings: list[Finding] = []
    for subject in (*view.evidence, *(other for said in view.evidence.values() for other in said.merges)):
        if subject not in assigned:
            members = neighbourhood(subject, view, numbers, likeness)
            found = place({one: view.said(one) for one in members}, numbers, key, likeness)
            assigned |= answered(found.persons, view, numbers)
            findings += found.findings
    return assigned, findings


class Linker:
    """A stage: claims in, assignments and tasks out; the epoch of either is the offset of the claim that caused it.

    Started with another model release than its state was made with, it works everyone out anew with the next message: the one by which
    that release came into force, or a claim before it. So too with other rules: with the next claim, whose offset is greater than the epoch
    of whatever the former rules decided."""

    name = "linker"
    inputs = (topics.CLAIMS,)
    offsets_count = True
    changelog = topics.LINKER_CHANGELOG

    def __init__(self, person_key: bytes | None = None, model: Model | None = None, activations: Collection[str] = ()) -> None:
        """`person_key`: what person ids are hashed with; by default that of the settings. `model`: the release in force; by default the
        one that ships. `activations`: all of model releases that were known when it was looked up."""
        self._key = person_key or Settings().person_key.get_secret_value().encode()
        self._scorer = scorer(model or built_in())
        self._activations = frozenset(activations)

    def process(self, batch: Sequence[tuple[Received, Any]], state: State) -> list[Output]:
        """Raises ReleaseBehindError."""
        outputs: list[Output] = []
        indexes, model = Indexes(state), f"{self._scorer.digest}/{RULES}".encode()
        numbers = Numbers(indexes)
        anew = state.get(_MODEL) != model
        for received, claim in batch:
            if claim.type == ACTIVATED and claim.ref not in self._activations:
                raise ReleaseBehindError(claim.ref)
            turn = Turn(indexes, numbers, state, self._key, self._scorer, None if claim.type == ACTIVATED else claim, received.offset)
            for subject, placed in turn.moved(anew=anew):
                assignment = Assignment(subject=subject, person=placed.person, epoch=received.offset, reason=placed.reason,
                                        opted_out=placed.opted_out, restricted=placed.restricted)
                outputs.append(Output(topics.ASSIGNMENTS, subject.encode(), assignment, subject))
            outputs += (Output(topics.TASKS, task.id.encode(), task, task.id) for task in turn.tasks())
            numbers = turn.numbers
            if anew:
                state.put(_MODEL, model)
                anew = False
        return outputs


_MODEL = b"m"
"""State key: what persons and tasks were last worked out with, as digest of the model release and the rules."""

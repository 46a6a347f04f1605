"""Disagreements that the seeds put in on purpose are named, and none is named that is not there."""

from __future__ import annotations

from collections import Counter

import pytest

from mainstem import canonical
from mainstem.kinds.facts import Place
from mainstem.terminology import builtin
from mainstem.truth import people
from processors.reconcile.fold import fold_by
from seeds.generate import lives
from seeds.profiles import profile

PERSONS = 200
NAMED = {"dose": ("dose",), "status": ("stopped",), None: ()}


@pytest.mark.parametrize("name", ["everyday", "messy", "unseen", "labelled"])
def test_discrepancies_of_medicines_are_the_true_ones(name: str) -> None:
    put_in = {told.fact.id: told.fact.conflict for life in lives(PERSONS, 1, profile(name)) for told in life.told}
    found: Counter[tuple[str | None, tuple[str, ...]]] = Counter()
    for person in people(PERSONS, 1, name):
        for entry in fold_by(person.known, lambda _, of=person.id: of, builtin())[person.id].entries:
            if entry.kind == "medicine" and len(entry.provenance) > 1:
                told = {person.facts[Place(f"{behind.source}|{behind.patient}", behind.record)] for behind in entry.provenance}
                about = tuple(one["about"] for one in canonical.decode(entry.content).get("discrepancies", ()))
                found.update((put_in[fact], about) for fact in told)
    wrong = {case: times for case, times in found.items() if case[1] and case[1] != NAMED[case[0]]}
    missed = sum(times for (why, about), times in found.items() if why and not about)
    assert not wrong, found
    assert missed <= 0.02 * sum(times for (why, _), times in found.items() if why), "what cannot be told: a count against a volume, say"
    assert sum(found.values()) > 100

"""Before another model release is activated, its dry run lists what it would change; whom a human placed stays."""

from __future__ import annotations

from itertools import combinations

from msgspec.structs import replace

from mainstem.matching.people import told
from mainstem.matching.rematch import rematch
from processors.identity import persons
from processors.identity.linker import assign, review
from processors.identity.scoring.release import built_in
from tests.processors.identity.test_linked_by_score import LINKING, who
from tests.processors.identity.test_persons import link, unlink
from tests.strategies import KEY


def test_the_same_release_changes_nothing():
    found = rematch(told(150, 3, "messy").claims, KEY, built_in(), built_in())
    assert (found.moved, found.links, found.tasks) == ([], [], []) and found.open_before == found.open_after > 0


def test_what_is_listed_is_what_differs():
    claims = told(150, 3, "messy").claims
    found = rematch(claims, KEY, built_in(), LINKING)
    before, after = assign(claims, KEY, built_in()), assign(claims, KEY, LINKING)
    assert {each.subject for each in found.moved} == {each for each in before if before[each].person != after[each].person} != set()
    pairs = [{(one, other) for one, other in combinations(sorted(where), 2) if where[one].person == where[other].person}
             for where in (before, after)]
    assert {(each.one, each.other) for each in found.links if each.what == "joins"} == pairs[1] - pairs[0] != set()
    assert {(each.one, each.other) for each in found.links if each.what == "parts"} == pairs[0] - pairs[1]
    assert any(each.because == persons.SCORED for each in found.moved)
    closing = {each.task for each in found.tasks if each.what == "closes"}
    assert closing == {task.id for task in review(claims, KEY, built_in())} - {task.id for task in review(claims, KEY, LINKING)} != set()


def test_other_thresholds_open_and_close_tasks():
    claims = [who("A|1"), who("B|1", postcode="ZZ9 9ZZ", address=[], birth_date="1980-03-05")]
    strict = replace(built_in(), thresholds=replace(built_in().thresholds, review=40.0))
    (closed,), (opened,) = rematch(claims, KEY, built_in(), strict).tasks, rematch(claims, KEY, strict, built_in()).tasks
    assert (closed.what, opened.what) == ("closes", "opens") and closed.were == opened.scores


def test_human_decisions_survive_rematching():
    claims = [who("A|1"), who("B|1"), unlink("A|1", "B|1"), who("A|2", given=["Beth"]), who("B|2", given=["Zoe"]), link("A|2", "B|2")]
    for now, then in ((built_in(), LINKING), (LINKING, built_in())):
        found = rematch(claims, KEY, now, then)
        assert (found.moved, found.links) == ([], [])

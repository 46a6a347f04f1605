"""Linking by score, where an operator turned it on: every pair of a person passes; relatives, pseudo persons and other numbers never do."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from mainstem import canonical
from mainstem.model import Claim, RawRef
from processors.identity import persons
from processors.identity.linker import assign, review
from processors.identity.scoring.release import Model, Thresholds, built_in
from tests.processors.identity.test_linker import N1, N2, number
from tests.processors.identity.test_persons import link, unlink
from tests.strategies import KEY

LINKING = replace(built_in(), thresholds=replace(built_in().thresholds, link=True))
ANN = {"family": "Okafor", "given": ["Ann"], "birth_date": "1980-03-04", "gender": "female", "postcode": "AB1 2CD",
       "address": ["12 High Street", "Northtown"]}


def who(subject: str, **but: Any) -> Claim:
    source, _, patient = subject.partition("|")
    body = canonical.encode(ANN | but)
    return Claim(source=source, patient=patient, type="demographics", position="01", body=body, raw=RawRef("r", 0, 0))


def groups(*claimed: Claim, model: Model = LINKING) -> set[frozenset[str]]:
    together: dict[str, set[str]] = {}
    for subject, placed in assign(claimed, KEY, model).items():
        together.setdefault(placed.person, set()).add(subject)
    return {frozenset(each) for each in together.values()}


def apart(*subjects: str) -> set[frozenset[str]]:
    return {frozenset([each]) for each in subjects}


def test_off_by_default():
    assert groups(who("A|1"), who("B|1"), model=built_in()) == apart("A|1", "B|1")
    (task,) = review([who("A|1"), who("B|1")], KEY, built_in())
    assert task.reason == persons.SAME_DEMOGRAPHICS and task.scores[0] > 20


def test_who_are_alike_enough_are_one_person_and_no_task_is_left():
    claimed = [who("A|1"), who("B|1"), who("C|1", birth_date="1980-03-05")]
    assert groups(*claimed) == {frozenset({"A|1", "B|1", "C|1"})}
    assert {placed.reason for placed in assign(claimed, KEY, LINKING).values()} == {persons.SCORED}
    assert review(claimed, KEY, LINKING) == []


def test_likeness_brings_who_has_no_number_to_the_person_of_one():
    found = assign([number("A|1", N1), who("A|1"), who("B|1")], KEY, LINKING)
    assert {placed.person for placed in found.values()} == {persons.numbered_person(KEY, N1)}
    assert found["B|1"].reason == persons.SCORED and found["A|1"].reason == persons.VERIFIED_NUMBER


def test_likeness_is_not_transitive():
    """The middle one is like both; the ends are not like each other. It belongs to neither."""
    left, middle, right = who("A|1"), who("B|1", birth_date="1980-03-05"), who("C|1", birth_date="1980-03-15")
    assert groups(left, middle) == {frozenset({"A|1", "B|1"})}
    assert groups(middle, right) == {frozenset({"B|1", "C|1"})}
    assert groups(left, right) == apart("A|1", "C|1")
    assert groups(left, middle, right) == groups(right, middle, left) == apart("A|1", "B|1", "C|1")


def test_who_could_be_of_two_numbers_is_of_neither():
    claimed = [number("A|1", N1), who("A|1"), number("B|1", N2), who("B|1"), who("C|1")]
    assert groups(*claimed) == apart("A|1", "B|1", "C|1")


def test_relatives_are_never_joined():
    for but in ({"given": ["Beth"]}, {"given": ["Anne"]}, {"birth_date": "1951-06-01"}, {"given": ["Cyd"], "birth_date": "2026-01-09"}):
        assert groups(who("A|1"), who("B|1", **but)) == apart("A|1", "B|1"), but


def test_pseudo_persons_are_never_joined_nor_offered():
    claimed = [who("A|1"), who("B|1", pseudo=True), who("C|1", pseudo=True)]
    assert groups(*claimed) == apart("A|1", "B|1", "C|1")
    assert review(claimed, KEY, LINKING) == []


def test_a_human_holds_apart_and_joins_whatever_the_score():
    assert groups(who("A|1"), who("B|1"), unlink("A|1", "B|1")) == apart("A|1", "B|1")
    assert groups(who("A|1"), who("B|1", given=["Beth"]), link("A|1", "B|1")) == {frozenset({"A|1", "B|1"})}


def test_thresholds_are_the_release_s():
    strict = replace(LINKING, thresholds=Thresholds(review=0, automatic=60, link=True))
    assert groups(who("A|1"), who("B|1"), model=strict) == apart("A|1", "B|1")

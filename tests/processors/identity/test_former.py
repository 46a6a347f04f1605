"""Former names and homes: a person who married or moved is still found, the evidence says by what, and nothing is joined by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mainstem.model import Claim, Task
from processors.identity.demographics import FORMER, Demographics, read
from processors.identity.linker import assign, review
from processors.identity.scoring import blocking
from processors.identity.scoring.fields import fields, known_as
from processors.identity.scoring.release import Thresholds, built_in
from processors.identity.scoring.score import scorer
from tests.processors.identity.test_persons import claim, number
from tests.strategies import KEY, NUMBERS

A, B = "RXA/epr|1", "RXB/epr|2"
BELL = {"family": "Quillfeather", "given": ["Ann", "May"], "birth_date": "1980-03-02", "gender": "female", "postcode": "AB1 2CD",
        "address": ["12 High Street", "Northtown"]}
MARRIED = BELL | {"family": "Zebedee", "postcode": "ZZ9 9ZZ", "address": ["4 Long Lane", "Southtown"]}
WAS = {"former_names": [{"family": "Quillfeather", "given": ["Ann"]}]}
LIVED = {"former_homes": [{"postcode": "AB1 2CD", "address": ["12 High Street", "Northtown"]}]}


def who(subject: str, **body: Any) -> Claim:
    return claim(subject, "demographics", body)


def offered(ours: dict[str, Any], theirs: dict[str, Any]) -> Task | None:
    found = review([who(A, **ours), who(B, **theirs)], KEY)
    assert len(found) < 2
    return found[0] if found else None


def rows(task: Task) -> dict[str, tuple[str, tuple[float, ...]]]:
    return {each.field: (each.outcome, each.weights) for each in task.evidence}


def test_who_married_and_moved_is_found_by_the_former_name_and_home_and_the_task_shows_both() -> None:
    assert offered(MARRIED, BELL) is None, "a birth date and a first name are many people's"
    for told in ((MARRIED | WAS | LIVED, BELL), (BELL, MARRIED | WAS | LIVED)):
        task = offered(*told)
        assert task is not None and set(task.subjects) == {A, B}
        found = rows(task)
        assert found["former_names"][0] == found["former_homes"][0] == "agree"
        assert found["family"] == ("differ", (0.0,)) and found["postcode"] == ("differ", (0.0,))
        assert found["former_names"][1][0] > 5 and found["former_homes"][1][0] > 5
        bits = sum(weights[0] for _, weights in found.values() if weights)
        assert task.scores[0] == pytest.approx(bits + scorer(built_in()).prior, abs=0.05)
        assert {each.values for each in task.evidence if each.field == "former_names"} in (
            {("Ann Quillfeather", "")}, {("", "Ann Quillfeather")})


def test_a_name_that_both_had_is_weighed_where_neither_has_it_now() -> None:
    again = BELL | {"family": "Oxtoby"}
    task = offered(MARRIED | WAS | LIVED, again | WAS)
    assert task is not None and rows(task)["former_names"][0] == "agree"


def test_what_is_of_no_help_is_shown_and_weighs_nothing() -> None:
    task = offered(BELL | {"former_names": [{"family": "Oxtoby", "given": []}]}, BELL)
    plain = offered(BELL, BELL)
    assert task is not None and plain is not None
    assert rows(task)["former_names"] == ("differ", (0.0,)) and task.scores == plain.scores
    assert "former_names" not in rows(plain), "nobody has one"


@dataclass(frozen=True)
class Apart:
    why: str
    ours: dict[str, Any]
    theirs: dict[str, Any]


@pytest.mark.parametrize("pair", [
    Apart("twins, of whom one married", MARRIED | WAS | LIVED, BELL | {"given": ["Beth"]}),
    Apart("a newborn under its mother's maiden name", MARRIED | WAS | LIVED, BELL | {"given": ["Baby"], "birth_date": "2026-01-01"}),
    Apart("a namesake of another birth date and gender", MARRIED | WAS | LIVED, BELL | {"birth_date": "1955-11-30", "gender": "male"}),
], ids=lambda pair: pair.why)
def test_certainly_another_stays_so(pair: Apart) -> None:
    assert offered(pair.ours, pair.theirs) is None


def test_a_former_name_joins_nobody_and_parts_nobody() -> None:
    """Linking by likeness goes by present names; a number with contradicting demographics stays apart."""
    linking = replace(built_in(), thresholds=Thresholds(review=0, automatic=8, link=True))
    told = [who(A, **MARRIED, **WAS, **LIVED), who(B, **BELL)]
    assert len({placed.person for placed in assign(told, KEY, linking).values()}) == 2
    assert len({placed.person for placed in assign([who(A, **BELL), who(B, **BELL)], KEY, linking).values()}) == 1
    for more in ({}, WAS):
        slipped = MARRIED | {"birth_date": "1990-09-09"} | more
        carried = [who(A, **slipped), who(B, **BELL), number(A, NUMBERS[0]), number(B, NUMBERS[0])]
        assert len({placed.person for placed in assign(carried, KEY).values()}) == 2
    agreeing = [who(A, **MARRIED), who(B, **BELL), number(A, NUMBERS[0]), number(B, NUMBERS[0])]
    assert len({placed.person for placed in assign(agreeing, KEY).values()}) == 1


@pytest.mark.parametrize("body", [{}, {"former_names": "x"}, {"former_names": [5, {}, {"family": 3, "given": "x"}], "former_homes": [None]},
                                  {"former_names": [{"family": "Quillfeather", "given": ["Ann", "May"]}]}])
def test_what_is_no_former_name_is_none(body: dict[str, Any]) -> None:
    assert read(BELL | body) == read(BELL)


def test_no_more_than_some_are_kept() -> None:
    found = read(BELL | {"former_names": [{"family": f"Name{each}", "given": []} for each in range(20)],
                         "former_homes": [{"postcode": f"AB1 {each}CD", "address": []} for each in range(20)]})
    assert found is not None and len(found.former_names) == len(found.former_homes) == FORMER
    assert len(known_as(found, ())) == (FORMER + 1) ** 2
    assert len(blocking.keys(found, ())) < 60


NAMES = st.sampled_from(["", "bell", "archer", "okafor"])
PEOPLE = st.builds(Demographics, NAMES, st.lists(NAMES, max_size=2).map(tuple), st.sampled_from(["", "1980-03-02", "1981-03-02"]),
                   st.sampled_from(["", "female", "male"]), st.sampled_from(["", "AB1 2CD", "ZZ9 9ZZ"]), st.booleans(), st.just(()),
                   st.lists(st.tuples(NAMES, st.lists(NAMES, max_size=1).map(tuple)), max_size=3).map(tuple),
                   st.lists(st.tuples(st.sampled_from(["AB1 2CD", "ZZ9 9ZZ"]), st.just(())), max_size=2).map(tuple))


@given(PEOPLE, PEOPLE)
def test_the_best_is_symmetric_never_less_than_that_of_present_names_and_the_same_without_former_ones(
        one: Demographics, other: Demographics) -> None:
    by = scorer(built_in())
    ours, theirs = known_as(one, ()), known_as(other, ())
    there, back = by.best(ours, theirs), by.best(theirs, ours)
    assert there[0] == back[0] and by.unlike(*there[1:]) == by.unlike(*back[1:])
    present = by.score(fields(one, ()), fields(other, ()))
    assert there[0] >= present
    plain = [replace(each, former_names=(), former_homes=()) for each in (one, other)]
    assert by.best(known_as(plain[0], ()), known_as(plain[1], ())) == (present, fields(one, ()), fields(other, ()))

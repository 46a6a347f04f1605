"""Names, birth dates and homes filled in where nobody knows: who is alike only in those is like nobody. And one matter is one task."""

from __future__ import annotations

from typing import Any

import pytest

from mainstem.model import Claim
from processors.identity import persons
from processors.identity.demographics import Demographics, telling
from processors.identity.linker import assign, review
from processors.identity.scoring import blocking
from tests.processors.identity.test_on_seeds import LINKING
from tests.processors.identity.test_persons import N1, became, claim, number
from tests.strategies import KEY

UNKNOWN = {"family": "Unknown", "given": ["Male"], "birth_date": "1900-01-01", "gender": "male", "postcode": "ZZ99 3VZ",
           "address": ["No fixed abode"]}
HOME = {"family": "Khan", "birth_date": "2024-02-03", "gender": "male", "postcode": "LS1 4AP", "address": ["12 Mill Lane", "Leeds"]}


def two(one: dict[str, Any], other: dict[str, Any]) -> list[Claim]:
    return [claim("A|1", "demographics", one), claim("B|2", "demographics", other)]


def together(claimed: list[Claim]) -> bool:
    placed = assign(claimed, KEY, LINKING)
    return placed["A|1"].person == placed["B|2"].person


def test_two_that_nobody_knows_are_no_one_person_and_nobody_is_asked() -> None:
    said = two(UNKNOWN, UNKNOWN | {"family": "Male", "given": ["Unknown"]})
    assert not together(said) and review(said, KEY) == []
    assert blocking.keys(Demographics("Unknown", ("Male",), "1900-01-01", "male", "ZZ99 3VZ", address=("NFA",)), ()) == ()


@pytest.mark.parametrize("given", [("Baby",), ("Baby Boy",), ("Twin 1",), ("Mohammed Ali", "Mohammed Hassan")])
def test_who_may_be_brothers_are_offered_and_never_linked(given: tuple[str, ...]) -> None:
    assert together(two(HOME | {"given": ["Imran"]}, HOME | {"given": ["Imran"]}))
    said = two(HOME | {"given": [given[0]]}, HOME | {"given": [given[-1]]})
    for born in (HOME["birth_date"], "2024-02-08"):  # and a slip of the keyboard apart
        said[1] = claim("B|2", "demographics", HOME | {"given": [given[-1]], "birth_date": born})
        assert not together(said) and [task.reason for task in review(said, KEY)] == [persons.SAME_DEMOGRAPHICS]


def test_what_is_known_beside_it_tells() -> None:
    who = Demographics("Khan", ("Baby", "Imran Ali", "Two"), "1980-03-02", "", "LS1 4AP", address=("Unknown", "Leeds"),
                       former_names=(("Unknown", ("Baby",)),))
    assert telling(who) == Demographics("Khan", ("imran", "ali"), "1980-03-02", "", "LS1 4AP", address=("Leeds",), former_names=(("", ()),))


def test_who_carry_one_verified_number_and_are_apart_are_one_task() -> None:
    """Not offered to each other besides, as if it were not verified; but where the number links nobody, likeness is all there is."""
    said = [*two(HOME | {"given": ["Mohammed Ali"]}, HOME | {"given": ["Mohammed Hassan"]}), number("A|1", N1), number("B|2", N1)]
    assert [task.reason for task in review(said, KEY)] == [persons.CONTRADICTED]
    assert [task.reason for task in review([*said, became(N1, None)], KEY)] == [persons.UNVERIFIED_NUMBER]

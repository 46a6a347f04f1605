"""NHS numbers are in the 999 range, valid, and one for each person."""

from __future__ import annotations

import nhs_number
from hypothesis import given
from hypothesis import strategies as st

from seeds import nhs


@given(st.integers(0, nhs.LIMIT - 1))
def test_valid_by_the_published_implementation(index: int) -> None:
    number = nhs.number(index)
    assert number.startswith("999")
    assert nhs_number.is_valid(number)
    assert nhs.is_valid(number)


def test_different_for_each_person_across_slots() -> None:
    numbers = [nhs.number(index) for index in (*range(20_000), *range(100_000, 120_000), *range(700_000, 720_000))]
    assert len(set(numbers)) == len(numbers)


@given(st.integers(0, 10**10 - 1))
def test_validity_agrees_with_the_published_implementation(value: int) -> None:
    text = f"{value:010d}"
    assert nhs.is_valid(text) == nhs_number.is_valid(text)

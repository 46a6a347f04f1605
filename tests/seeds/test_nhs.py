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
    numbers = [nhs.number(index) for index in (*range(5_000), *range(100_000, 105_000), *range(700_000, 705_000))]
    assert len(set(numbers)) == len(numbers)


@given(st.integers(9_990_000_000, 9_999_999_999))
def test_validity_agrees_with_the_published_implementation(value: int) -> None:
    assert nhs.is_valid(str(value)) == nhs_number.is_valid(str(value))

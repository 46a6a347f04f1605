"""Dates, codes and numbers as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.web import numbers, words
from mainstem.web.errors import NotNHSNumberError


@pytest.mark.parametrize(
    ("given_", "read"),
    [
        ("2019", "2019"),
        ("2019-03", "March 2019"),
        ("2019-03-02", "2 March 2019"),
        ("2019-03-02T10:15:00Z", "2 March 2019 at 10:15 UTC"),
        ("2019-03-02T10:15:00+01:00", "2 March 2019 at 10:15 (+01:00 from UTC)"),
        ("2019-03-02 10:15", "2 March 2019 at 10:15"),
        ("2019-13-02", "2019-13-02"),
        ("about 2019", "about 2019"),
        ("20mg", "20mg"),
    ],
)
def test_dates_are_no_more_precise_than_given(given_: str, read: str) -> None:
    assert words.date(given_) == read


@pytest.mark.parametrize(("thing", "field", "read"), [
    ("9990000018", "nhs_number", "999 000 0018"),
    ({"system": "urn:mainstem:ids:RXA/epr:mrn", "value": "1000078"}, "", "1000078 (RXA/epr:mrn)"),
    ({"system": "https://x.test/id", "value": "7"}, "", "7 (https://x.test/id)"),
])
def test_numbers_that_identify_are_put_as_people_read_them(thing: object, field: str, read: str) -> None:
    assert words.value(thing, field) == [read]


@pytest.mark.parametrize(
    ("ms", "read"), [(0, "0 seconds ago"), (61_000, "1 minute ago"), (7_200_000, "2 hours ago"), (172_800_000, "2 days ago")]
)
def test_ago(ms: int, read: str) -> None:
    assert words.ago(0, ms) == read


@given(
    st.recursive(st.none() | st.booleans() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_any_value_can_be_shown(thing: object) -> None:
    assert all(isinstance(line, str) for line in words.value(thing))
    list(words.codes(thing))


@given(st.text())
def test_any_text_is_a_number_or_explained(text: str) -> None:
    try:
        assert len(numbers.parse(text)) == 10
    except NotNHSNumberError as fault:
        assert "10 digits" in str(fault)


@pytest.mark.parametrize(
    ("typed", "like"),
    [("999 000 0018", True), ("999000001", True), ("1234567", False), ("19470302", False), ("smith", False), ("smith 9990000018", False)],
)
def test_what_looks_like_an_nhs_number(typed: str, like: bool) -> None:
    assert numbers.looks_like_number(typed) is like


@pytest.mark.parametrize("filler", ["0000000000", "1111111111", "2222222222"])
def test_fillers_are_no_numbers(filler: str) -> None:
    with pytest.raises(NotNHSNumberError, match="one digit ten times"):
        numbers.parse(filler)

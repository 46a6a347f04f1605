from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.mapping import values

WRITTEN = values.dates(("dd/mm/yyyy", "mm/yyyy", "yyyy"))
CELLS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2), max_leaves=4)


@pytest.mark.parametrize(("cell", "read"), [
    (None, None), ("", None), ("  ", None), (" a ", "a"), (3, "3"), (True, "true"), ({"b": 1, "a": 2}, '{"a":2,"b":1}')])
def test_text(cell: object, read: str | None) -> None:
    assert values.text(cell) == read


@pytest.mark.parametrize(("cell", "read"), [
    (18000, "2019-04-14"), (-1, "1969-12-31"), ("2019", "2019"), ("2019-03", "2019-03"), ("2019-03-02T10:00:00Z", "2019-03-02"),
    ("1980-02-29Z", "1980-02-29"), ("1980-02-29+01:00", "1980-02-29"), ("1980-02Z", "1980-02Z"), ("infinity", "infinity"),
    (2**40, str(2**40)), ("unknown", "unknown"), (None, None)])
def test_day(cell: object, read: str | None) -> None:
    assert values.day(cell) == read


@pytest.mark.parametrize(("cell", "read"), [
    (1_709_374_500_000_000, "2024-03-02T10:15:00Z"), (1_709_374_500_250_000, "2024-03-02T10:15:00.25Z"),
    ("2024-03-02T10:15:00.000000Z", "2024-03-02T10:15:00Z"), ("2024-03-02T10:15:00+01:00", "2024-03-02T09:15:00Z"),
    ("2024-03-02 10:15:00", "2024-03-02T10:15:00Z"), ("infinity", "infinity"), (2**80, str(2**80)),
    (-1_000_000_000_000_000, "1938-04-24T22:13:20Z"),
    (1_709_374_500, "1709374500"), (1_709_374_500_000, "1709374500000"), (-1_000_000_000_000, "-1000000000000"), (0, "0"),
    (1_709_374_500_000_000_000, "1709374500000000000")])
def test_instant(cell: object, read: str | None) -> None:
    assert values.instant(cell) == read


@pytest.mark.parametrize(("cell", "read"), [
    ("2024-01-05T10:00:00Z", "2024-01-05T10:00:00Z"), ("2024-06-05T10:00:00Z", "2024-06-05T09:00:00Z"),
    ("2024-06-05 10:00:00.5", "2024-06-05T09:00:00.5Z"),
    ("2024-10-27T00:59:59Z", "2024-10-26T23:59:59Z"), ("2024-10-27T01:30:00Z", "2024-10-27T00:30:00Z"),
    ("2024-10-27T02:00:00Z", "2024-10-27T02:00:00Z"),
    ("2024-06-05T10:00:00+02:00", "2024-06-05T08:00:00Z"), ("2024-06-05T10:00:00+00:00", "2024-06-05T10:00:00Z"),
    (1_717_581_600_000_000, "2024-06-05T09:00:00Z"), ("infinity", "infinity"), ("+292278994-08-16T23:00:00Z", "+292278994-08-16T23:00:00Z"),
    ("0001-01-01T00:00:00Z", "0001-01-01T00:01:15Z"), ("summer", "summer"), ("", None), (None, None)])
def test_the_clock_of_england(cell: object, read: str | None) -> None:
    """Summer and winter, and the hour that comes twice."""
    assert values.local(cell) == read


@pytest.mark.parametrize(("cell", "read"), [
    ("02/03/2019", "2019-03-02"), ("2/3/2019", "2019-03-02"), ("03/2019", "2019-03"), ("2019", "2019"), ("", None), (None, None)])
def test_dates_as_written(cell: object, read: str | None) -> None:
    assert WRITTEN(cell) == read


@pytest.mark.parametrize("cell", ["31/02/2019", "13/2019", "about 2019", "00/00/0000", "2019-03-02"])
def test_a_date_that_cannot_be_read_is_kept_as_it_was_given(cell: str) -> None:
    assert WRITTEN(cell) == cell


@pytest.mark.parametrize(("cell", "read"), [
    ("28.00", "28"), ("0.500", "0.5"), ("500.000", "500"), ("0.000", "0"), ("-0.10", "-0.1"), ("28", "28"), ("100", "100"),
    ("1.2.30", "1.2.30")])
def test_a_columns_scale_is_no_precision(cell: str, read: str) -> None:
    assert values.number(cell) == read


@pytest.mark.parametrize(("given_text", "read"), [
    ("5.4", ("5.4", None)), ("<3", ("3", "<")), (">= 90", ("90", ">=")), ("Negative", None), ("5.4 mmol/L", None), ("", None)])
def test_measured(given_text: str, read: tuple[str, str | None] | None) -> None:
    assert values.measured(given_text) == read


@pytest.mark.parametrize(("on", "at", "read"), [
    ("2024-03-02", "09:30", "2024-03-02T09:30:00"), ("2024-03", "09:30", "2024-03 09:30"), ("2024-03-02", "am", "2024-03-02 am"),
    ("2024-03-02", "09:30:15Z", "2024-03-02T09:30:15"), ("2024-03-02", "09:30:00.000Z", "2024-03-02T09:30:00"),
    ("2024-03-02", None, "2024-03-02"), (None, "09:30", "09:30"), (None, None, None)])
def test_a_date_and_a_time_of_day(on: str | None, at: str | None, read: str | None) -> None:
    assert values.clock(on, at) == read


@given(CELLS)
def test_whatever_a_cell_holds_something_of_it_is_kept(cell: object) -> None:
    for read in (values.text, values.day, values.instant, values.local, values.number, WRITTEN):
        assert read(cell) is None or isinstance(read(cell), str)
        assert (read(cell) is None) == (values.text(cell) is None)

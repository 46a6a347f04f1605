"""Moments as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.history.moment import MomentError, iso, parse

NOW = int(datetime(2026, 11, 25, 12, 30, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(("text", "at"), [
    ("2026-11-25T09:30:00Z", "2026-11-25T09:30:00.000Z"),
    ("2026-11-25T10:30:00+01:00", "2026-11-25T09:30:00.000Z"),
    ("2026-11-25 09:30:00.125Z", "2026-11-25T09:30:00.125Z"),
    ("2026-11-24", "2026-11-24T23:59:59.999Z"),
    ("2026-11-25", "2026-11-25T12:30:00.000Z"),
    ("20261124", "2026-11-24T23:59:59.999Z"),
    ("2026-W48-2", "2026-11-24T23:59:59.999Z"),
    ("1970-01-01", "1970-01-01T23:59:59.999Z"),
    ("2026-10-25T01:30:00+01:00", "2026-10-25T00:30:00.000Z"),
    ("now", "2026-11-25T12:30:00.000Z"),
])
def test_what_is_taken(text: str, at: str) -> None:
    assert iso(parse(text, NOW)) == at


@pytest.mark.parametrize(("text", "why"), [
    ("2026-11-25T09:30:00", "names no time zone"), ("yesterday", "is no time"), ("2026-13-01", "is no time"), ("", "is no time"),
    ("2026-11-26", "still to come"), ("2026-11-25T12:30:00.001Z", "still to come"), ("1969-01-01T00:00:00Z", "before 1970"),
    ("1969-12-31", "before 1970"), ("0001-01-01", "before 1970"), ("2026-10-25T01:30:00", "names no time zone"), ("2026", "is no time"),
    ("9999-12-31", "still to come"), ("\x1b[31m", "“this” is no time"), ("0001-01-01T00:00:00+23:59", "before 1970"),
])
def test_what_is_refused(text: str, why: str) -> None:
    with pytest.raises(MomentError, match=why):
        parse(text, NOW)


@given(st.integers(0, NOW))
def test_what_is_written_is_read(at: int) -> None:
    assert parse(iso(at), NOW) == at


@given(st.text(max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    try:
        assert 0 <= parse(text, NOW) <= NOW
    except MomentError as fault:
        assert str(fault).isprintable()

"""ER7 taken apart: separators, repeats, components, escapes, character sets, times."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.hl7.er7 import CLEARED, NotER7Error, Separators, parse, unescaped
from producers.hl7.moments import birth_date, utc


def test_fields_repeats_components_and_subcomponents() -> None:
    found = parse(b"MSH|^~\\&|A|B\rPID|1||7^^^X&1.2&ISO^MR~8^^^Y|\"\"|||\r\n\rZZZ|x")
    pid = found.of("PID")[0]
    assert [[each.component(n) for n in (1, 4, 5)] for each in pid.repeats(3)] == [["7", "X", "MR"], ["8", "Y", None]]
    assert (pid.value(4), pid.value(5), pid.value(99), pid.value(2)) == (CLEARED, None, None, None)
    assert (found.head.value(3), [each.name for each in found.segments]) == ("A", ["MSH", "PID", "ZZZ"])


def test_other_separators() -> None:
    found = parse(b"MSH*:;!%*A\rPID*1**7:::X%1;8*a!S!b")
    assert [each.component(4) for each in found.of("PID")[0].repeats(3)] == ["X", None]
    assert found.of("PID")[0].value(4) == "a:b"


@pytest.mark.parametrize(("escaped", "plain"), [
    (r"a\F\b\S\c\T\d\R\e\E\f", r"a|b^c&d~e\f"), (r"\X41\\X4243\ ", "ABC "), (r"\H\bold\N\ \.br\x", "bold \nx"), (r"\Zq\ \ ", r"\Zq\ \ ")])
def test_escapes(escaped: str, plain: str) -> None:
    assert unescaped(escaped, Separators()) == plain


@given(st.text(alphabet="ab|^&~\\\r", max_size=12))
def test_what_is_escaped_comes_back(text: str) -> None:
    names = {"|": r"\F\ "[:3], "^": r"\S\ "[:3], "&": r"\T\ "[:3], "~": r"\R\ "[:3], "\\": r"\E\ "[:3], "\r": r"\X0D\ "[:5]}
    found = parse(("MSH|^~\\&|" + "".join(names.get(each, each) for each in text) + "|x").encode()).head
    assert (found.value(3) or "", found.value(4)) == (text.strip(), "x")


@pytest.mark.parametrize(("name", "data"), [("", "é".encode()), ("8859/1", "é".encode("latin-1")), ("", "é".encode("latin-1")),
                                            ("UNICODE UTF-8", "é".encode()), ("ASCII", "é".encode("latin-1")),
                                            ("8859/2", "é".encode("iso8859-2")), ("8859/15", "é".encode("iso8859-15")),
                                            ("ASCII", "é".encode()), ("ASCII", rb"\XC3A9\ "), ("ASCII", rb"\XE9\ "),
                                            ("", rb"\XC3A9\ "), ("UNICODE UTF-8", rb"\XC3A9\ "), ("8859/1", rb"\XE9\ "), ("", rb"\XE9\ ")])
def test_character_sets(name: str, data: bytes) -> None:
    message = b"MSH|^~\\&" + b"|" * 16 + name.encode() + b"\rPID|" + data
    assert parse(message).of("PID")[0].value(1) == "é"


@pytest.mark.parametrize("name", ["", "8859/1", "ASCII", "WINDOWS"])
def test_an_apostrophe_of_a_word_processor(name: str) -> None:
    head = b"MSH|^~\\&" + b"|" * 16 + name.encode()
    assert parse(head + b"\rPID|O\x92Brien").of("PID")[0].value(1) == "O\u2019Brien"
    assert parse(head + b"\rPID|\x81Brien").of("PID")[0].value(1) == "\x81Brien"  # no letter of Windows-1252


def test_line_ends_in_what_people_typed_are_text_where_segments_end_with_cr() -> None:
    found = parse(b"MSH|^~\\&|A\rPID|1 High St\nFlat 2|x\rNTE|one\n\ntwo\nTHE end\nNHS\nPV1|I\r\n")
    assert [each.name for each in found.segments] == ["MSH", "PID", "NTE", "PV1"]
    assert (found.of("PID")[0].value(1), found.of("NTE")[0].value(1)) == ("1 High St\nFlat 2", "one\n\ntwo\nTHE end\nNHS")
    for end in (b"\n", b"\r\n", b"\r\r\n"):
        assert [each.name for each in parse(end.join((b"MSH|^~\\&|A", b"PID|1", b"NTE|x", b""))).segments] == ["MSH", "PID", "NTE"]
        with pytest.raises(NotER7Error):
            parse(end.join((b"MSH|^~\\&|A", b"NTE|one", b"two")))


def test_a_letter_of_central_europe() -> None:
    message = b"MSH|^~\\&" + b"|" * 16 + b"8859/2\rPID|\xb1|\\XB1\\"
    assert [parse(message).of("PID")[0].value(field) for field in (1, 2)] == ["ą", "ą"]


@pytest.mark.parametrize("data", [b"", b"PID|1", b"MSH", b"MSH|^~\\&|a\rnot a segment", b"MSH||||||||", b"MSHabcdefgh", b"{}"])
def test_what_is_no_message(data: bytes) -> None:
    with pytest.raises(NotER7Error):
        parse(data)


@given(st.binary(max_size=60))
def test_bytes_of_whatever_kind_raise_nothing_else(data: bytes) -> None:
    for each in (data, b"MSH|^~\\&|" + data):
        with contextlib.suppress(NotER7Error):
            parse(each)


@pytest.mark.parametrize(("text", "moment"), [
    ("20260102030405.6+0100", "2026-01-02T02:04:05.600000Z"), ("20260702030405", "2026-07-02T02:04:05.000000Z"),
    ("2026", "2026-01-01T00:00:00.000000Z"), ("20261302", None), ("", None), (None, None), ("2026-01-02", None),
    ("00010101000000+1400", None), ("20260102+9900", None), ("20260102+2400", None), ("20260102-0060", None),
    ("٢٠٢٦", None)])
def test_times(text: str | None, moment: str | None) -> None:
    assert utc(text) == moment


def test_the_hour_that_comes_twice_is_taken_for_its_first_pass() -> None:
    """An offset says which it was."""
    assert [utc(each) for each in ("20261025005900", "20261025015000", "20261025011000", "20261025020000", "20261025011000+0000")] == [
        f"2026-10-{each}:00.000000Z" for each in ("24T23:59", "25T00:50", "25T00:10", "25T02:00", "25T01:10")]


@pytest.mark.parametrize(("text", "born"), [
    ("19610615", "1961-06-15"), ("196106", "1961-06"), ("1961", "1961"), ("19610615120000", "1961-06-15"), ("20240229", "2024-02-29"),
    ("x", None), (None, None), ("00000000", None), ("19611345", None), ("19610230", None), ("01021961", None), ("1961abc", None),
    ("1961-06-15", None), ("00010101", None), ("99991231", None), ("19610600", None)])
def test_dates_of_birth_keep_their_precision_and_are_days_of_a_calendar(text: str | None, born: str | None) -> None:
    assert birth_date(text) == born

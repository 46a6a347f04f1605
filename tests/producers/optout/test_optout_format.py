"""The format `optout`: each line asked has one outcome, and what reasons say holds no number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.contract import FORMAT_HEADER, ItemResult, RawMessage
from producers.formats import Reader
from producers.optout import files
from producers.optout.files import read_files
from producers.optout.format import SOURCE
from producers.plain import FileError
from tests.producers.test_reading_properties import JSON, check
from tests.strategies import NUMBERS, THIRD

AT = "2026-01-02T03:04:05.000000Z"
N1, N2 = NUMBERS
WRONG = "9990000019"


def read(value: Any) -> list[ItemResult]:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    found = Reader("", None).read(RawMessage("raw.x26-opt-out.v1", 0, 3, 0, None, data, {FORMAT_HEADER: b"optout"}))
    check(found, 3)
    return found


def part(asked: Any, returned: Any, checked: Any = AT, first: Any = 1) -> dict[str, Any]:
    return {"checked": checked, "first": first, "asked": asked, "returned": returned}


def outcomes(found: list[ItemResult]) -> list[str]:
    return [each.outcome.reason or "".join(claim.status for claim in each.claims) for each in found]


def written(folder: Path, asked: str, returned: str) -> tuple[Path, Path]:
    (folder / "asked.dat").write_text(asked)
    (folder / "returned.dat").write_text(returned)
    return folder / "asked.dat", folder / "returned.dat"


@pytest.mark.parametrize(("value", "expected"), [
    (part([f"{N1},", f"{N2},"], [f"{N2},"]), ["asserted", "retracted"]), (part([N1], []), ["asserted"]),
    (part([f"{N1},", f"{N1},"], [f"{N1},"]), ["retracted", "retracted"]),
    (part([f"{N1},", f"{WRONG},", ""], []), ["asserted", "no-number", "no-number"]),
    (part([N1], [N2]), ["not-together"]), (part([N1], [N1, WRONG]), ["not-together"]),
    (part([N1], [], None), ["no-time"]), (part([N1], [], "today"), ["no-time"]),
    (part([], []), ["unreadable"]), (part([N1], None), ["unreadable"]), (part([N1, 5], []), ["unreadable"]),
    (part([N1], [], AT, "1"), ["unreadable"]), ({}, ["unreadable"]), ([], ["unreadable"]), (b"", ["unreadable"]),
    (b"[" * 100_000, ["unreadable"]), (f"{N1},\n".encode(), ["unreadable"])])
def test_every_line_has_one_outcome(value: Any, expected: list[str]) -> None:
    assert outcomes(read(value)) == expected


def test_a_claim_is_about_the_number_and_says_when_the_check_was_made_and_where_it_stands() -> None:
    (found,) = read(part([f"{N1},"], [], "2026-01-02T04:04:05+01:00", 10_001))
    (claim,) = found.claims
    assert (claim.source, claim.type, claim.ref, claim.body) == (SOURCE, "opted-out", N1, b"{}")
    assert (claim.position, claim.raw.item) == (AT, "line/10001")
    assert not found.assertions, "nothing clinical, and nobody's record"


@settings(max_examples=60)
@given(JSON | st.binary(max_size=100))
def test_anything_has_outcomes_and_no_reason_tells_a_number(value: Any) -> None:
    parts = [part(value, [N1]), part([N1, N2], value), part([N1], [], value), part([N1], [N2], AT, value)]
    for data in [value] if isinstance(value, bytes) else [value, *parts]:
        for each in read(data):
            assert N1 not in each.outcome.item + each.outcome.reason + (each.quarantined.detail if each.quarantined else "")


def test_two_files_are_parts_that_stand_by_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LINES", 2)
    asked, returned = written(tmp_path, f"{N1},\r\n{N2},\n{WRONG}\n{THIRD},\n", f"{THIRD},\n{N2},")
    parts = [read(each.value) for each in read_files(asked, returned, AT)]
    assert [outcomes(each) for each in parts] == [["asserted", "retracted"], ["no-number", "retracted"]]
    assert [item.outcome.item for each in parts for item in each] == ["line/1", "line/2", "line/3", "line/4"]


def test_an_empty_answer_leaves_everybody_out(tmp_path: Path) -> None:
    (only,) = read_files(*written(tmp_path, f"{N1},\n{N2},\n", ""), AT)
    assert outcomes(read(only.value)) == ["asserted", "asserted"]


@pytest.mark.parametrize("cut", range(1, 24))
def test_an_answer_cut_short_within_a_line_is_none(tmp_path: Path, cut: int) -> None:
    whole = f"{N1},\n{N2},\n"
    asked, returned = written(tmp_path, f"{N1},\n{N2},\n", whole[:cut])
    if cut in (11, 12, 23):
        assert outcomes(read(next(read_files(asked, returned, AT)).value))[0] == "retracted"
    else:
        with pytest.raises(FileError, match="cut short"):
            read_files(asked, returned, AT)


@pytest.mark.parametrize(("asked", "returned", "told"), [
    (f"{N1},\n", f"{N1},\n{N2},\n{THIRD},\n", "2 of the numbers in it were not asked about, the first in line 2"),
    (f"{N1},\n", "The file contains one or more invalid NHS Numbers.\n", "refused the list, for a number in it that is none;"),
    (f"{N1},\n{WRONG},\n", "The file contains one or more invalid NHS Numbers.\n", "(line 2)"),
    (f"{N1},\n", '{"version": 10, "status": "pending"}\n', "the service's word that it is at work"),
    (f"{N1},\n", f"{WRONG},\n", "line 1 is no NHS number"), (f"{N1},\n", "\0\0\0", "line 1 is no NHS number"),
    ("", f"{N1},\n", "no valid NHS number"), ("nhs_number\n", "", "no valid NHS number")])
def test_files_that_are_no_check_are_told_of_before_anything_is_published(tmp_path: Path, asked: str, returned: str, told: str) -> None:
    with pytest.raises(FileError) as fault:
        read_files(*written(tmp_path, asked, returned), AT)
    assert told in str(fault.value)
    assert N1 not in str(fault.value) and WRONG not in str(fault.value)

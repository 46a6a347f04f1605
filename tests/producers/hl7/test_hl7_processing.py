"""MSH-11: what is marked as training, debugging or testing is nothing that production takes in, and training takes in everything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.contract import FORMAT_HEADER, ItemResult
from producers.hl7.files import read_file
from producers.processing import PROCESSING_HEADER, TESTING, Processing
from tests.producers.hl7.test_hl7_format import ADMIT, HEADERS, MERGE, RESULT, outcomes, read
from tests.producers.hl7.test_hl7_identity import message, pid

TRAINING = HEADERS | Processing.TRAINING.headers
KINDS = {"2 claims": ADMIT, "1 claims": MERGE, "not-adt": RESULT, "other-event": message("A03", "01", pid("1")),
         "nothing-said": message("A08", "0101080000", pid("1")), "unidentified": message("A08", "0101080000")}


def marked(value: bytes, processing_id: str) -> bytes:
    fields = value.split(b"\r")[0].split(b"|")
    assert fields[10] == b"P"
    fields[10] = processing_id.encode()
    return b"\r".join((b"|".join(fields), *value.split(b"\r")[1:]))


def said(found: list[ItemResult]) -> list[tuple[object, ...]]:
    return [(each.outcome, each.claims, each.quarantined) for each in found]


@pytest.mark.parametrize("mark", ["T", "D", "N", "V", "t", "T^A", "D^I", "T&x", " T ", "T^T", "TEST", "Training"])
@pytest.mark.parametrize(("outcome", "value"), KINDS.items())
def test_what_is_marked_is_ignored_by_production_whatever_it_is_and_taken_by_training(outcome: str, value: bytes, mark: str) -> None:
    assert outcomes(read(marked(value, mark))) == ["not-production"]
    assert said(read(marked(value, mark), TRAINING)) == said(read(value)), "as if it were production's"
    assert outcomes(read(value)) == [outcome]


@pytest.mark.parametrize("mark", ["", "P", "p", "P^T", "^T", "^D", "P&T", '""', "X", "TT", "2.4", "\\T\\", "&T", "P~T", "Ť",
                                  "\\XZZ\\", "\x00"])
def test_all_else_is_production_the_mode_too(mark: str) -> None:
    """MSH-11.2 is the processing mode (table 0207), where T is `current, sent at intervals`. Many feeds leave MSH-11 empty."""
    for headers in (HEADERS, TRAINING):
        assert said(read(marked(ADMIT, mark), headers)) == said(read(ADMIT))


@given(st.text(st.characters(codec="utf-8", exclude_characters="|\r\n\x0b\x1c"), max_size=8)
       | st.sampled_from("DPTNV").map(lambda code: f"{code}^T"))
def test_any_mark_leaves_a_message_what_it_is_or_out(mark: str) -> None:
    value = marked(ADMIT, mark)
    assert outcomes(read(value, TRAINING)) == ["2 claims"]
    code = re.split("[~^&]", mark, maxsplit=1)[0].strip().upper()
    if not any(each in mark for each in "~\\"):            # the others' first repeat may be empty, or spelled in escapes
        assert outcomes(read(value)) == (["not-production"] if code in TESTING else ["2 claims"])
    assert outcomes(read(value)) in (["not-production"], ["2 claims"])


def test_a_message_that_ends_before_its_mark_is_read_as_one_without() -> None:
    assert outcomes(read(b"MSH|^~\\&|LAB|RXA|||20260101||ORU^R01")) == ["not-adt"]


def test_each_message_of_a_batch_goes_by_its_own_mark() -> None:
    batch = b"\r".join((marked(ADMIT, "T"), ADMIT, marked(RESULT, "D"), MERGE))
    assert outcomes(read(batch)) == ["not-production", "2 claims", "not-production", "1 claims"]
    assert outcomes(read(batch, TRAINING)) == ["2 claims", "2 claims", "not-adt", "1 claims"]


def test_what_is_marked_is_ignored_of_a_source_that_nobody_named() -> None:
    """It can be told without: nobody is asked to name the source of what is not taken in."""
    assert outcomes(read(marked(ADMIT, "T"), {FORMAT_HEADER: b"hl7"})) == ["not-production"]


@pytest.mark.parametrize("header", [b"", b"production", b"Training ", b"TRAINING", b"T", b"\xff", b"training\x00"])
def test_a_header_that_says_nothing_known_is_production(header: bytes) -> None:
    assert outcomes(read(marked(ADMIT, "T"), HEADERS | {PROCESSING_HEADER: header})) == ["not-production"]


@pytest.mark.parametrize("processing", Processing)
def test_the_raw_message_alone_decides_wherever_it_is_read_again(processing: Processing, tmp_path: Path,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.hl7"
    path.write_bytes(marked(ADMIT, "T"))
    (raw,) = read_file(path, "RXA/hl7", {"RXA"}, processing)
    found = []
    for here in Processing:
        monkeypatch.setenv("MAINSTEM_PROCESSING", here.value)
        found.append(outcomes(read(raw.value, dict(raw.headers))))
    assert found == [["2 claims" if processing is Processing.TRAINING else "not-production"]] * 2

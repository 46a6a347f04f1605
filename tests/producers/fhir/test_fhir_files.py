"""Files as messages: the same bytes are the same message; folders are searched; what is missing is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from producers.contract import FORMAT_HEADER, SOURCE_HEADER
from producers.fhir import FhirFormat
from producers.fhir.errors import PathError, SourceNameError, TooLargeError
from producers.fhir.files import listed, read_file
from producers.fhir.publish import Publisher, checked_source
from schemas import kafka
from tests.producers.fhir.resources import ALLERGY_R4, SODIUM


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    (tmp_path / "b.json").write_text(json.dumps(ALLERGY_R4))
    (tmp_path / "deep" / "a.json").write_text(json.dumps(SODIUM))
    (tmp_path / "notes.txt").write_text("not FHIR")
    return tmp_path


def test_a_message_is_named_after_its_bytes_and_reads_like_any_other(folder: Path):
    messages = [read_file(path, "RXA/epr") for path in listed([folder])]
    assert len(messages) == 2
    assert all(each.topic.startswith("file:") and len(each.topic) == 69 and each.offset == 0 for each in messages)
    assert messages[0].headers == {FORMAT_HEADER: b"fhir", SOURCE_HEADER: b"RXA/epr"}
    (found,) = FhirFormat().read(messages[0])
    assert found.assertions[0].source == "RXA/epr"
    assert (found.assertions[0].raw.topic, found.assertions[0].raw.item) == (messages[0].topic, "AllergyIntolerance/a")
    assert (found.outcome.assertions, found.quarantined) == (1, None)


def test_neither_names_nor_order_nor_repetition_of_files_matter(folder: Path, tmp_path: Path):
    once = {each.topic for each in map(read_file, listed([folder]))}
    (folder / "copy.json").write_bytes((folder / "b.json").read_bytes())
    again = [each.topic for each in map(read_file, listed([folder / "deep", folder / "copy.json", folder / "b.json", folder / "b.json"]))]
    assert set(again) == once
    assert len(again) == 3


def test_a_quarantined_item_says_where_and_whose(folder: Path):
    (folder / "b.json").write_text(json.dumps(ALLERGY_R4 | {"code": 5}))
    message = read_file(folder / "b.json", "RXA/epr")
    (found,) = FhirFormat().read(message)
    assert found.quarantined is not None
    assert (found.quarantined.source, found.quarantined.patient, found.quarantined.reason) == ("RXA/epr", "p1", "bad-element")
    assert found.quarantined.raw.item == "AllergyIntolerance/a"
    assert "element `code`" in found.quarantined.detail


def test_a_missing_path_is_named_before_anything_is_read(folder: Path):
    with pytest.raises(PathError, match="no such file or folder"):
        listed([folder, folder / "nowhere"])


def test_a_folder_without_files_of_ours_is_named(folder: Path):
    (folder / "empty").mkdir()
    with pytest.raises(PathError, match="no FHIR files"):
        listed([folder / "empty"])


@pytest.mark.parametrize("given", ["RXA", "RXA/", "/epr", "RX A/epr", "RXA/epr/x"])
def test_a_source_has_two_parts(given: str):
    with pytest.raises(SourceNameError, match="RXA/epr"):
        checked_source(given)
    assert checked_source("RXA/epr") == "RXA/epr"


def test_a_file_that_fits_no_message_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kafka, "LARGEST_VALUE", 100)
    message = read_file(folder / "b.json")
    with pytest.raises(TooLargeError, match="gzip it, or split it"):
        Publisher("127.0.0.1:9").publish(message, "RXA/epr")

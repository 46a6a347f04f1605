"""A mistake in a mapping is refused with file, place, what was expected and the nearest valid name."""

from __future__ import annotations

from pathlib import Path

import pytest

from producers.mapping.errors import MappingError
from producers.mapping.load import load_all, parse
from tests.producers.changes import SMALL

MISTAKES = [
    ("kind: allergy", "kind: alergy", "tables.t.allergy.records[0].kind", "did you mean 'allergy'?"),
    ("clinical_status: {", "clinical_staus: {", "tables.t.allergy.records[0].fields.clinical_staus", "did you mean 'clinical_status'?"),
    ("clinical_status: {column: status, map: status}", "clinical_status: {column: status, map: statsu}",
     "tables.t.allergy.records[0].fields.clinical_status.map", "did you mean 'status'?"),
    ("clinical_status: {column: status, map", "clinical_status: {column: status, mapp",
     "tables.t.allergy.records[0].fields.clinical_status", "unknown key 'mapp'; did you mean 'map'?"),
    ("agent: {coded:", "agent: {codde:", "tables.t.allergy.records[0].fields.agent", "did you mean 'coded'?"),
    ("note: note", "note: [note]", "tables.t.allergy.records[0].fields.note", "expected a column's name or a rule"),
    ("agent: {coded: {code: code, system: {column: system, systems: coding}, display: term, text: term}}", "agent: term",
     "tables.t.allergy.records[0].fields.agent", "expected `coded`"),
    ("systems: coding}", "systems: codign}", "tables.t.allergy.records[0].fields.agent.coded.system.systems", "did you mean 'coding'?"),
    ("system: {column: system, systems: coding}, ", "", "tables.t.allergy.records[0].fields.agent.coded", "a code needs its `system`"),
    ("labels: {sensitive:", "labels: {sensitiv:", "tables.t.allergy.records[0].labels.sensitiv", "input should be 'sensitive'"),
    ("retracted: {column: wrong, equals: true}", "retracted: {column: wrong}", "tables.t.allergy.records[0].retracted", "one of equals"),
    ('N: "02"}', 'N: "2"}', "tables.t.patient.claims.carries_number.verification.values.N", "input should be '01'"),
    ("record: patient", "record: patient/{mrn}", "tables.t.patient.records[0].record", "expected 'patient'"),
    ("record: allergy/{id}", "record: allergy/{id", "tables.t.allergy.records[0].record", "columns in braces"),
    ('record: "contact/{id}"', 'record: "appointment/{id}"', "tables.t.contact.records[1].part", "give one of them another part"),
    ("t.noise:", "noise:", "tables.noise", "a table with its schema"),
    ("ignore: nothing clinical in it", "not_taken: [a]", "tables.t.noise", "expected either `records`, or `ignore`"),
    ("patient: mrn", "patients: mrn", "the top", "did you mean 'patient'?"),
    ("source: RXX/test", "source: RXX/test\nsource: RXX/test", "line 3", "stands twice"),
    ("source: RXX/test", "source: [RXX/test", "line", "not YAML"),
    ("source: RXX/test\n", "", "source", "this key is required and missing"),
]


@pytest.mark.parametrize(("right", "wrong", "place", "advice"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_what_to_do(right: str, wrong: str, place: str, advice: str) -> None:
    assert right in SMALL
    with pytest.raises(MappingError) as caught:
        parse(SMALL.replace(right, wrong, 1), "small.yaml")
    told = str(caught.value)
    assert "small.yaml" in told
    assert place in told
    assert advice in told


def test_all_mistakes_are_told_at_once() -> None:
    wrong = SMALL.replace("kind: allergy", "kind: alergy").replace("kind: encounter", "kind: encountre")
    with pytest.raises(MappingError) as caught:
        parse(wrong, "small.yaml")
    assert [place for place, _ in caught.value.problems] == ["tables.t.allergy.records[0].kind", "tables.t.contact.records[1].kind"]


def test_words_of_a_trust_are_not_truth_values() -> None:
    given = SMALL.replace("values: {A: active, R: resolved}", "values: {ON: active, no: resolved, off: null}")
    assert parse(given, "small.yaml").source == "RXX/test"


def test_a_source_has_one_file(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(SMALL)
    with pytest.raises(MappingError, match=r"b\.yaml: at source: a\.yaml already maps 'RXX/test'"):
        load_all(tmp_path)


@pytest.mark.parametrize("text", ["", "3", "[]", "\x00", "a: b: c", "- - -", "&a [*a]", "? {a: b}\n: c"])
def test_whatever_a_file_holds_is_a_mapping_error(text: str) -> None:
    with pytest.raises(MappingError):
        parse(text, "x.yaml")

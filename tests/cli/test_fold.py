"""`mainstem fold`: the same bytes whatever the order of files, and the rest in spite of what cannot be read."""

from __future__ import annotations

import gzip
import itertools
import json
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from mainstem import canonical
from mainstem.cli.fold import app
from mainstem.model import Assertion, Claim, Known, RawRef
from mainstem.shelf import shown
from mainstem.terminology import Shelf, builtin, store
from mainstem.terminology.statements import Statements
from processors.identity.scoring.release import built_in
from processors.identity.scoring.shelf import ModelShelf
from schemas.codec import write_file
from tests.processors.identity.test_linked_by_score import LINKING, who

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
RAW = RawRef("raw.rxa-epr.v1", 0, 7)


def run(*arguments: str | Path):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def allergy(source: str, position: str, note: str, patient: str = "1") -> Assertion:
    content = canonical.encode({"agent": {"text": "what the ward calls P"}, "note": note})
    return Assertion(source=source, patient=patient, record="allergy/1", kind="allergy", position=position, content=content, raw=RAW)


def claim(source: str, number: str = "9990000018") -> Claim:
    return Claim(source=source, patient="1", type="carries-number", position="01", raw=RAW,
                 body=canonical.encode({"nhs_number": number, "verification": "01"}))


def write(path: Path, *values) -> Path:
    if path.suffix == ".avro":
        with path.open("wb") as out:
            write_file(out, type(values[0]).__name__, values)
    else:
        path.write_bytes(b"\n".join(msgspec.json.encode(value) for value in values))
    return path


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    zipped = tmp_path / "known.jsonl.gz"
    zipped.write_bytes(gzip.compress(msgspec.json.encode(Known(allergy("RXC/c", "01", "c"), 5000, 1, 2))))
    return [
        write(tmp_path / "one.avro", allergy("RXA/epr", "01", "old"), allergy("RXA/epr", "02", "new")),
        write(tmp_path / "two.jsonl", allergy("A82038/gp", "01", "gp"), claim("A82038/gp"), allergy("RXA/epr", "01", "old")),
        write(tmp_path / "claims.avro", claim("RXA/epr")),
        zipped,
    ]


def test_the_order_of_arguments_makes_no_difference(files):
    outputs = {run(*order, "--output", "json").stdout for order in itertools.permutations(files)}
    assert len(outputs) == 1
    persons = json.loads(outputs.pop())["persons"]
    assert [(person["nhs_numbers"], len(person["entries"])) for person in persons if len(person["sources"]) == 2] == [([], 2)]
    notes = {entry["content"]["note"] for person in persons for entry in person["entries"]}
    assert notes == {"new", "gp", "c"}


def test_the_folder_gives_what_its_files_give(files, tmp_path):
    assert run(tmp_path, "--output", "json").stdout == run(*files, tmp_path, "--output", "json").stdout


def test_every_field_names_its_assertion(files):
    for person in json.loads(run(*files, "--output", "json").stdout)["persons"]:
        for entry in person["entries"]:
            assert {name for behind in entry["provenance"] for name in behind["fields"]} == set(entry["content"])
            assert all(behind["raw"]["topic"] for behind in entry["provenance"])


def test_what_cannot_be_read_is_named_and_the_rest_folded(files, tmp_path):
    (tmp_path / "cut.avro").write_bytes(files[0].read_bytes()[:-20])
    (tmp_path / "bad.jsonl").write_bytes(
        b'not json\n{"source":"X/y","patient":"1","record":"allergy/1","kind":"allergy","position":"01","content":{"agnet":null}}\n'
        + msgspec.json.encode(allergy("Z/z", "01", "kept")))
    found = run(tmp_path, tmp_path / "absent.json", "--output", "json")
    assert found.exit_code == 1
    assert json.loads(found.stdout)["input"]["quarantined"] == 4
    for told in ("cut.avro record/", "bad.jsonl line/1 (unreadable)", "bad.jsonl line/2 (bad-content)", "absent.json (unreadable)"):
        assert told in found.stderr
    assert "kept" in found.stdout
    assert "agnet" not in found.stderr


def test_content_may_be_written_as_plain_json(tmp_path):
    path = tmp_path / "plain.jsonl"
    path.write_text('{"source":"X/y","patient":"1","record":"allergy/1","kind":"allergy","position":"01","content":{"note":"by hand"}}')
    found = run(path, "--output", "json", "--pretty")
    assert found.exit_code == 0
    assert "by hand" in found.stdout


def test_files_that_do_not_say_their_version_are_folded_as_of_their_export(tmp_path):
    (tmp_path / "flag.json").write_text(json.dumps({"resourceType": "Flag", "id": "f", "code": {"text": "Falls risk"},
                                                    "subject": {"reference": "Patient/p"}}))
    refused, taken = (run(tmp_path, "--source", "RXA/fhir", "--output", "json", *said)
                      for said in ((), ("--exported", "2024-05-01T09:00:00Z")))
    assert (refused.exit_code, taken.exit_code) == (1, 0)
    assert "--exported" in refused.stderr
    assert [len(person["entries"]) for person in json.loads(taken.stdout)["persons"]] == [1]


def test_test_data_are_folded_only_where_it_is_said_that_they_are(tmp_path, monkeypatch):
    (tmp_path / "flag.json").write_text(json.dumps({
        "resourceType": "Flag", "id": "f", "code": {"text": "Falls risk"}, "subject": {"reference": "Patient/p"},
        "meta": {"lastUpdated": "2024-05-01T09:00:00Z", "tag": [{"code": "HTEST"}]}}))
    ignored, taken = (run(tmp_path, "--source", "RXA/fhir", "--output", "json", *said) for said in ((), ("--processing", "training")))
    assert "ignored as test data: 1 resources" in ignored.stderr and "--processing training" in ignored.stderr
    assert (ignored.exit_code, json.loads(ignored.stdout)["persons"], json.loads(ignored.stdout)["input"]["ignored"]) == (0, [], 1)
    assert [len(person["entries"]) for person in json.loads(taken.stdout)["persons"]] == [1] and not taken.stderr
    monkeypatch.setenv("MAINSTEM_PROCESSING", "training")
    assert run(tmp_path, "--source", "RXA/fhir", "--output", "json").stdout == taken.stdout


def test_as_known_at(files):
    known = files[3]
    assert len(json.loads(run(known, "--output", "json", "--at", "1970-01-01T00:00:05Z").stdout)["persons"]) == 1
    assert json.loads(run(known, "--output", "json", "--at", "1970-01-01T00:00:04Z").stdout)["persons"] == []
    assert run(known, "--at", "yesterday").exit_code == 2


def test_the_matching_model_is_the_one_that_is_named(tmp_path):
    shelf, ours = ModelShelf(tmp_path / "home" / "matching"), msgspec.structs.replace(LINKING, name="ours")
    shelf.keep(ours)
    path = write(tmp_path / "two.jsonl", who("RXA/epr|1"), who("A82038/gp|1"), allergy("RXA/epr", "01", "a"),
                 allergy("A82038/gp", "01", "b"))
    for arguments, persons, said in (([], 2, shown(built_in())), (["--matching", "ours", "--home", tmp_path / "home"], 1, shown(ours))):
        found = json.loads(run(path, *arguments, "--output", "json").stdout)
        assert (len(found["persons"]), found["matching"]) == (persons, said)
    refused = run(path, "--matching", "absent", "--home", tmp_path / "home")
    assert refused.exit_code == 2 and "absent" in refused.output


def test_the_terminology_is_the_one_that_is_named(tmp_path):
    coded = {"agent": {"codes": [{"system": "http://snomed.info/sct", "code": "91936005"}]}}
    finding = allergy("RXA/epr", "01", "")
    named = msgspec.structs.replace(finding, source="RXA/pas", content=canonical.encode({"agent": {"text": "penicillin"}}))
    path = write(tmp_path / "both.jsonl", msgspec.structs.replace(finding, content=canonical.encode(coded)), named, claim("RXA/epr"),
                 claim("RXA/pas"))
    data = store.made("bare", Statements([], []), {})
    shelf = Shelf(tmp_path / "home" / "terms")
    shelf.folder.mkdir(parents=True)
    release = f"bare@{store.Store(data, 'bare').head.digest[:12]}"
    (shelf.folder / f"{release}.terms").write_bytes(data)
    for arguments, facts, said in (([], 1, builtin().release), (["--terminology", "bare", "--home", tmp_path / "home"], 2, release),
                                   (["--terminology", release, "--home", tmp_path / "home"], 2, release)):
        found = json.loads(run(path, "--output", "json", *arguments).stdout)
        assert (sum(len(person["entries"]) for person in found["persons"]), found["terminology"]) == (facts, said)
    refused = run(path, "--terminology", "absent", "--home", tmp_path / "home")
    assert refused.exit_code == 2 and "absent" in refused.output


def test_people_get_a_table(files):
    found = run(*files)
    assert found.exit_code == 0
    assert "what the ward calls P" in found.stdout


@pytest.mark.corpus
@pytest.mark.skipif(not CORPORA.exists(), reason="no corpora beside the repository")
def test_the_corpora_fold_the_same_in_any_order():
    gp = sorted((CORPORA / "gp-connect-stu3").rglob("*.json*"))[:6]
    first = run(*gp, "--output", "json")
    assert json.loads(first.stdout)["persons"]
    assert run(*reversed(gp), "--output", "json").stdout == first.stdout

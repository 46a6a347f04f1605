"""`mainstem ingest fhir` on a real broker: one message a file, in its source's raw topic, with the headers capture needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.stack import down, up
from mainstem.cli.ingest import app
from producers.contract import FORMAT_HEADER, SOURCE_HEADER
from schemas import kafka, topics
from tests.producers.fhir.test_fhir_mapping import ALLERGY_R4, SODIUM

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("stack")
    up(home, only=["kafka"], say=lambda _: None)
    yield home
    down(home, say=lambda _: None)


def published(home: Path, source: str, count: int) -> list[tuple[bytes, dict[str, bytes]]]:
    from deploy.stack import endpoints

    consumer = kafka.consumer(endpoints(home).kafka, "test")
    consumer.subscribe([topics.raw(source).name])
    try:
        found = consumer.consume(count, timeout=60)
        return [(each.value(), dict(each.headers())) for each in found]
    finally:
        consumer.close()


def test_each_file_is_one_message_as_it_came(home: Path, tmp_path: Path):
    for name, resource in (("a", ALLERGY_R4), ("b", SODIUM)):
        (tmp_path / f"{name}.json").write_text(json.dumps(resource))
    done = CliRunner().invoke(app, ["fhir", str(tmp_path), "--source", "RXA/epr", "--home", str(home), "--output", "json"])
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["published"] == 2
    found = published(home, "RXA/epr", 2)
    assert sorted(json.loads(value)["id"] for value, _ in found) == ["a", "na"]
    assert all(headers == {FORMAT_HEADER: b"fhir", SOURCE_HEADER: b"RXA/epr"} for _, headers in found)


def test_an_unnamed_source_is_in_no_header(home: Path, tmp_path: Path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(ALLERGY_R4 | {"patient": {"reference": "Patient/7f1e0f3a-0000-4000-8000-000000000001"}}))
    done = CliRunner().invoke(app, ["fhir", str(path), "--home", str(home)])
    assert done.exit_code == 0, done.stderr
    assert published(home, "unknown/fhir", 1)[0][1] == {FORMAT_HEADER: b"fhir"}

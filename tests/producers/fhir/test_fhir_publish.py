"""`mainstem ingest fhir` on real servers: one message a file as it came, and after capture one ledgered outcome a resource."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mainstem.cli.ingest import app
from mainstem.operations import Ledger
from producers.contract import EXPORTED_HEADER, FORMAT_HEADER, SOURCE_HEADER
from schemas import kafka as clients
from schemas import topics
from schemas.codec import Codec
from tests.producers.fhir.conftest import read_bytes
from tests.producers.fhir.resources import ALLERGY_R4, SODIUM


@pytest.fixture
def source() -> str:
    """Of this test alone, on a broker that others use too."""
    return f"RXA/{uuid.uuid4().hex[:8]}"


def consumed(kafka: str, topic: str, seconds: float) -> Iterator[tuple[bytes, dict[str, bytes]]]:
    """Messages of a topic from its beginning, as they come, for so long."""
    consumer = clients.consumer(kafka, f"test-{uuid.uuid4().hex}")
    consumer.subscribe([topic])
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            for message in consumer.consume(500, timeout=0.5):
                assert message.error() is None
                yield message.value(), dict(message.headers() or ())
    finally:
        consumer.close()


def test_each_file_is_one_message_as_it_came(kafka: str, source: str, tmp_path: Path):
    for name, resource in (("a", ALLERGY_R4), ("b", SODIUM)):
        (tmp_path / f"{name}.json").write_text(json.dumps(resource))
    done = CliRunner().invoke(app, ["fhir", str(tmp_path), "--source", source, "--exported", "2024-05-01T09:00:00+01:00",
                                    "--kafka", kafka, "--output", "json"])
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["published"] == 2
    found = consumed(kafka, topics.raw(source).name, 60)
    values, headers = zip(next(found), next(found), strict=True)
    assert sorted(json.loads(value)["id"] for value in values) == ["a", "na"]
    said = {FORMAT_HEADER: b"fhir", SOURCE_HEADER: source.encode(), EXPORTED_HEADER: b"2024-05-01T08:00:00.000000Z"}
    assert all(each == said for each in headers)


def test_an_unnamed_source_is_in_no_header(kafka: str, tmp_path: Path):
    path, identity = tmp_path / "a.json", str(uuid.uuid4())
    path.write_text(json.dumps(ALLERGY_R4 | {"patient": {"reference": f"Patient/{identity}"}}))
    done = CliRunner().invoke(app, ["fhir", str(path), "--kafka", kafka])
    assert done.exit_code == 0, done.stderr
    found = consumed(kafka, topics.raw("unknown/fhir").name, 60)
    assert next(headers for value, headers in found if identity.encode() in value) == {FORMAT_HEADER: b"fhir"}


@pytest.mark.corpus
def test_every_resource_of_both_corpora_has_one_outcome_in_the_ledger(
    kafka: str, registry: str, source: str, uk_core: list[Path], gp_connect: dict[str, list[Path]]
):
    files = [*uk_core, *gp_connect["january"], *gp_connect["june"]]
    done = CliRunner().invoke(app, ["fhir", *map(str, files), "--source", source, "--kafka", kafka, "--output", "json"])
    assert done.exit_code == 0, done.stderr
    expected = Counter((str(each.result), str(each.reason)) for path in files for each in read_bytes(path.read_bytes(), source))
    servers = ["--kafka", kafka, "--registry", registry, "--source", source, "--group", f"test-{uuid.uuid4().hex[:8]}"]
    capture = subprocess.Popen([sys.executable, "-m", "producers.capture", *servers], stderr=subprocess.DEVNULL)
    try:
        assert ledgered(kafka, registry, topics.raw(source).name, expected.total()) == expected
    finally:
        capture.terminate()
        capture.wait(30)


def ledgered(kafka: str, registry: str, raw: str, count: int) -> Counter[tuple[str, str]]:
    """Outcomes of a raw topic by result and reason, once there are so many; no item has two."""
    clients.ensure_topics(kafka, [topics.LEDGER])
    decode = Codec(registry).decoder(topics.LEDGER)
    found: dict[tuple[int, int, str], tuple[str, str]] = {}
    for value, _ in consumed(kafka, topics.LEDGER.name, 120):
        ledger: Ledger = decode(value)
        for each in ledger.outcomes if ledger.topic == raw else ():
            item = (ledger.partition, each.offset, each.item)
            assert item not in found
            found[item] = (str(each.result), each.reason)
        if len(found) >= count:
            break
    return Counter(found.values())

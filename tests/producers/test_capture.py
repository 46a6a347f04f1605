"""The capture process on a real broker and registry: killed, fenced, stopped, and what it left behind."""

from __future__ import annotations

import gzip
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstem.operations import Result
from mainstem.verify import received
from producers.contract import FORMAT_HEADER, RawMessage
from producers.debezium import DebeziumFormat
from producers.mapping.load import load_all
from producers.reasons import Reason
from tests.eventually import eventually
from tests.producers.captured import Captured
from tests.producers.changes import ALLERGY, BEGUN, PATIENT, change, message

CANARY = "Zebedee-Canary"


@pytest.fixture
def captured(kafka: str, registry: str, tmp_path: Path) -> Iterator[Captured]:
    made = Captured(kafka, registry, tmp_path)
    yield made
    made.close()


def rows(count: int, start: int = 0) -> list[RawMessage]:
    """Rows of some hundred patients, with a tombstone, a bad one and one filed under nobody now and then, over both partitions."""
    made = []
    for number in range(start, start + count):
        row = ALLERGY | {"id": number, "mrn": str(number % 300), "note": CANARY}
        one = (message(None) if number % 50 == 3 else message(CANARY.encode()) if number % 50 == 7
               else change("c", "patient", after=PATIENT | {"mrn": str(number % 300)}, lsn=BEGUN + number) if number % 50 == 11
               else change("u", "allergy", row, row | {"mrn": None}, lsn=BEGUN + number) if number % 50 == 17
               else change("c", "allergy", after=row, lsn=BEGUN + number))
        made.append(one._replace(partition=number % 2))
    return made


def everything_once(captured: Captured) -> None:
    """Every raw offset has one outcome, and committed readers find what reading it gives, each once."""
    sent = captured.sent()
    outcomes = captured.outcomes()
    assert outcomes.keys() == {(each.partition, each.offset) for each in sent}
    assert all(len(found) == 1 for found in outcomes.values())
    reader = DebeziumFormat(captured.source, load_all(captured.mappings)[captured.source])
    items = [item for each in sent for item in reader.read(each)]
    assert captured.assertions() == Counter(one for item in items for one in item.assertions)
    assert captured.claims() == Counter(one for item in items for one in item.claims)
    assert sorted(each.raw.offset * 2 + each.raw.partition for each in captured.quarantined()) == sorted(
        item.quarantined.raw.offset * 2 + item.quarantined.raw.partition for item in items if item.quarantined)


def test_killed_at_any_moment_it_loses_and_doubles_nothing(captured: Captured) -> None:
    captured.send(rows(8000))
    process = captured.start()
    for done in (1, 3000):
        eventually(lambda done=done: len(captured.outcomes()) >= done, f"{done} outcomes")
        process.kill()
        process.wait(10)
        captured.send(rows(2000, start=8000 + done))
        process = captured.start()
    other = captured.start("2")
    eventually(lambda: len(captured.outcomes()) >= 12_000, "an outcome for every message")
    process.kill()  # the other takes over what it had
    process.wait(10)
    captured.send(rows(100, start=20_000))
    eventually(lambda: len(captured.outcomes()) >= 12_100, "an outcome for what came after the takeover")
    assert other.poll() is None
    everything_once(captured)
    assert CANARY not in captured.log.read_text()


def test_it_ends_cleanly_and_reads_on_where_it_stopped(captured: Captured) -> None:
    captured.send(rows(200))
    process = captured.start()
    eventually(lambda: len(captured.outcomes()) == 200, "an outcome for every message")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    again = captured.start()
    wanted = {f"{captured.raw.name}/0": 100, f"{captured.raw.name}/1": 100}
    eventually(lambda: captured.positions() == wanted, "a heartbeat with the positions reached before")
    captured.send(rows(20, start=200))
    eventually(lambda: len(captured.outcomes()) == 220, "an outcome for what came later")
    again.send_signal(signal.SIGTERM)
    assert again.wait(20) == 0
    everything_once(captured)


def test_a_coordinator_that_forgot_how_far_the_group_was_makes_nothing_double(captured: Captured) -> None:
    captured.send(rows(400))
    process = captured.start()
    eventually(lambda: len(captured.outcomes()) == 400, "an outcome for every message")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    captured.forget({0: 20, 1: 0})
    captured.send(rows(20, start=400))
    captured.start()
    eventually(lambda: len(captured.outcomes()) == 420, "an outcome for what came later")
    everything_once(captured)
    assert f"{captured.raw.name}/0: the group's position is 20, the ledger's 200" in captured.log.read_text()


def test_a_later_process_of_the_same_instance_fences_the_earlier(captured: Captured) -> None:
    captured.send(rows(50))
    first = captured.start()
    eventually(lambda: len(captured.outcomes()) == 50, "an outcome for every message")
    second = captured.start()
    captured.send(rows(50, start=50))
    assert first.wait(60) == 3
    assert "start again" in captured.log.read_text()
    eventually(lambda: len(captured.outcomes()) == 100, "an outcome from the second process")
    assert second.poll() is None
    everything_once(captured)


def test_each_format_is_taken_in_and_what_cannot_be_is_quarantined(captured: Captured) -> None:
    patient = (b'{"resourceType": "Patient", "id": "p1", "meta": {"lastUpdated": "2026-01-01"}, '
               b'"identifier": [{"system": "urn:x", "value": "77"}]}')
    captured.send([message(patient, headers={FORMAT_HEADER: b"fhir"}), message(patient, headers={FORMAT_HEADER: b"dicom"})])
    captured.start()
    outcomes = eventually(lambda: found if len(found := captured.outcomes()) == 2 else None, "two outcomes")
    assert [outcomes[0, 0][0].result, outcomes[0, 1][0].result] == [Result.ASSERTIONS, Result.QUARANTINED]
    [quarantined] = captured.quarantined()
    assert quarantined.reason == Reason.UNKNOWN_FORMAT
    assert [one.kind for one in captured.assertions()] == ["patient"]


def test_files_of_very_many_items_stop_nothing(captured: Captured) -> None:
    """Of one the outcomes are more than a record of the ledger holds, of another more than capture takes."""
    entries = [b'{"resourceType":"Bundle","entry":[' + b",".join([b'""'] * count) + b"]}" for count in (12_000, 383_500)]
    patient = (b'{"resourceType": "Patient", "id": "p1", "meta": {"lastUpdated": "2026-01-01"}, '
               b'"identifier": [{"system": "urn:x", "value": "77"}]}')
    captured.send([message(gzip.compress(each), headers={FORMAT_HEADER: b"fhir"}) for each in (*entries, patient)])
    captured.start()
    outcomes = eventually(lambda: found if len(found := captured.outcomes()) == 3 else None, "three outcomes", 120)
    assert [len(found) for _, found in sorted(outcomes.items())] == [12_001, 1, 1]
    assert [each.result for each in (*outcomes[0, 1], *outcomes[0, 2])] == [Result.QUARANTINED, Result.ASSERTIONS]
    said = [*captured.assertions().elements(), *captured.claims().elements(), *received.quarantined(captured.bootstrap, captured.codec)]
    places = received.places(captured.bootstrap, [captured.raw])
    check = received.check_ledger(places, received.ledger(captured.bootstrap, captured.codec), said)
    assert check.compared == 3
    assert [each for each in check.differences.values() if captured.raw.name in each] == []


def test_a_mapping_with_a_mistake_is_refused_before_anything_is_captured(captured: Captured) -> None:
    file = captured.mappings / "test.yaml"
    file.write_text(file.read_text().replace("kind: allergy", "kind: alergy"))
    assert captured.start().wait(60) == 2
    told = captured.log.read_text()
    assert "test.yaml: at tables.t.allergy.records[0].kind: no kind 'alergy'; did you mean 'allergy'?" in told
    assert "Traceback" not in told


def test_without_servers_it_waits_and_says_what_for_until_told_to_end(tmp_path: Path) -> None:
    import sys
    output = tmp_path / "log"
    with output.open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "producers.capture", "--kafka", "127.0.0.1:1", "--registry", "http://127.0.0.1:1",
                                    "--source", "RXA/epr"], stdout=log, stderr=log)
    try:
        eventually(lambda: "mainstem stack up" in output.read_text(), "a message saying what is awaited", 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait(10)


def test_marks_of_transactions_at_the_end_do_not_wait_to_be_captured(captured: Captured) -> None:
    """Connect writes in transactions; behind the last row lies the mark of its own, and nothing that anybody waits for."""
    captured.send_committed(rows(20))
    ends = captured.ends()
    assert sum(ends.values()) == 22
    captured.start()
    eventually(lambda: captured.positions() == ends, "positions at the ends")
    captured.send_committed(rows(20, 20))
    eventually(lambda: captured.positions() == captured.ends() and sum(captured.ends().values()) == 44, "positions at the later ends")
    everything_once(captured)

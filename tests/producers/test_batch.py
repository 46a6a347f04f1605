"""What one transaction of capture holds, of whatever files: every record is a message that a broker takes, and their number is bounded."""

from __future__ import annotations

import gzip
import json

import pytest

from mainstem.operations import Outcome, Result
from producers import batch
from producers.batch import Batches, Told
from producers.contract import FORMAT_HEADER, SOURCE_HEADER, RawMessage
from producers.formats import Readers
from producers.mapping.load import parse
from producers.reasons import Reason
from schemas import kafka, topics
from schemas.codec import Codec
from tests.producers.changes import ALLERGY, SMALL, change

SOURCE = "RXX/files"
MANY_ENTRIES = gzip.compress(b'{"resourceType":"Bundle","entry":[' + b",".join([b'""'] * 383_500) + b"]}")
"""Some kilobytes, of which nothing can be taken in."""
CODEC = Codec("mock://batch")


def file(value: bytes, offset: int, form: bytes = b"fhir") -> RawMessage:
    return RawMessage(topics.raw(SOURCE).name, 0, offset, 0, b"k", value, {FORMAT_HEADER: form, SOURCE_HEADER: SOURCE.encode()})


def resources(count: int, text: str = "Rash") -> bytes:
    """Newline-delimited conditions of some hundred patients."""
    return b"\n".join(json.dumps({
        "resourceType": "Condition", "id": f"3c5d7f2e-0000-4000-8000-{n:012d}", "subject": {"reference": f"Patient/p{n % 500}"},
        "meta": {"lastUpdated": "2026-01-02T03:04:05Z"}, "code": {"text": text}}).encode() for n in range(count))


def told(*messages: RawMessage) -> Told:
    return Batches(CODEC, Readers({}, [SOURCE])).tell(messages)


def outcomes(found: Told) -> list[Outcome]:
    """As the ledger has them. Each of its records covers no more than it says."""
    decode = CODEC.decoder(topics.LEDGER)
    ledgers = [decode(record.value) for record in found.records if record.topic == topics.LEDGER.name]
    assert all(ledger.first == ledger.outcomes[0].offset and ledger.last == ledger.outcomes[-1].offset for ledger in ledgers)
    return [outcome for ledger in ledgers for outcome in ledger.outcomes]


def are_messages(found: Told) -> None:
    assert max(len(record.value or b"") + len(record.key) for record in found.records) < kafka.MAX_BYTES


def test_a_small_file_of_very_many_items_is_one_item_that_says_to_split_it() -> None:
    found = told(file(MANY_ENTRIES, 0), file(resources(1), 1))
    are_messages(found)
    assert [(each.offset, each.item, each.result) for each in outcomes(found)] == [
        (0, "", Result.QUARANTINED), (1, "Condition/3c5d7f2e-0000-4000-8000-000000000000", Result.ASSERTIONS)]
    [refused] = [CODEC.decoder(topics.QUARANTINE)(each.value) for each in found.records if each.topic == topics.QUARANTINE.name]
    assert "more than 250,000 resources; split it" in refused.detail


@pytest.mark.parametrize(("value", "form"), [
    (b"\n".join([b'{"resourceType":"List"}'] * 250_001), b"fhir"),
    (b"MSH|\r" * 250_001, b"hl7"),
    (b'{"resourceType":"Bundle","entry":[' + b",".join([b"0"] * 250_001) + b"]}", b"pds"),
], ids=["lines", "hl7", "pds"])
def test_so_it_is_of_every_format_that_knows_items(value: bytes, form: bytes) -> None:
    [outcome] = outcomes(found := told(file(value, 0, form)))
    assert (outcome.item, outcome.result) == ("", Result.QUARANTINED)
    assert "split it" in found.records[0].value.decode("utf-8", "replace")  # type: ignore[union-attr]


def test_a_large_file_is_a_batch_and_its_ledger_is_cut() -> None:
    count = 51_000
    lines = resources(count)
    files = [file(lines, 0), file(lines, 1)]
    found = told(*files)
    are_messages(found)
    assert found.taken == files[:1]
    assert [each.offset for each in outcomes(found)] == [0] * count
    assert sum(record.topic == topics.LEDGER.name for record in found.records) == 11
    assert sum(record.topic == topics.ASSERTIONS.name for record in found.records) == count


def test_a_batch_ends_after_the_message_with_which_it_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [file(resources(4), offset) for offset in range(10)]
    monkeypatch.setattr(batch, "_BATCH_ITEMS", 10)
    assert told(*files).taken == files[:3]
    monkeypatch.undo()
    large = [file(gzip.compress(resources(1, "x" * 3_900_000)), offset) for offset in range(100)]
    assert len(told(*large).taken) == 18


@pytest.mark.parametrize(("size", "reason"), [(3_900_000, ""), (4_100_000, Reason.TOO_LARGE.value)])
def test_what_one_item_says_of_a_record_has_its_limit(size: int, reason: str) -> None:
    found = told(file(resources(1, "x" * size), 0))
    assert [each.reason for each in outcomes(found)] == [reason]
    assert any(record.topic == topics.QUARANTINE.name and b"larger than 4 MB" in (record.value or b"") for record in found.records) == bool(
        reason)


def test_a_row_that_is_quarantined_brings_its_removals_and_the_ledger_counts_them() -> None:
    topic = topics.raw("RXX/test").name
    rows = Batches(CODEC, Readers({"RXX/test": parse(SMALL, "small.yaml")}))
    found = rows.tell([change("u", "allergy", ALLERGY, ALLERGY | {"mrn": None}, offset=3)._replace(topic=topic)])
    assert [record.topic for record in found.records] == [topics.ASSERTIONS.name, topics.QUARANTINE.name, topics.LEDGER.name]
    assert outcomes(found) == [Outcome(offset=3, result=Result.QUARANTINED, reason=Reason.NO_PATIENT.value, assertions=1)]

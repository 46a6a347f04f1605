"""Bad input never raises and never vanishes; what is said does not hang on the order or the number of times it is heard."""

from __future__ import annotations

import json
import logging
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem.kinds import BY_NAME
from mainstem.model import Status
from mainstem.operations import Result
from producers.contract import FORMAT_HEADER, ItemResult
from producers.formats import Reader
from producers.mapping.load import load_all, parse
from producers.reasons import Reason
from schemas.codec import to_avro
from tests.producers.changes import ALLERGY, BEGUN, CONTACT, PATIENT, SMALL, change, message

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
CELLS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | FLOATS | st.text(max_size=8)
JSON = st.recursive(
    CELLS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=4), max_leaves=12)
MAPPINGS = load_all()
TABLES = [(source, name) for source, mapping in MAPPINGS.items() for name in mapping.tables]
READER = Reader("RXX/test", parse(SMALL, "small.yaml"))


def check(items: list[ItemResult], offset: int) -> None:
    """What the contract promises of any message."""
    assert items
    assert len({item.outcome.item for item in items}) == len(items)
    for item in items:
        outcome = item.outcome
        assert outcome.offset == offset
        assert (item.quarantined is not None) == (outcome.result is Result.QUARANTINED)
        assert (outcome.assertions, outcome.claims) == (len(item.assertions), len(item.claims))
        if outcome.reason == Reason.MOVE_UNSEEN:  # what it says now is taken
            assert outcome.assertions + outcome.claims > 0
        elif outcome.result is Result.QUARANTINED:  # what a row no longer says holds, although what it says now cannot be taken in
            assert all(each.status in (Status.REMOVED, Status.RETRACTED) for each in (*item.assertions, *item.claims))
        else:
            assert (outcome.assertions + outcome.claims > 0) == (outcome.result is Result.ASSERTIONS)
        assert (outcome.reason == "") == (outcome.result is Result.ASSERTIONS)
        assert outcome.reason != Reason.READER_FAULT
        for value in (*item.assertions, *item.claims):
            to_avro(value)
            assert value.raw.offset == offset
            assert value.patient
        for each in item.assertions:
            msgspec.json.decode(each.content, type=BY_NAME[each.kind].Content)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_have_one_outcome(value: bytes) -> None:
    check(READER.read(message(value, 3)), 3)


@given(op=st.sampled_from("crudtmx") | JSON, source=JSON | st.fixed_dictionaries({
    "schema": st.just("t"), "table": st.sampled_from(["patient", "allergy", "contact", "noise", "x"]), "lsn": st.integers(0, 2**63) | JSON,
    "ts_ms": JSON}), before=JSON, after=JSON)
def test_any_envelope_has_one_outcome(op: Any, source: Any, before: Any, after: Any) -> None:
    check(READER.read(message(json.dumps({"op": op, "source": source, "before": before, "after": after}).encode(), 4)), 4)


@settings(max_examples=300)
@given(data=st.data(), op=st.sampled_from("crud"), place=st.sampled_from(TABLES))
def test_any_row_of_any_trusts_table_has_one_outcome(data: st.DataObject, op: str, place: tuple[str, str]) -> None:
    source, name = place
    rows = st.fixed_dictionaries(dict.fromkeys(sorted(MAPPINGS[source].tables[name].columns), JSON))
    before = data.draw(st.none() | rows)
    after = data.draw(rows) if op != "d" else None
    schema, table = name.split(".")
    check(Reader(source, MAPPINGS[source]).read(change(op, table, before, after, schema=schema, offset=5)), 5)


@given(st.permutations([
    change("c", "allergy", after=ALLERGY, lsn=BEGUN, offset=1),
    change("u", "allergy", ALLERGY, ALLERGY | {"mrn": "1002"}, lsn=BEGUN + 1, offset=2),
    change("c", "patient", after=PATIENT, lsn=BEGUN + 2, offset=3), change("c", "contact", after=CONTACT, lsn=BEGUN + 3, offset=4),
    change("u", "contact", CONTACT, CONTACT | {"kind": "done"}, lsn=BEGUN + 4, offset=5),
    change("d", "allergy", ALLERGY, lsn=BEGUN + 5, offset=6),
]))
def test_messages_are_read_alone_so_their_order_and_number_say_nothing(messages: list) -> None:
    def told(given_messages: list) -> set[bytes]:
        return {orjson.dumps([repr(one) for one in (*item.assertions, *item.claims)])
                for each in given_messages for item in READER.read(each)}

    assert told(messages) == told(sorted(messages, key=lambda each: each.offset)) == told(messages + messages[:3])


def test_nothing_of_a_patient_is_logged_or_told_in_quarantine(caplog: pytest.LogCaptureFixture) -> None:
    canary = "Zebedee-Canary"
    rows = [ALLERGY | {"mrn": canary, "note": canary, "id": None}, dict.fromkeys(ALLERGY, canary) | {"id": [canary]}, {"mrn": canary},
            {canary: canary}]
    with caplog.at_level(logging.DEBUG):
        for row in rows:
            for op in "crud":
                for item in READER.read(change(op, "allergy", row, row)):
                    if item.quarantined is not None:
                        assert canary not in item.quarantined.detail
        for value in (canary.encode(), orjson.dumps({"op": canary}), orjson.dumps({"op": "c", "source": {"table": 3, "schema": canary}})):
            [item] = READER.read(message(value))
            assert item.quarantined is not None
            assert canary not in item.quarantined.detail
    assert canary not in caplog.text


def test_a_format_nobody_knows_is_quarantined() -> None:
    [item] = READER.read(message(b"{}", headers={FORMAT_HEADER: b"dicom"}))
    assert item.outcome.reason == Reason.UNKNOWN_FORMAT


def test_a_fault_in_a_reader_is_quarantined_and_does_not_stop_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        name = "broken"

        def read(self, _message: object) -> list[ItemResult]:
            raise RuntimeError("Zebedee-Canary")

    monkeypatch.setitem(__import__("producers.formats", fromlist=["FORMATS"]).FORMATS, "broken", lambda *_: Broken())
    [item] = Reader("RXX/test", None).read(message(b"{}", headers={FORMAT_HEADER: b"broken"}))
    assert item.outcome.reason == Reason.READER_FAULT
    assert item.quarantined is not None
    assert "RuntimeError" in item.quarantined.detail
    assert "Canary" not in item.quarantined.detail


def test_a_fhir_file_is_read_by_its_own_format() -> None:
    patient = {"resourceType": "Patient", "id": "p1", "meta": {"lastUpdated": "2026-01-01"},
               "identifier": [{"system": "urn:local", "value": "77"}]}
    items = Reader("RXX/test", None).read(message(orjson.dumps(patient), headers={FORMAT_HEADER: b"fhir"}))
    check(items, 7)
    assert items[0].assertions[0].source == "RXX/test"

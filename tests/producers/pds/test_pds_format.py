"""The format `pds`: signals and answers, each entry with exactly one outcome; what reasons say holds no number."""

from __future__ import annotations

import json
import random
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem import canonical
from processors.identity.linker import assign
from producers.contract import FORMAT_HEADER, ItemResult, RawMessage
from producers.formats import Reader
from producers.pds.format import read_file
from producers.pds.identity import SOURCE
from producers.pds.reasons import Reason
from tests.processors.identity.test_persons import number
from tests.producers.pds.test_pds_identity import NEW, OLD, SIGNAL, SIGNALS, outcome, patient
from tests.producers.test_reading_properties import JSON, check
from tests.strategies import KEY


def read(value: Any, offset: int = 3) -> list[ItemResult]:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    found = Reader("", None).read(RawMessage("raw.x26-pds.v1", 0, offset, 0, None, data, {FORMAT_HEADER: b"pds"}))
    check(found, offset)
    return found


def entry(asked: str, answer: Any) -> dict[str, Any]:
    return {"request": {"method": "GET", "url": f"https://pds.invalid/FHIR/R4/Patient/{asked}"}, "resource": answer}


def answers(*entries: Any, at: str | None = "2026-01-02T03:04:05+01:00") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "batch-response", "timestamp": at, "entry": list(entries)}


def outcomes(found: list[ItemResult]) -> list[str]:
    return [each.outcome.reason or f"{each.outcome.claims} claims" for each in found]


@pytest.mark.parametrize(("value", "expected"), [
    (SIGNAL, ["number-change"]), (SIGNAL | {"type": "pds-record-change-2"}, ["other-signal"]),
    (SIGNAL | {"subject": "1", "dataref": ""}, ["no-number"]),
    (answers(entry(OLD, patient(NEW))), ["1 claims"]), (answers(entry(OLD, patient(OLD, "REDACTED"))), ["2 claims"]),
    (answers(entry(OLD, patient(OLD, "U"))), ["2 claims"]), (answers(entry(OLD, patient(NEW, "R"))), ["3 claims"]),
    (answers(entry(OLD, patient(OLD))), ["1 claims"]), (answers(entry(OLD, patient("x"))), ["no-number"]),
    (answers(entry(OLD, {"resourceType": "OperationOutcome"})), ["no-answer"]), (answers(entry(OLD, None)), ["no-answer"]),
    (answers(entry(OLD, outcome("INVALIDATED_RESOURCE"))), ["1 claims"]),
    (answers(entry(OLD, outcome("RESOURCE_NOT_FOUND"))), ["no-answer"]),
    (answers(entry("x", patient(NEW))), ["not-asked"]), (answers({"resource": patient(NEW)}), ["not-asked"]), (answers(5), ["not-asked"]),
    (answers(entry(OLD, patient(NEW)), at=None), ["no-time"]), (answers(entry(OLD, patient(NEW)), at="yesterday"), ["no-time"]),
    (answers(entry(OLD, patient(NEW)), entry(OLD, patient(OLD)), 5), ["1 claims", "1 claims", "not-asked"]),
    (answers(), ["not-pds"]), (patient(NEW), ["not-pds"]), ({}, ["not-pds"]), ([], ["unreadable"]), (b"", ["unreadable"]),
    (b'{"a":' * 900 + b"1" + b"}" * 900, ["not-pds"]), (b"[" * 100_000, ["unreadable"])])
def test_every_item_has_one_outcome(value: Any, expected: list[str]) -> None:
    assert outcomes(read(value)) == expected


def test_a_claim_says_when_pds_was_asked_and_where_that_stands() -> None:
    (found,) = read(answers(entry(OLD, patient(NEW))))
    (claim,) = found.claims
    assert (claim.source, claim.position, claim.raw.item) == (SOURCE, "2026-01-02T02:04:05.000000Z", "entry/1")
    assert canonical.decode(claim.body) == {"old": OLD, "new": NEW}


def test_carriers_of_a_superseded_number_come_together_in_whatever_order_it_is_said() -> None:
    values = [answers(entry(OLD, patient(OLD, "REDACTED")), at="2026-01-01T00:00:00Z"), answers(entry(OLD, patient(NEW))), SIGNAL]
    carriers = [number("A/x|1", OLD), number("B/y|2", NEW)]
    before = assign(carriers, KEY)
    assert before["A/x|1"].person != before["B/y|2"].person
    for order in permutations(values):
        claims = [claim for place, value in enumerate(order) for each in read(value, place) for claim in each.claims]
        after = assign([*claims, *carriers], KEY)
        assert after["A/x|1"].person == after["B/y|2"].person == before["B/y|2"].person


@settings(max_examples=40)
@given(JSON | st.binary(max_size=100))
def test_anything_has_outcomes(value: Any) -> None:
    read(value)
    if not isinstance(value, bytes):
        read(answers(value, entry(OLD, value), {"request": value, "resource": patient(NEW)}))
        read(answers(entry(OLD, {"resourceType": "Patient", "id": value, "meta": value})))
        read({"specversion": value, "type": value})


def test_what_is_cut_short_or_damaged_has_one_outcome_and_no_reason_tells_a_number() -> None:
    whole = json.dumps(answers(entry(OLD, patient(NEW)))).encode()
    assert {outcome for end in range(len(whole)) for outcome in outcomes(read(whole[:end]))} == {"unreadable"}
    chance = random.Random(2)
    for _ in range(500):
        data = bytearray(whole)
        data[(place := chance.randrange(len(data))):place + 2] = chance.choice([b"", b"1", b'"', b"x"])
        for each in read(bytes(data)):
            told = each.outcome.item + each.outcome.reason + (each.quarantined.detail if each.quarantined else "")
            assert OLD not in told
            assert NEW not in told


def test_each_line_of_a_file_is_a_message(tmp_path: Path) -> None:
    path = tmp_path / "answers.ndjson"
    path.write_text("\n".join((json.dumps(answers(entry(OLD, patient(NEW)))), "{", json.dumps(SIGNAL))))
    assert [outcomes(read(each.value)) for each in read_file(path)] == [["1 claims"], ["unreadable"], ["number-change"]]
    path.write_text(json.dumps(SIGNAL, indent=1))
    assert len(read_file(path)) == 1


@pytest.mark.corpus
def test_every_signal_of_the_corpus_has_one_outcome() -> None:
    if not SIGNALS.is_dir():
        pytest.skip("the corpora are not here")
    found = {path.stem: outcomes(read(path.read_bytes())) for path in SIGNALS.glob("*.json")}
    assert len(found) == 13
    assert {name for name, each in found.items() if each != ["other-signal"]} == {"nhs-number-change-2"}
    assert found["nhs-number-change-2"] == ["number-change"]


def test_reasons_are_advice() -> None:
    assert all(reason.todo.endswith(".") and len(reason.todo) > 30 for reason in Reason)

"""Debezium messages for tests, and a small trust to read them with."""

from __future__ import annotations

from typing import Any

import orjson

from mainstem.model import Assertion
from producers.contract import ItemResult, RawMessage
from producers.debezium import DebeziumFormat
from producers.mapping.load import parse

SMALL = """
source: RXX/test
patient: mrn
systems:
  coding: {SNOMED: http://snomed.info/sct, NONE: null}
vocabularies:
  status: {values: {A: active, R: resolved}}
tables:
  t.patient:
    records:
      - kind: patient
        record: patient
        fields:
          nhs_number: {column: nhs, digits: true}
          verification: traced
          birth_date: {column: born, date: [dd/mm/yyyy, mm/yyyy, yyyy]}
    claims:
      carries_number: {number: nhs, verification: {column: traced, values: {Y: "01", N: "02"}, otherwise: "03"}}
      merged_into: {column: survivor}
  t.allergy:
    ignore_when: {condition: {column: test_row, equals: true}, reason: rows of the training ward}
    records:
      - kind: allergy
        record: allergy/{id}
        retracted: {column: wrong, equals: true}
        removed: {column: deleted, equals: 1}
        labels: {sensitive: {column: private, equals: Y}}
        fields:
          agent: {coded: {code: code, system: {column: system, systems: coding}, display: term, text: term}}
          clinical_status: {column: status, map: status}
          onset: {column: onset, date: day}
          note: note
  t.contact:
    records:
      - {kind: appointment, record: "appointment/{id}", only: {column: kind, equals: planned}, fields: {start: on}}
      - {kind: encounter, record: "contact/{id}", only: {none: [{column: kind, equals: planned}]}, fields: {start: on}}
  t.noise:
    ignore: nothing clinical in it
"""
ALLERGY: dict[str, Any] = {
    "id": 5, "mrn": "1001", "code": "764146007", "system": "SNOMED", "term": "Penicillin", "status": "A", "onset": 18000, "note": None,
    "wrong": False, "deleted": 0, "private": "N", "test_row": False,
}
PATIENT: dict[str, Any] = {"mrn": "1001", "nhs": "999 000 0018", "traced": "Y", "born": "02/03/1980", "survivor": None}
CONTACT: dict[str, Any] = {"id": 9, "mrn": "1001", "kind": "planned", "on": "2024-05-01"}
BEGUN = 1 << 30
"""A log position."""
COMMITTED_MS = 1_700_000_000_000


def reader() -> DebeziumFormat:
    return DebeziumFormat("RXX/test", parse(SMALL, "small.yaml"))


def message(value: bytes | None, offset: int = 7, headers: dict[str, bytes] | None = None, key: bytes | None = None) -> RawMessage:
    return RawMessage("raw.rxx-test.v1", 0, offset, 0, key, value, headers or {})


def change(op: str, table: str, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None, *, lsn: int = BEGUN,
           schema: str = "t", offset: int = 7, committed_before: int | None = None, key: dict[str, Any] | None = None) -> RawMessage:
    """`committed_before`: end of the transaction that was committed before this one."""
    sequence = orjson.dumps([None if committed_before is None else str(committed_before), str(lsn)]).decode()
    source = {"schema": schema, "table": table, "lsn": lsn, "sequence": sequence, "ts_ms": COMMITTED_MS}
    value = orjson.dumps({"before": before, "after": after, "source": source, "op": op, "ts_ms": 1_700_000_000_500})
    return message(value, offset, key=None if key is None else orjson.dumps(key))


def only(results: list[ItemResult]) -> ItemResult:
    assert len(results) == 1
    return results[0]


def said(assertion: Assertion) -> tuple[str, str, str, str]:
    return assertion.patient, assertion.record, assertion.part, assertion.status.value

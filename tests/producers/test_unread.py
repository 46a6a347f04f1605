"""A column that a trust adds is told, once, and what else the row says is taken."""

from __future__ import annotations

import logging

import pytest

from mainstem.observe import metrics
from mainstem.operations import Result
from producers.batch import Batches
from producers.formats import Readers
from producers.mapping.load import parse
from producers.unread import Unread
from schemas import topics
from schemas.codec import Codec
from tests.producers.changes import ALLERGY, PATIENT, SMALL, change, only, reader

TOPIC = topics.raw("RXX/test").name
NEW = "t.allergy.refuted_reason"


def test_a_row_with_a_column_that_the_mapping_does_not_know_is_taken_and_names_it() -> None:
    known, more = change("c", "allergy", after=ALLERGY), change("c", "allergy", after=ALLERGY | {"refuted_reason": "challenge negative"})
    item = only(reader().read(more))
    assert item == only(reader().read(known))._replace(unread=(NEW,))
    assert item.outcome.result is Result.ASSERTIONS


def test_columns_left_on_purpose_and_deleted_rows_name_none() -> None:
    left = parse(SMALL.replace("  t.allergy:\n", "  t.allergy:\n    not_taken: [refuted_reason]\n"), "small.yaml")
    assert left.tables["t.allergy"].unread(ALLERGY | {"refuted_reason": "x"}) == ()
    assert only(reader().read(change("d", "allergy", ALLERGY | {"refuted_reason": "x"}))).unread == ()


def test_it_is_logged_once_a_column_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    batches, unread = Batches(Codec("mock://unread"), Readers({"RXX/test": parse(SMALL, "small.yaml")})), Unread()
    rows = [change("c", "allergy", after=ALLERGY | {"refuted_reason": "Zebedee"}),
            change("c", "patient", after=PATIENT | {"ward": "Zebedee"}),
            change("c", "allergy", after=ALLERGY | {"refuted_reason": "Zebedee", "of Zebedee": 1})]
    with caplog.at_level(logging.WARNING, "producers.capture"):
        for _ in range(2):
            for row in rows:
                unread.tell(batches.tell([row._replace(topic=TOPIC)]).unread)
    assert [f"{TOPIC}: nothing is taken of column {name}" in text for name, text in
            zip((NEW, "t.patient.ward"), caplog.messages, strict=True)] == [True, True]
    assert metrics.now(metrics.COLUMNS_UNREAD, topic=TOPIC) == [3.0]
    assert "Zebedee" not in caplog.text, "what is no name of a column may be anything"

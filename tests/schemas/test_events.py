"""The headers of what subscribers read: the CloudEvents library reads them, equal messages have equal ids, and nobody is told of."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cloudevents.core.bindings.kafka import to_binary_event
from cloudevents.core.v1.event import CloudEvent

from mainstem.model import Change, Entry, Provenance, RawRef
from schemas import topics
from schemas.codec import Codec
from schemas.events import HEADERS, Headers
from schemas.topics import CHANGES, ENTRIES, Topic
from tests.schemas.subscriber import expected, received

DOCUMENT = Path(__file__).parents[2] / "docs" / "topics.md"
PERSON, FACT = "ab" * 16, "cd" * 16
CANARY, NUMBER = "Zebedee-Canary", "9990000018"
ENTRY = Entry(
    person=PERSON, fact=FACT, kind=CANARY, status="current", content=f'{{"note":"{CANARY} {NUMBER}"}}'.encode(), version=3,
    known=1_764_229_133_123, committed=1_764_229_133_001, sources=(CANARY,), rules={CANARY: CANARY}, labels=(CANARY,), release=CANARY,
    provenance=(Provenance(source=CANARY, patient=NUMBER, record=CANARY, part=CANARY, position=CANARY, known=1,
                           raw=RawRef(CANARY, 0, 1, CANARY), recorded=CANARY, lost={"note": CANARY.encode()}),))
CHANGE = Change(id="ef" * 16, person=PERSON, sequence=7, fact=FACT, kind=CANARY, change="updated", version=3, digest="0" * 64,
                known=1_764_229_133_123)
WITHDRAWN = msgspec.structs.replace(ENTRY, status="withdrawn", successor=CANARY)
PUBLISHED: list[tuple[Topic, bytes, Entry | Change]] = [
    (ENTRIES, f"{PERSON}|{FACT}".encode(), ENTRY), (ENTRIES, f"{PERSON}|{FACT}".encode(), WITHDRAWN),
    *((CHANGES, PERSON.encode(), msgspec.structs.replace(CHANGE, change=change)) for change in ("new", "updated", "withdrawn"))]
of_each = pytest.mark.parametrize(("topic", "key", "said"), PUBLISHED, ids=lambda each: getattr(each, "name", None))


def told(topic: Topic, said: Any, codec: Codec | None = None) -> tuple[Headers, bytes]:
    value = (codec or Codec("mock://events")).encoder(topic)(said)
    return HEADERS[topic.name](said, value), value


@of_each
def test_the_library_reads_the_event_that_was_meant(topic: Topic, key: bytes, said: Entry | Change) -> None:
    headers, value = told(topic, said)
    event = received(headers.items(), key, value)
    attributes = event.get_attributes()
    assert attributes | expected(said, key) == attributes
    assert attributes.keys() - expected(said, key).keys() <= {"id", "time"}, "a time is the library's own, of when it read"
    assert re.fullmatch(r"[0-9a-f]{32}", event.get_id())


@of_each
def test_the_library_would_write_the_same_headers(topic: Topic, key: bytes, said: Entry | Change) -> None:
    headers, value = told(topic, said)
    attributes = expected(said, key) | {"id": headers["ce_id"].decode()}
    del attributes["partitionkey"]
    written = to_binary_event(CloudEvent(attributes, value), key_mapper=lambda _: key.decode())
    del written.headers["ce_time"]
    assert (written.headers, written.key, written.value) == (headers, key.decode(), value)


def test_the_same_again_has_the_same_headers_whatever_number_the_registry_gives_its_schema() -> None:
    another = Codec("mock://another")
    another.register([topics.ASSERTIONS, topics.CLAIMS])
    for topic, _, said in PUBLISHED:
        (first, value), (again, other) = told(topic, said), told(topic, said, another)
        assert value[:5] != other[:5] and first == again


@pytest.mark.parametrize("other", [
    {"version": 4}, {"known": 1_764_229_133_124}, {"content": b"{}"}, {"labels": ()}, {"conflict": True}, {"provenance": ()},
    {"person": "ba" * 16}, {"fact": "dc" * 16}, {"status": "withdrawn"}, {"release": "next"}], ids=lambda other: next(iter(other)))
def test_another_entry_has_another_id(other: dict[str, Any]) -> None:
    ids = [told(ENTRIES, said)[0]["ce_id"] for said in (ENTRY, msgspec.structs.replace(ENTRY, **other))]
    assert ids[0] != ids[1]


@of_each
def test_nothing_of_a_patient_is_told(topic: Topic, key: bytes, said: Entry | Change) -> None:
    headers, _ = told(topic, said)
    for name, value in headers.items():
        for canary in (CANARY, NUMBER):
            assert canary.encode() not in value, name


def test_what_subscribers_read_has_them_and_nothing_else() -> None:
    assert HEADERS.keys() == {topic.name for topic in topics.ALL if "subscribers" in topic.readers}


def test_every_header_is_documented() -> None:
    page = DOCUMENT.read_text()
    rows = dict(re.findall(r"^\| `([a-z_-]+)` \| (.*) \|$", page, re.M))
    headers = [(topic, name, value.decode()) for topic, _, said in PUBLISHED for name, value in told(topic, said)[0].items()]
    assert rows.keys() - {"traceparent"} == {name for _, name, _ in headers}
    for topic, name, value in headers:
        if name in {"ce_specversion", "ce_source", "ce_type", "content-type"}:
            assert f"`{value}`" in rows[name], (topic.name, name)

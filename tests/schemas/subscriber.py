"""A subscriber that knows CloudEvents and nothing of ours: the library's Kafka binding."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event

from mainstem.model import Change, Entry


def received(headers: Iterable[tuple[str, bytes]], key: bytes, value: bytes) -> BaseCloudEvent:
    """Raises CloudEventValidationError where the headers make no event. Its `partitionkey` is the message's key."""
    named = list(headers)
    assert len(dict(named)) == len(named), "a name twice"
    return from_binary_event(KafkaMessage(dict(named), key, value))


def expected(said: Entry | Change, key: bytes) -> dict[str, Any]:
    """The attributes of the event that tells of it, all but the id of an entry's."""
    topic, kind = ("entries", f"entry.{said.status}") if isinstance(said, Entry) else ("changes", f"change.{said.change}")
    return {"specversion": "1.0", "source": f"urn:mainstem:records.{topic}.v1", "type": f"uk.mainstem.{kind}",
            "partitionkey": key.decode(), "datacontenttype": "application/avro"} | ({"id": said.id} if isinstance(said, Change) else {})

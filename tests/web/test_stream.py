"""How far capture is behind, measured on a broker."""

from __future__ import annotations

import dataclasses
import time
import uuid

import pytest

from mainstem.web.stream import KafkaStream
from schemas import kafka as clients
from schemas import topics
from schemas.codec import Codec
from tests.eventually import eventually
from tests.web import made


def test_what_waits_is_known_without_a_wait_for_each_partition(kafka: str, registry: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`mainstem record` says what is known of it once this was measured."""
    name = f"stream-test/{uuid.uuid4().hex[:8]}"
    raw = dataclasses.replace(topics.raw(name), partitions=24)
    beats = dataclasses.replace(topics.HEARTBEATS, name=f"test.beats-{uuid.uuid4()}")
    monkeypatch.setattr(topics, "HEARTBEATS", beats)
    clients.ensure_topics(kafka, [raw, beats])
    codec, sender = Codec(registry), clients.producer(kafka)
    codec.register([beats])
    for partition in range(raw.partitions):
        for _ in range(3):
            sender.produce(raw.name, b"x", partition=partition)
    beat = made.beat("capture", time.time_ns() // 1_000_000, positions={f"{raw.name}/{p}": 1 for p in range(raw.partitions)})
    sender.produce(beats.name, codec.encoder(beats)(beat), partition=0)
    assert sender.flush(20) == 0

    stream, began = KafkaStream(kafka, codec, 5), time.monotonic()
    stream.start()
    try:
        eventually(lambda: stream.heard, "the heartbeat")
        assert time.monotonic() - began < 24 * clients.LOOKING_ON_MS / 1000 / 2
        eventually(lambda: stream.waiting(name) == 48, "what waits")
        began = time.monotonic()
    finally:
        stream.stop()
    assert time.monotonic() - began < 2

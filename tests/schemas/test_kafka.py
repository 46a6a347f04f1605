"""Topics are made as described, once, and a topic that stands otherwise is refused."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from schemas import topics
from schemas.errors import KafkaUnavailableError, TopicDiffersError
from schemas.kafka import ensure_topics


def test_topics_are_made_with_their_settings_and_making_them_again_changes_nothing(kafka: str) -> None:
    topic = topics.raw(f"kafka-test/{uuid.uuid4().hex[:8]}")
    ensure_topics(kafka, [topic])
    ensure_topics(kafka, [topic])
    admin = AdminClient({"bootstrap.servers": kafka})
    assert len(admin.list_topics(timeout=15).topics[topic.name].partitions) == topic.partitions
    resource = ConfigResource(ResourceType.TOPIC, topic.name)
    found = admin.describe_configs([resource])[resource].result(15)
    assert {name: found[name].value for name in topic.config} == topic.config


def test_another_partition_count_is_refused_with_what_to_do(kafka: str) -> None:
    topic = topics.raw(f"kafka-test/{uuid.uuid4().hex[:8]}")
    ensure_topics(kafka, [topic])
    with pytest.raises(TopicDiffersError, match="2 partitions and must have 3") as caught:
        ensure_topics(kafka, [replace(topic, partitions=3)])
    assert (caught.value.wanted, caught.value.found) == (3, 2)


def test_no_broker_is_told_with_what_to_do() -> None:
    with pytest.raises(KafkaUnavailableError, match="mainstem stack up"):
        ensure_topics("127.0.0.1:1", [topics.ASSERTIONS], seconds=1)

"""Topics keep the design's promises about the truth, and the documentation says what the code does."""

from __future__ import annotations

from pathlib import Path

from aiokafka.partitioner import murmur2
from hypothesis import given
from hypothesis import strategies as st

from schemas import topics
from schemas.partition import partition

DOCUMENT = Path(__file__).parents[2] / "docs" / "topics.md"


def test_truth_is_neither_compacted_nor_expired() -> None:
    for topic in (topics.raw("RXA/epr"), topics.ASSERTIONS, topics.CLAIMS):
        assert topic.config["cleanup.policy"] == "delete"
        assert topic.config["retention.ms"] == "-1"


def test_co_partitioned_topics_have_the_same_partitions() -> None:
    together = (topics.ASSERTIONS, topics.ASSIGNMENTS, topics.ATTACHED, topics.IDENTITY_CHANGELOG)
    assert {topic.partitions for topic in together} == {topics.PARTITIONS}
    assert topics.PERSON_EVENTS.partitions == topics.RECONCILE_CHANGELOG.partitions


def test_every_topic_is_documented() -> None:
    assert topics.table() in DOCUMENT.read_text()


@given(st.text(max_size=40), st.integers(1, 50))
def test_keys_go_where_the_java_client_sends_them(key: str, partitions: int) -> None:
    assert partition(key, partitions) == ((murmur2(key.encode()) & 0x7FFFFFFF) % partitions if partitions > 1 else 0)

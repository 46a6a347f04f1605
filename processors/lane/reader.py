"""What stages have written to their changelogs, for `verify` and for whoever asks how far they are. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from confluent_kafka import Consumer, Message, TopicPartition

from processors.lane.changelog import batches, reader
from processors.lane.store import MARKERS, decode_markers
from schemas.topics import Topic

_SECONDS = 10.0
_TAIL = 64
"""A marker is the last record of its transaction; only aborted transactions lie between it and the end."""


def changelog_state(bootstrap: str, changelog: Topic) -> dict[int, dict[bytes, bytes]]:
    """State partition -> key -> value, folded from the committed changelog; without the lane's own keys."""
    return {partition: dict(_fold(bootstrap, changelog, partition)) for partition in range(changelog.partitions)}


def markers(bootstrap: str, changelog: Topic) -> Mapping[int, Mapping[str, int]]:
    """State partition -> input topic -> next offset to process. Reads the tail of each partition: cheap enough to poll.

    A marker stands just after the last message processed; transaction markers after it count into the log's end offset but
    not here, so compare with the offset after the last *message* (`mainstem.verify.log.last_offsets`).
    """
    consumer = reader(bootstrap)
    try:
        return {partition: _marker(consumer, changelog.name, partition) for partition in range(changelog.partitions)}
    finally:
        consumer.close()


def _fold(bootstrap: str, changelog: Topic, partition: int) -> Iterator[tuple[bytes, bytes]]:
    state: dict[bytes, bytes] = {}
    consumer = reader(bootstrap)
    try:
        for messages in batches(consumer, changelog.name, partition, 0, lambda: False):
            for message in messages:
                key, value = message.key(), message.value()
                if value is None:
                    state.pop(key, None)
                elif key != MARKERS:
                    state[key] = value
    finally:
        consumer.close()
    return iter(state.items())


def _marker(consumer: Consumer, topic: str, partition: int) -> dict[str, int]:
    first, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), _SECONDS)
    reach = _TAIL
    while end > first:
        start = max(first, end - reach)
        found: Message | None = None
        for messages in batches(consumer, topic, partition, start, lambda: False):
            found = next((m for m in reversed(messages) if m.key() == MARKERS), found)
        if found is not None:
            return decode_markers(found.value() or b"{}")
        if start == first:
            break
        reach *= 16
    return {}

"""What stages have written to their changelogs, for `verify` and for whoever asks how far they are. Reads only."""

from __future__ import annotations

from collections.abc import Mapping

from processors.lane.changelog import batches, bounds, reader
from processors.lane.store import MARKERS, OWN, decode_markers
from schemas.topics import Topic

_TAIL = 64
"""A marker is the last record of its transaction; only aborted transactions lie between it and the end."""


def changelog_state(bootstrap: str, changelog: Topic) -> dict[int, dict[bytes, bytes]]:
    """State partition -> key -> value, folded from the committed changelog; without the lane's own keys."""
    state: dict[int, dict[bytes, bytes]] = {partition: {} for partition in range(changelog.partitions)}
    consumer = reader(bootstrap)
    try:
        for messages in batches(consumer, changelog.name, dict.fromkeys(state, 0)):
            for message in messages:
                key, value, of_partition = message.key() or b"", message.value(), state[message.partition() or 0]
                if value is None:
                    of_partition.pop(key, None)
                elif not key.startswith(OWN):
                    of_partition[key] = value
        return state
    finally:
        consumer.close()


def markers(bootstrap: str, changelog: Topic) -> Mapping[int, Mapping[str, int]]:
    """State partition -> input topic -> next offset to process. Reads the tail of each partition: cheap enough to poll.

    A marker stands just after the last message processed; transaction markers after it count into the log's end offset but
    not here, so compare with the offset after the last *message* (`schemas.log.Ends`).
    """
    consumer = reader(bootstrap)
    found: dict[int, dict[str, int]] = {}
    try:
        limits = {partition: bounds(consumer, changelog.name, partition) for partition in range(changelog.partitions)}
        reach = _TAIL
        while missing := {p: max(first, end - reach) for p, (first, end) in limits.items() if p not in found}:
            for messages in batches(consumer, changelog.name, missing):
                for message in messages:
                    if message.key() == MARKERS:
                        found[message.partition() or 0] = decode_markers(message.value() or b"{}")
            for partition, start in missing.items():
                if start == limits[partition][0]:
                    found.setdefault(partition, {})
            reach *= 16
        return found
    finally:
        consumer.close()

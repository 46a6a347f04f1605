"""Whether the inputs are still the logs in whose offsets the markers count.

A topic can be made anew under its name, lose its end (a disk that was restored, an election of a replica that lacked it), or lose its
beginning (deleted by hand; ours keep everything). Offsets then mean other messages, and a marker would pass over new ones without a
word. How much was lost cannot be told, since the log may have grown since; so reading begins anew, and what is read twice changes nothing.

Not seen: an end that was lost and has grown past the marker again before anybody looked, in a topic that is otherwise the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec

from processors.lane.changelog import bounds, reader
from schemas.topics import Topic

log = logging.getLogger(__name__)
RESET = ""
"""In the place of a topic's identity: it was found to end before its marker."""


class Moved(NamedTuple):
    """A marker that is to be another. `next`: offset to process next, the first there is."""

    next: int
    why: str


def looked(kafka: str, inputs: Iterable[Topic], partition: int, markers: Mapping[str, int], read: Mapping[str, str],
           found: Mapping[str, str], stopped: Callable[[], bool], certain: str = "") -> dict[str, Moved]:
    """By topic, the markers that are to be others. `read`: identity of each topic that the markers are of; `found`: as they are now
    (`changelog.identities`). `certain`: a topic that has lost its end, whatever shows now. Raises LaneStoppedError, KafkaException."""
    moved: dict[str, Moved] = {}
    consumer = reader(kafka)
    try:
        for name in (topic.name for topic in inputs if topic.name in markers):
            marker, (first, end) = markers[name], bounds(consumer, name, partition, stopped)
            known = read.get(name, found[name])
            if known not in (found[name], RESET):
                why = "was made anew since it was last read"
            elif marker > end or name == certain or known == RESET:
                why = "has lost its end, which was processed"
            elif marker < first:
                why = f"has lost up to {first - marker} messages that were not processed: have its writer send them again"
            else:
                continue
            moved[name] = Moved(first, why)
            log.error("%s/%d %s; its beginning is %d, and %d was next", name, partition, why, first, marker)
    finally:
        consumer.close()
    return moved


def encode(identities: Mapping[str, str]) -> bytes:
    return msgspec.json.encode(identities, order="deterministic")


def decode(data: bytes | None) -> dict[str, str]:
    return msgspec.json.decode(data, type=dict[str, str]) if data else {}

"""Whether the inputs are still the logs in whose offsets the markers count.

A topic can be made anew under its name, lose its end (a disk that was restored, an election of a replica that lacked it), or lose its
beginning (deleted by hand; ours keep everything). Offsets then mean other messages, and a marker would pass over new ones without a
word. How much was lost cannot be told, since the log may have grown since; so reading begins anew, and what is read twice changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping

from processors.lane.changelog import bounds, reader
from schemas.topics import Topic

log = logging.getLogger(__name__)


def beginning(kafka: str, topic: Topic, partition: int, stopped: Callable[[], bool]) -> int:
    """Its first offset. Raises LaneStoppedError, KafkaException."""
    consumer = reader(kafka)
    try:
        return bounds(consumer, topic.name, partition, stopped)[0]
    finally:
        consumer.close()


def settled(kafka: str, inputs: Iterable[Topic], partition: int, markers: Mapping[str, int], read: Mapping[str, str],
            found: Mapping[str, str], stopped: Callable[[], bool]) -> dict[str, int]:
    """The markers that are to be others, topic -> next offset to process: the first there is. Each is logged.

    `read`: identity of each topic that the markers are of; `found`: as they are now (`changelog.identities`). Raises LaneStoppedError,
    KafkaException.
    """
    moved = {}
    consumer = reader(kafka)
    try:
        for name in (topic.name for topic in inputs if topic.name in markers):
            marker, (first, end) = markers[name], bounds(consumer, name, partition, stopped)
            if read.get(name, found[name]) != found[name]:
                why = "was made anew since it was last read"
            elif marker > end:
                why = "has lost its end, which was processed"
            elif marker < first:
                why = f"has lost {first - marker} offsets that were not processed: have its writer send them again"
            else:
                continue
            moved[name] = first
            log.error("%s/%d %s; reading it from its beginning, %d, where %d was next", name, partition, why, first, marker)
    finally:
        consumer.close()
    return moved

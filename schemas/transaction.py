"""What our transactional producers share: the record they write, how a fault is waited out, and which errors end a producer."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from confluent_kafka import KafkaError

_PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Seconds."""
FENCED = frozenset({KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH,
                    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED})

REFUSED = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE, KafkaError.INVALID_RECORD,
                     KafkaError.POLICY_VIOLATION, KafkaError.TOPIC_EXCEPTION, KafkaError.TOPIC_AUTHORIZATION_FAILED,
                     KafkaError.CLUSTER_AUTHORIZATION_FAILED})
"""What another attempt with the same records does not cure."""


class Record(NamedTuple):
    """One message of a transaction, ready for the wire."""

    topic: str
    partition: int
    key: bytes
    value: bytes | None
    headers: Mapping[str, bytes] = MappingProxyType({})


def pauses(stop: threading.Event) -> Iterator[int]:
    """1, 2, 3 ... with a growing pause between them, until stopped: how a dependency fault is waited out."""
    attempt = 0
    while not stop.is_set():
        attempt += 1
        yield attempt
        stop.wait(_PAUSES[min(attempt, len(_PAUSES)) - 1])


def done_for(error: KafkaError) -> bool:
    """Whether its producer can do no more: another took its id, or it broke."""
    return error.fatal() or error.code() in FENCED

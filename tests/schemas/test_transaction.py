"""How long a fault is waited out, and what ends a producer."""

from __future__ import annotations

import threading

import pytest
from confluent_kafka import KafkaError

from schemas.transaction import done_for, pauses


class Stop(threading.Event):
    """Set after so many waits, which take no time."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self.left, self.waited = waits, []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout)
        if len(self.waited) == self.left:
            self.set()
        return self.is_set()


def test_pauses_grow_to_two_seconds_and_end_when_asked():
    stop = Stop(8)
    assert list(pauses(stop)) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert stop.waited == sorted(stop.waited)
    assert (stop.waited[0], stop.waited[-2:]) == (0.05, [2.0, 2.0])
    assert list(pauses(stop)) == [], "asked before it began"


@pytest.mark.parametrize(("error", "done"), [
    (KafkaError(KafkaError.PRODUCER_FENCED), True), (KafkaError(KafkaError.INVALID_PRODUCER_EPOCH), True),
    (KafkaError(KafkaError._ALL_BROKERS_DOWN, "", fatal=True), True), (KafkaError(KafkaError._ALL_BROKERS_DOWN), False),
    (KafkaError(KafkaError.CONCURRENT_TRANSACTIONS, "", retriable=True), False),
])
def test_a_producer_ends_with_its_id_taken_or_broken(error: KafkaError, done: bool):
    assert done_for(error) is done

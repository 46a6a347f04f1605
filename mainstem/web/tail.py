"""A thread that follows one topic from a moment or from its beginning, and starts again when the broker was away."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas import kafka
from schemas.errors import RegistryUnavailableError
from schemas.topics import Topic

_log = logging.getLogger(__name__)
_AGAIN_S = 2.0


class Tail:
    """`on_message` is called for each message, in the thread; `between` once it has been read to its end
    and about once a second from then on, with the consumer.

    `restart` is called before reading begins again, since messages then come a second time.
    """

    def __init__(
        self,
        bootstrap: str,
        topic: Topic,
        on_message: Callable[[Message], None],
        *,
        minutes: int | None = None,
        restart: Callable[[], None] = lambda: None,
        between: Callable[[Consumer], None] = lambda _: None,
    ) -> None:
        self._bootstrap, self._topic, self._minutes = bootstrap, topic, minutes
        self._on_message, self._restart, self._between = on_message, restart, between
        self._stopping = threading.Event()
        self.caught_up = threading.Event()
        """Set once every partition has been read to its end and `between` has been called."""
        self._thread = threading.Thread(target=self._run, name=f"tail-{topic.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow()
            except (KafkaException, RegistryUnavailableError) as fault:
                self.caught_up.clear()
                why = fault.args[0].name() if isinstance(fault, KafkaException) else "the schema registry does not answer"
                _log.warning("cannot follow %s (%s); trying again in %.0f s", self._topic.name, why, _AGAIN_S)
                self._stopping.wait(_AGAIN_S)

    def _follow(self) -> None:
        consumer = kafka.consumer(self._bootstrap, f"mainstem-web-{self._topic.name}", enable_partition_eof=True,
                                  fetch_wait_max_ms=kafka.LOOKING_ON_MS)
        try:
            partitions = consumer.list_topics(self._topic.name, timeout=10).topics[self._topic.name].partitions
            if not partitions:
                raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
            self._restart()
            waiting = set(partitions)
            consumer.assign(self._starts(consumer, list(partitions)))
            told = float("-inf")
            while not self._stopping.is_set():
                for message in consumer.consume(500, timeout=0.2):
                    fault = message.error()
                    if fault is None:
                        self._on_message(message)
                    elif fault.code() == KafkaError._PARTITION_EOF:
                        waiting.discard(message.partition())
                    else:
                        raise KafkaException(fault)
                if not waiting and time.monotonic() - told >= 1:
                    told = time.monotonic()
                    self._between(consumer)
                    self.caught_up.set()
        finally:
            consumer.close()

    def _starts(self, consumer: Consumer, partitions: list[int]) -> list[TopicPartition]:
        if self._minutes is None:
            return [TopicPartition(self._topic.name, p, OFFSET_BEGINNING) for p in partitions]
        since = int((time.time() - self._minutes * 60) * 1000)
        return consumer.offsets_for_times([TopicPartition(self._topic.name, p, since) for p in partitions], timeout=10)

"""Views of records written to the audit topic, with confirmed delivery before anything is shown."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from itertools import repeat

from confluent_kafka import KafkaException

from mainstem.operations import AuditEvent, View
from mainstem.settings import Settings
from mainstem.web.asked import whom
from mainstem.web.errors import AuditUnavailableError
from mainstem.web.record import Record, nothing
from mainstem.web.settings import WebSettings
from schemas import kafka, topics
from schemas.codec import Codec
from schemas.errors import RegistryUnavailableError
from schemas.partition import partition


def opened(bootstrap: str, codec: Codec, settings: WebSettings) -> KafkaAudit:
    """With the person key of this deployment."""
    return KafkaAudit(bootstrap, codec, settings.purpose, Settings().person_key.get_secret_value().encode())


class KafkaAudit:
    """Writes `AuditEvent`s. Safe to share between threads."""

    def __init__(self, bootstrap: str, codec: Codec, purpose: str, key: bytes, *, seconds: float = 5.0) -> None:
        """`key`: that person ids are hashed with."""
        # An event that could not be delivered in time is dropped, not sent late: it would tell of a view that was refused.
        self._producer = kafka.producer(bootstrap, message_timeout_ms=int(seconds * 1000), linger_ms=0)
        self._codec = codec
        self._purpose, self._key = purpose, key
        self._seconds = seconds

    def viewed(self, actor: str, view: View, records: Sequence[Record], moments: Sequence[int] = ()) -> None:
        undelivered = {self._send(event) for event in self._events(actor, view, records, moments)}
        deadline = time.monotonic() + self._seconds + 1
        while undelivered and time.monotonic() < deadline:
            self._producer.poll(0.01)
            undelivered = {one for one in undelivered if not one.delivered()}
        if undelivered:
            raise AuditUnavailableError("the broker did not confirm it in time")

    def nobody(self, actor: str, asked: str) -> None:
        self.viewed(actor, View.NOBODY, [nothing(whom(asked, self._key))])

    def check(self) -> None:
        try:
            self._producer.list_topics(topics.AUDIT.name, timeout=2)
        except KafkaException as fault:
            raise AuditUnavailableError(f"the broker does not answer ({fault.args[0].name()})") from None

    def _events(self, actor: str, view: View, records: Sequence[Record], moments: Sequence[int]) -> list[AuditEvent]:
        now = time.time_ns() // 1_000_000
        return [
            AuditEvent(
                id=str(uuid.uuid4()),
                at=now,
                actor=actor,
                action=view.value,
                person=record.person,
                digest=record.digest,
                known=record.known,
                purpose=self._purpose,
                moment=moment,
            )
            for record, moment in zip(records, moments or repeat(None, len(records)), strict=True)
        ]

    def _send(self, event: AuditEvent) -> _Delivery:
        delivery = _Delivery()
        try:
            value = self._codec.encoder(topics.AUDIT)(event)
            self._producer.produce(
                topics.AUDIT.name, value, event.person, partition(event.person, topics.AUDIT.partitions), on_delivery=delivery.report
            )
        except RegistryUnavailableError:
            raise AuditUnavailableError("the schema registry does not answer") from None
        except (KafkaException, BufferError) as fault:
            raise AuditUnavailableError(type(fault).__name__) from None
        return delivery


class _Delivery:
    """The broker's answer to one event."""

    def __init__(self) -> None:
        self._done = False
        self._fault: str | None = None

    def report(self, fault: object, _message: object) -> None:
        self._done, self._fault = True, None if fault is None else str(getattr(fault, "name", lambda: "refused")())

    def delivered(self) -> bool:
        """Raises AuditUnavailableError where the broker said no."""
        if self._fault is not None:
            raise AuditUnavailableError(self._fault)
        return self._done

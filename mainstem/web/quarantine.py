"""What is in quarantine, counted from the quarantine topic: per source, per source patient, per reason."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

from confluent_kafka import Message

from mainstem.operations import Quarantined
from mainstem.web.sources import Held
from mainstem.web.tail import Tail
from schemas import topics
from schemas.codec import Codec
from schemas.errors import UndecodableError

_KEPT = 500


class Counts:
    """Counts, and the latest items without their payload: it holds patient content and is not for this page."""

    def __init__(self) -> None:
        self.total = 0
        self._about: Counter[tuple[str, str]] = Counter()
        self._unattributed: Counter[str] = Counter()
        self._reasons: Counter[tuple[str, str]] = Counter()
        self._latest: deque[Held] = deque(maxlen=_KEPT)

    def add(self, item: Quarantined, at: int) -> None:
        self.total += 1
        if item.patient is None:
            self._unattributed[item.source] += 1
        else:
            self._about[item.source, item.patient] += 1
        self._reasons[item.source, item.reason] += 1
        self._latest.append(
            Held(Quarantined(stage=item.stage, raw=item.raw, source=item.source, reason=item.reason, detail=item.detail), at)
        )

    def about(self, source: str, patient: str) -> int:
        return self._about[source, patient]

    def unattributed(self, source: str) -> int:
        return self._unattributed[source]

    def by_reason(self) -> Sequence[tuple[str, str, int]]:
        return [(source, reason, count) for (source, reason), count in sorted(dict(self._reasons).items(), key=lambda one: -one[1])]

    def latest(self, limit: int) -> Sequence[Held]:
        return sorted(self._latest, key=lambda held: -held.at)[:limit]


class KafkaQuarantine:
    """Follows the quarantine topic from its beginning in a thread of its own."""

    def __init__(self, bootstrap: str, codec: Codec) -> None:
        self._codec = codec
        self._counts = Counts()
        self._undecoded = False
        self._tail = Tail(bootstrap, topics.QUARANTINE, self._heard, restart=self._forget)

    def start(self) -> None:
        self._tail.start()

    def stop(self) -> None:
        self._tail.stop()

    @property
    def counted(self) -> bool:
        return self._tail.caught_up.is_set() and not self._undecoded

    @property
    def total(self) -> int:
        return self._counts.total

    def about(self, source: str, patient: str) -> int:
        return self._counts.about(source, patient)

    def unattributed(self, source: str) -> int:
        return self._counts.unattributed(source)

    def by_reason(self) -> Sequence[tuple[str, str, int]]:
        return self._counts.by_reason()

    def latest(self, limit: int) -> Sequence[Held]:
        return self._counts.latest(limit)

    def _heard(self, message: Message) -> None:
        try:
            item = self._codec.decoder(topics.QUARANTINE)(message.value())
        except UndecodableError:
            self._undecoded = True  # from here on the counts are too low, and say so
            return
        self._counts.add(item, message.timestamp()[1])

    def _forget(self) -> None:
        self._counts = Counts()
        self._undecoded = False

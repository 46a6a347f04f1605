"""Reading the live cache: one person's record by NHS number or person id."""

from __future__ import annotations

from collections.abc import Iterator

from redis import Redis
from redis.exceptions import RedisError

from mainstem import canonical, nhs_number
from sinks.cache import layout
from sinks.cache.record import CachedEntry, Head, RecordView, decode_entry, decode_head, split
from sinks.contract import Held
from sinks.errors import StoreUnavailableError


class CacheReader:
    """Safe to share between threads."""

    def __init__(self, url: str) -> None:
        """`url`: `redis://127.0.0.1:6379/0`."""
        self._redis: Redis = Redis.from_url(url, socket_timeout=10, socket_connect_timeout=5)

    def record(self, text: str) -> RecordView | None:
        """By NHS number, however spaced, or by person id. None where nobody is known by it. Raises StoreUnavailableError."""
        digits = text.replace(" ", "").replace("-", "")
        return self.by_number(digits) if len(digits) == 10 and digits.isdigit() else self.by_person(text)

    def by_person(self, person: str) -> RecordView | None:
        """None as well for a person whom nothing is left of: their sources have moved to another."""
        try:
            held = self._redis.hgetall(layout.record(person))
        except RedisError as fault:
            raise StoreUnavailableError("cache", type(fault).__name__) from None
        view = _view(person, held)  # type: ignore[arg-type]
        return view if view.entries or view.sources else None

    def by_number(self, number: str) -> RecordView | None:
        """Where several persons carry the number, the one for whom it is verified; else the one with most entries."""
        records = [view for person in self.persons(number) if (view := self.by_person(person)) is not None]
        return max(records, key=lambda view: (_verified(view, number), len(view.entries), view.person), default=None)

    def persons(self, number: str) -> list[str]:
        """Everyone who carries the number."""
        try:
            return sorted(person.decode() for person in self._redis.smembers(layout.number(number)))  # type: ignore[union-attr]
        except RedisError as fault:
            raise StoreUnavailableError("cache", type(fault).__name__) from None

    def contents(self) -> Iterator[Held]:
        """Every current entry; its digest worked out from the content as held."""
        start = len(layout.record(""))
        try:
            for key in self._redis.scan_iter(layout.record("*"), count=1000):
                person = key.decode()[start:]
                for field, data in self._redis.hscan_iter(key, count=1000):
                    version, body = split(data)
                    if body and field != layout.HEAD.encode():
                        yield Held(person, field.decode(), version, decode_entry(body).digest)
        except RedisError as fault:
            raise StoreUnavailableError("cache", type(fault).__name__) from None

    def check(self) -> None:
        """Raises StoreUnavailableError where Redis does not answer."""
        try:
            self._redis.ping()
        except RedisError as fault:
            raise StoreUnavailableError("cache", type(fault).__name__) from None


def _view(person: str, held: dict[bytes, bytes]) -> RecordView:
    head = Head(digest=canonical.record_digest(0), sequence=0, known=0)
    entries: list[CachedEntry] = []
    for field, data in held.items():
        _, body = split(data)
        if field == layout.HEAD.encode():
            head = decode_head(body)
        elif body:
            entries.append(decode_entry(body))
    entries.sort(key=lambda entry: (entry.kind, entry.fact))
    return RecordView(person=person, nhs_numbers=head.nhs_numbers, digest=head.digest, sequence=head.sequence, known=head.known,
                      sources=head.sources, entries=tuple(entries))


def _verified(view: RecordView, number: str) -> bool:
    for entry in view.entries:
        if entry.kind == "patient":
            content = canonical.decode(bytes(entry.content))
            if nhs_number.verified(content.get("nhs_number"), content.get("verification")) == number:
                return True
    return False

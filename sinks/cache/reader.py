"""Reading the live cache: one person's record by NHS number or person id."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.cluster import RedisCluster
from redis.exceptions import RedisClusterException

from mainstem import canonical, nhs_number
from sinks.cache import layout, servers
from sinks.cache.record import CachedEntry, Head, RecordView, decode_entry, decode_head, split
from sinks.contract import Held
from sinks.errors import StoreUnavailableError


class CacheReader:
    """Safe to share between threads."""

    def __init__(self, url: str) -> None:
        """`url`: of one Redis or of a cluster (`servers`)."""
        self._url = url
        self._client: Redis | RedisCluster | None = None

    def record(self, text: str) -> RecordView | None:
        """By NHS number, however spaced, or by person id. None where nobody is known by it. Raises StoreUnavailableError."""
        digits = text.replace(" ", "").replace("-", "")
        return self.by_number(digits) if len(digits) == 10 and digits.isdigit() else self.by_person(text)

    def by_person(self, person: str) -> RecordView | None:
        """None as well for a person whom nothing is left of: their sources have moved to another."""
        with self._answered():
            held = self._redis().hgetall(layout.record(person))
        view = _view(person, held)  # type: ignore[arg-type]
        return view if view.entries or view.sources else None

    def by_number(self, number: str) -> RecordView | None:
        """Where several persons carry the number, the one for whom it is verified; else the one with most entries."""
        records = [view for person in self._members(number) if (view := self.by_person(person)) is not None and number in view.nhs_numbers]
        return max(records, key=lambda view: (_verified(view, number), len(view.entries), view.person), default=None)

    def persons(self, number: str) -> list[str]:
        """Everyone whose head says that they carry the number."""
        with self._answered():
            heads = [(person, self._redis().hget(layout.record(person), layout.HEAD)) for person in self._members(number)]
        return [person for person, held in heads if held and number in decode_head(split(held)[1]).nhs_numbers]  # type: ignore[arg-type]

    def contents(self) -> Iterator[Held]:
        """Every current entry; its digest worked out from the content as held."""
        with self._answered():
            for key in self._redis().scan_iter(layout.record("*"), count=1000):
                person = layout.person(key.decode())
                for field, data in self._redis().hscan_iter(key, count=1000):
                    if field not in layout.FACTLESS:
                        version, body = split(data)
                        if body:
                            yield Held(person, field.decode(), version, decode_entry(body).digest)

    def check(self) -> None:
        """Raises StoreUnavailableError where Redis, or any master of a cluster, does not answer."""
        with self._answered():
            redis = self._redis()
            if isinstance(redis, RedisCluster):
                redis.ping(target_nodes=RedisCluster.PRIMARIES)
            redis.exists(layout.POSITIONS)  # a cluster that lacks a part serves no key at all

    def _members(self, number: str) -> list[str]:
        """Of the number's set, which may lag behind."""
        with self._answered():
            return sorted(person.decode() for person in self._redis().smembers(layout.number(number)))  # type: ignore[union-attr]

    def _redis(self) -> Redis | RedisCluster:
        """A cluster is asked for its masters when first used: a page comes up without it."""
        self._client = self._client or servers.connected(self._url)
        return self._client

    @contextmanager
    def _answered(self) -> Iterator[None]:
        try:
            yield
        except servers.FAULTS as fault:
            if isinstance(fault, RedisClusterException):  # none of the nodes it knows is there: those that the URL names may be others now
                self._client = None
            raise StoreUnavailableError(servers.NAME, servers.why(fault)) from None


def _view(person: str, held: dict[bytes, bytes]) -> RecordView:
    head = Head(digest=canonical.record_digest(0), sequence=0, known=0)
    entries: list[CachedEntry] = []
    for field, data in held.items():
        if field == layout.HEAD.encode():
            head = decode_head(split(data)[1])
        elif field not in layout.FACTLESS and (body := split(data)[1]):
            entries.append(decode_entry(body))
    entries.sort(key=lambda entry: (entry.kind, entry.fact))
    return RecordView(person=person, nhs_numbers=head.nhs_numbers, labels=head.labels, digest=head.digest, sequence=head.sequence,
                      known=head.known, sources=head.sources, entries=tuple(entries))


def _verified(view: RecordView, number: str) -> bool:
    for entry in view.entries:
        if entry.kind == "patient":
            content = canonical.decode(bytes(entry.content))
            if nhs_number.verified(content.get("nhs_number"), content.get("verification")) == number:
                return True
    return False

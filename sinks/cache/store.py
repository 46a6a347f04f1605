"""Entries and heads in one Redis, written by one script together with the positions."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import orjson
from redis.exceptions import RedisError

from mainstem.model import Entry
from schemas.topics import Purpose
from sinks import policy
from sinks.cache import layout, record, servers
from sinks.cache.reader import CacheReader
from sinks.contract import Batch, Held, Place, Positions
from sinks.errors import StoreMovedError, StoreUnavailableError

_PIECE = 1000
"""Keys removed at a time."""


class CacheStore:
    """Another sink, or an emptied Redis, is noticed at the next batch: positions are compared before they are replaced."""

    name = servers.NAME
    purpose = Purpose.DIRECT_CARE
    pace = 0.0

    def __init__(self, url: str) -> None:
        self._redis = servers.single(url)
        self._script = self._redis.register_script(layout.APPLY)
        self._url = url
        self._expected = b""

    def open(self) -> Positions:
        try:
            servers.refuse_eviction({"its Redis": self._redis})
            self._refuse_part_of_a_cluster()
            held = self._get()
            if held == layout.CLEARING:
                self.clear()
                held = b""
        except RedisError as fault:
            raise StoreUnavailableError(self.name, servers.why(fault)) from None
        self._expected = held
        return {Place.parse(text): offset for text, offset in orjson.loads(held or b"{}").items()}

    def apply(self, batch: Batch, positions: Positions) -> None:
        after = orjson.dumps({str(place): offset for place, offset in positions.items()}, option=orjson.OPT_SORT_KEYS)
        entries = [e for e in batch.latest_entries() if policy.enters(self.purpose, e.kind, e.labels)]
        arguments = (self._expected, after, _pack([(entry.person, *record.versioned(entry)) for entry in entries]),
                     _pack([(each.person, str(each.revision), record.of_summary(each).decode()) for each in batch.latest_summaries()]))
        try:
            written = self._script(keys=[layout.PREFIX], args=arguments)
        except RedisError as fault:
            raise StoreUnavailableError(self.name, servers.why(fault)) from None
        if not written:
            raise StoreMovedError(self.name)
        self._expected = after

    def fits(self, entry: Entry) -> None:
        record.decode_entry(record.of_entry(entry).decode())

    def contents(self) -> Iterator[Held]:
        return CacheReader(self._url).contents()

    def damaged(self) -> bool:
        return False

    def clear(self) -> None:
        try:
            self._redis.set(layout.POSITIONS, layout.CLEARING)
            keys: list[bytes] = []
            for key in self._redis.scan_iter(f"{layout.PREFIX}*", count=_PIECE):
                if key != layout.POSITIONS.encode():
                    keys.append(key)
                if len(keys) >= _PIECE:
                    self._redis.unlink(*keys)
                    keys.clear()
            self._redis.unlink(*keys, layout.POSITIONS)
        except RedisError as fault:
            raise StoreUnavailableError(self.name, servers.why(fault)) from None
        self._expected = b""

    def close(self) -> None:
        self._redis.close()

    def _get(self) -> bytes:
        held = self._redis.get(layout.POSITIONS)
        return held if isinstance(held, bytes) else b""

    def _refuse_part_of_a_cluster(self) -> None:
        """One script writes to every key: a node of a cluster would refuse some batches, and take others."""
        if self._redis.info("cluster").get("cluster_enabled"):
            raise StoreUnavailableError(self.name, "it is a node of a cluster; name it as redis+cluster://HOST:PORT,HOST:PORT")


_pack = msgspec.msgpack.Encoder().encode

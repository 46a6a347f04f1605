"""The live cache, in one Redis and in a cluster: one record by number or person, whole at any moment, fenced."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import orjson
import pytest
from redis import Redis

from mainstem.web.stores import CachedRecords
from sinks.cache import CacheReader, CacheStore, ClusterStore, cache_store, layout
from sinks.cache.nodes import Nodes
from sinks.contents import contents_of
from sinks.contract import Batch, Place
from sinks.errors import StoreMovedError, StoreUnavailableError
from tests.sinks.made import PERSONS, entry, summary
from tests.sinks.redises import Cluster, One, emptied

AT = Place("records.entries.v1", 0)
P, Q = PERSONS
Cache, Where = CacheStore | ClusterStore, One | Cluster
NUMBER, OTHER = "9990000018", "9990000026"


def test_the_record_in_its_shape(cache: Cache, reader: CacheReader) -> None:
    cache.apply(Batch((entry(P, "f1", 1),), (summary(P, 4, (NUMBER,)),)), {AT: 1})
    record = reader.record("999 000 0018")
    assert record is not None
    assert record == reader.record(P)
    shown = orjson.loads(record.json())
    assert (shown["person"], shown["nhs_numbers"], shown["sequence"], shown["known"]) == (P, [NUMBER], 2, 4)
    assert shown["digest"] == f"{4:064x}"
    assert shown["sources"][0]["source"] == "RXA/epr"
    (only,) = shown["entries"]
    assert only["content"]["agent"]["text"] == "agent 1"
    assert only["provenance"][0]["lost"] == {"note": "mild"}
    assert only["status"] == "current"


def test_it_is_read_by_pages_and_by_verify(cache: Cache, place: Where, tmp_path: Path) -> None:
    cache.apply(Batch((entry(P, "f1", 1), entry(Q, "f1", 1)), (summary(P, 4, (NUMBER,)), summary(Q, 4, (NUMBER,)))), {AT: 1})
    pages = CachedRecords(place.url)
    pages.check()
    found = pages.by_number(NUMBER)
    assert {record.person for record in found} == {P, Q}
    assert pages.others(found[0]) == 1
    assert {held.person for held in contents_of(tmp_path, place.url)["cache"]()} == {P, Q}


def test_nobody(reader: CacheReader, cache: Cache) -> None:
    assert reader.record(NUMBER) is None
    assert reader.record(P) is None


def test_a_number_follows_the_latest_head(cache: Cache, reader: CacheReader) -> None:
    cache.apply(Batch((), (summary(P, 1, (NUMBER,)),)), {AT: 1})
    cache.apply(Batch((), (summary(P, 2, (OTHER,)),)), {AT: 2})
    cache.apply(Batch((), (summary(P, 1, (NUMBER,)),)), {AT: 3})
    assert reader.persons(NUMBER) == []
    assert reader.persons(OTHER) == [P]


def test_of_two_who_carry_a_number_the_verified_one(cache: Cache, reader: CacheReader) -> None:
    unsure = [entry(P, f"f{n}", 1, {"nhs_number": NUMBER, "verification": "02"}, kind="patient") for n in range(3)]
    sure = entry(Q, "g", 1, {"nhs_number": NUMBER, "verification": "01"}, kind="patient")
    cache.apply(Batch((*unsure, sure), (summary(P, 1, (NUMBER,)), summary(Q, 1, (NUMBER,)))), {AT: 1})
    found = reader.record(NUMBER)
    assert found is not None
    assert found.person == Q
    assert reader.persons(NUMBER) == [P, Q]


def test_withdrawn_content_is_purged(cache: Cache, place: Where) -> None:
    cache.apply(Batch((entry(P, "f1", 1, {"note": "canary"}),)), {AT: 1})
    cache.apply(Batch((entry(P, "f1", 2, {"note": "canary"}, status="withdrawn"),)), {AT: 2})
    values = [value for node in place.nodes() for key in node.scan_iter("mainstem:record:*") for value in node.hvals(key)]
    assert values
    assert not any(b"canary" in value for value in values)


def test_an_emptied_redis_is_noticed_before_anything_is_written(cache: Cache, reader: CacheReader, place: Where) -> None:
    cache.apply(Batch((entry(P, "f1", 1),)), {AT: 1})
    emptied(place)
    with pytest.raises(StoreMovedError, match="reading its positions again"):
        cache.apply(Batch((entry(P, "f2", 1),)), {AT: 2})
    assert list(reader.contents()) == []
    assert cache.open() == {}


def test_a_second_sink_is_fenced(cache: Cache, place: Where) -> None:
    other = cache_store(place.url)
    other.open()
    other.apply(Batch((entry(P, "f1", 1),)), {AT: 1})
    with pytest.raises(StoreMovedError):
        cache.apply(Batch(), {AT: 7})
    assert cache.open() == {AT: 1}


def test_a_clearing_cut_short_is_finished_at_the_next_start(cache: Cache, reader: CacheReader, place: Where,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    cache.apply(Batch((entry(P, "f1", 5), entry(Q, "f1", 5))), {AT: 1})
    with monkeypatch.context() as patched, pytest.raises(Cut):
        patched.setattr(Redis, "unlink", cut)
        patched.setattr(Nodes, "keys", cut)
        cache.clear()
    assert cache.open() == {}
    assert list(reader.contents()) == []
    cache.apply(Batch((entry(P, "f1", 1),)), {AT: 1})
    assert [held.version for held in reader.contents()] == [1]


def test_a_redis_that_drops_keys_is_refused(cache: Cache, place: Where) -> None:
    for node in place.nodes():
        node.config_set("maxmemory-policy", "allkeys-lru")
        try:
            with pytest.raises(StoreUnavailableError, match="noeviction"):
                cache.open()
        finally:
            node.config_set("maxmemory-policy", "noeviction")


def test_no_right_to_configure_is_needed(place: Where) -> None:
    """Who lets a server to others does not give it."""
    for node in place.nodes():
        node.acl_setuser("sink", enabled=True, passwords=["+word"], keys=["mainstem:*"], commands=["+@all", "-config"])
    try:
        assert cache_store(place.url.replace("://", "://sink:word@")).open() == {}
    finally:
        for node in place.nodes():
            node.acl_deluser("sink")


def test_one_who_is_found_by_a_number_carries_it(cache: Cache, reader: CacheReader, place: Where) -> None:
    """Sets of numbers may lag behind heads."""
    cache.apply(Batch((entry(P, "f1", 1), entry(Q, "f1", 1)), (summary(P, 1, (NUMBER,)), summary(Q, 1, (OTHER,)))), {AT: 1})
    (of_number,) = [node for node in place.nodes() if any(node.scan_iter(layout.number(NUMBER)))]
    of_number.sadd(layout.number(NUMBER), Q, "c" * 32)
    assert reader.persons(NUMBER) == [P]
    found = reader.record(NUMBER)
    assert found is not None
    assert found.person == P


class Cut(Exception):
    """Where a process is killed."""


def cut(*_: object, **__: object) -> NoReturn:
    raise Cut

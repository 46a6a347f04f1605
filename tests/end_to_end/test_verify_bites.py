"""A fault seeded in each stage makes `mainstem verify` fail, and it says where (design.md, "How nothing is lost")."""

from __future__ import annotations

import msgspec
import orjson
import pytest
import redis

from mainstem.model import Assignment, Entry, Ledger, Outcome, Result, Summary, Task
from processors.reconcile.layout import published
from schemas import log, topics
from schemas.codec import Codec
from schemas.kafka import producer
from tests.end_to_end.conftest import World, eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


def _send(world: World, topic: topics.Topic, key: bytes, value: bytes | None, partition: int) -> None:
    sender = producer(world.endpoints.kafka)
    sender.produce(topic.name, value, key, partition=partition)
    assert sender.flush(20) == 0


def _failed(world: World) -> set[str]:
    return {check["name"] for check in world.verify("--wait", "60")["checks"] if not check["passed"]}


def _last(world: World, topic: topics.Topic) -> tuple[object, bytes, int]:
    """The topic's last message, once there is one: value, key, partition."""
    decode = Codec(world.endpoints.registry).decoder(topic)

    def last() -> tuple[object, bytes, int] | None:
        found = None
        for message in log.read(world.endpoints.kafka, topic):
            found = (decode(message.value()), message.key(), message.partition())
        return found

    return eventually(last, f"a message in {topic.name}")


def _current(world: World) -> tuple[Entry, bytes, int]:
    """The entry last published of those that stand: itself, its key, its partition."""
    decode, latest = Codec(world.endpoints.registry).decoder(topics.ENTRIES), {}
    for message in log.read(world.endpoints.kafka, topics.ENTRIES):
        entry = decode(message.value())
        latest.pop((entry.person, entry.fact), None)
        latest[entry.person, entry.fact] = (entry, message.key(), message.partition())
    return [found for found in latest.values() if found[0].status == "current"][-1]


def test_a_store_that_lost_an_entry_is_found(world: World) -> None:
    assert _failed(world) == set()
    client = redis.Redis.from_url(world.endpoints.redis)
    entry, _, _ = _current(world)
    name = next(key for key in client.scan_iter(f"*{entry.person}*") if client.type(key) == b"hash" and client.hexists(key, entry.fact))
    held = client.hget(name, entry.fact)
    client.hdel(name, entry.fact)
    assert _failed(world) == {"cache store = fold"}
    client.hset(name, entry.fact, held)
    assert _failed(world) == set()


def test_an_outcome_that_is_doubled_is_found(world: World) -> None:
    codec = Codec(world.endpoints.registry)
    ledger, key, partition = _last(world, topics.LEDGER)
    assert isinstance(ledger, Ledger)
    doubled = msgspec.structs.replace(ledger, outcomes=(Outcome(offset=ledger.first, result=Result.IGNORED, reason="seeded"),))
    _send(world, topics.LEDGER, key, codec.encoder(topics.LEDGER)(doubled), partition)
    assert "every raw offset has one outcome" in _failed(world)


def test_an_entry_that_nobody_derived_is_found(world: World) -> None:
    codec = Codec(world.endpoints.registry)
    entry, key, partition = _current(world)
    content = orjson.dumps(orjson.loads(entry.content) | {"note": "seeded"})
    forged = msgspec.structs.replace(entry, content=content, version=entry.version + 1)
    _send(world, topics.ENTRIES, key, codec.encoder(topics.ENTRIES)(forged), partition)
    failed = _failed(world)
    assert {"entries = fold", "cache store = fold", "search store = fold", "analytics store = fold"} <= failed


def test_a_summary_with_a_wrong_digest_is_found(world: World) -> None:
    codec = Codec(world.endpoints.registry)
    summary, key, partition = _last(world, topics.SUMMARIES)
    assert isinstance(summary, Summary)
    wrong = msgspec.structs.replace(summary, digest="f" * 64)
    _send(world, topics.SUMMARIES, key, codec.encoder(topics.SUMMARIES)(wrong), partition)
    assert "record digests = fold" in _failed(world)


def test_an_assertion_that_no_outcome_speaks_of_is_found(world: World) -> None:
    codec = Codec(world.endpoints.registry)
    assertion, key, partition = _last(world, topics.ASSERTIONS)
    _send(world, topics.ASSERTIONS, key, codec.encoder(topics.ASSERTIONS)(assertion), partition)
    assert "every raw offset has one outcome" in _failed(world)


def test_state_that_lost_an_entry_is_found(world: World) -> None:
    changelog = log.read(world.endpoints.kafka, topics.RECONCILE_CHANGELOG)
    latest = {message.key(): (message.value(), message.partition()) for message in changelog}
    key, partition = next((key, partition) for key, (value, partition) in latest.items() if value and any(published([(key, value)])))
    _send(world, topics.RECONCILE_CHANGELOG, key, None, partition)
    assert "state = fold" in _failed(world)


def test_an_assignment_that_no_claim_gives_is_found(world: World) -> None:
    """A fault of the linker or the identity stage: somebody's assertions go to another person than the claims say."""
    codec = Codec(world.endpoints.registry)
    before = _differing_entries(world)
    assignment, key, partition = _last(world, topics.ASSIGNMENTS)
    assert isinstance(assignment, Assignment)
    moved = msgspec.structs.replace(assignment, person="0" * 32, epoch=assignment.epoch + 1_000_000)
    _send(world, topics.ASSIGNMENTS, key, codec.encoder(topics.ASSIGNMENTS)(moved), partition)
    assert _differing_entries(world) > before


def test_a_review_task_that_no_claim_gives_and_one_that_was_lost_are_found(world: World) -> None:
    codec = Codec(world.endpoints.registry)
    task, key, partition = _last(world, topics.TASKS)
    assert isinstance(task, Task)
    other = msgspec.structs.replace(task, status="closed" if task.status == "open" else "open", epoch=task.epoch + 1)
    _send(world, topics.TASKS, key, codec.encoder(topics.TASKS)(other), partition)
    assert "review tasks = claims" in _failed(world)
    _send(world, topics.TASKS, key, codec.encoder(topics.TASKS)(task), partition)
    assert "review tasks = claims" not in _failed(world)


def _differing_entries(world: World) -> int:
    report = world.verify("--wait", "60")
    return next(check["differences"] for check in report["checks"] if check["name"] == "entries = fold")


def test_a_row_that_was_never_captured_is_found(world: World) -> None:
    """A delete that the database never made stands for a change that was lost: the topic's last word on the row is wrong."""
    raw = topics.raw("A82038/gp")
    found = None
    for message in log.read(world.endpoints.kafka, raw):
        envelope = orjson.loads(message.value())
        if envelope.get("op") in {"c", "r", "u"} and envelope["source"]["table"] == "observation":
            found = (message.key(), envelope, message.partition())
    assert found is not None
    key, envelope, partition = found
    later = envelope["source"] | {"lsn": envelope["source"]["lsn"] + 10**9}
    forged = envelope | {"op": "d", "before": envelope["after"], "after": None, "source": later}
    _send(world, raw, key, orjson.dumps(forged), partition)
    report = world.verify("--source", "--wait", "60")
    assert any("A82038/gp: rows captured" in check["name"] and not check["passed"] for check in report["checks"])

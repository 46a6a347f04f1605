"""A fault seeded in each stage makes `mainstem verify` fail, and it says where (design.md, "How nothing is lost")."""

from __future__ import annotations

import contextlib

import msgspec
import orjson
import pytest
import redis

from mainstem.model import Assignment, Entry, RawRef, Summary, Task
from mainstem.operations import Ledger, Outcome, Result
from processors.reconcile.layout import published
from schemas import log, topics
from schemas.codec import Codec
from schemas.kafka import producer
from schemas.partition import partition as place_of
from sinks.cache import CacheReader, layout
from tests.end_to_end.conftest import World
from tests.eventually import eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


def _send(world: World, topic: topics.Topic, key: bytes, value: bytes | None, partition: int) -> None:
    sender = producer(world.endpoints.kafka)
    sender.produce(topic.name, value, key, partition=partition)
    assert sender.flush(20) == 0


def _differences(world: World, *arguments: str) -> dict[str, list[str]]:
    """Check that failed -> the differences it shows."""
    return {check["name"]: check["shown"] for check in world.verify("--wait", "60", *arguments)["checks"] if not check["passed"]}


def _last(world: World, topic: topics.Topic) -> tuple[object, bytes, int]:
    """The topic's last message, once there is one: value, key, partition."""
    decode = Codec(world.endpoints.registry).decoder(topic)

    def last() -> tuple[object, bytes, int] | None:
        found = None
        for message in log.read(world.endpoints.kafka, topic):
            found = (decode(message.value()), message.key(), message.partition())
        return found

    return eventually(last, f"a message in {topic.name}")


def _current(world: World, back: int = 1) -> tuple[Entry, bytes, int]:
    """The entry last published of those that stand, or so many back: itself, its key, its partition."""
    decode, latest = Codec(world.endpoints.registry).decoder(topics.ENTRIES), {}
    for message in log.read(world.endpoints.kafka, topics.ENTRIES):
        entry = decode(message.value())
        latest.pop((entry.person, entry.fact), None)
        latest[entry.person, entry.fact] = (entry, message.key(), message.partition())
    return [found for found in latest.values() if found[0].status == "current"][-back]


def test_a_store_that_lost_an_entry_is_found(world: World) -> None:
    assert _differences(world, "--source", "--deep") == {}
    client = redis.Redis.from_url(world.endpoints.redis)
    entry, _, _ = _current(world)
    name = layout.record(entry.person)
    held = client.hget(name, entry.fact)
    client.hdel(name, entry.fact)
    assert _differences(world) == {"cache store = fold": [f"fact {entry.fact} of person {entry.person} is missing"]}
    client.hset(name, entry.fact, held)


def test_each_fault_is_found_by_the_check_that_looks_for_it(world: World) -> None:
    outcome, place = _double_an_outcome(world)
    assertion = _assert_what_no_outcome_speaks_of(world, place)
    entry = _forge_an_entry(world)
    summary = _forge_a_digest(world)
    task = _forge_a_task(world)
    lost = _lose_state(world, entry)
    unmarked = _forge_an_envelope(world)
    aged, version = _age_in_the_cache(world)
    unfound = _hide_from_a_number(world)
    found = _differences(world, "--deep")
    assert f"person {unfound} is not found by a number of theirs" in found["records in the cache = as published"]
    ledger, named = found["every raw offset has one outcome"], f"fact {entry.fact} of person {entry.person}"
    assert any("more than one outcome" in text and outcome in text for text in ledger)
    assert any("do not hold the assertions" in text and assertion in text for text in ledger)
    for check in ("entries = fold", "search store = fold", "analytics store = fold"):
        assert [text.partition(" differs")[0] for text in found[check]] == [named]
    cached = found["cache store = fold"]
    assert [text.partition(" differs")[0] for text in cached] == [named, f"{aged} is held at version 0, and {version} is published"]
    assert found["labels, conflicts and provenance of entries = fold"] == [
        f"{unmarked}: {name} other than the fold's" for name in ("conflict", "assertions", "provenance")]
    assert {text.partition(" shows a field")[0] for text in found["every field shown rests on what was received"]} == {named, unmarked}
    assert [text.partition(":")[0] for text in found["record digests and heads = fold"]] == [f"person {summary.person}"]
    assert found["review tasks = claims"] and all(task.id in text for text in found["review tasks = claims"])
    assert f"fact {lost[1]} of person {lost[0]} is missing" in found["state = fold"]
    for forged in (named, unmarked):
        assert any(text.startswith(f"{forged} is held at version") for text in found["state = fold"])
        assert any(text.startswith(f"{forged} was told of last at version") for text in found["changes = entries"])
    messages = {text.partition(":")[0].partition(" item ")[0] for text in found["captured = raw messages read again"]}
    assert messages == {outcome, assertion}
    _send_task(world, task)


def test_an_assignment_that_no_claim_gives_and_a_row_that_was_never_captured_are_found(world: World) -> None:
    """The first: somebody's assertions go to another person than the claims say. The second: the topic's last word on a row is wrong."""
    codec, nobody = Codec(world.endpoints.registry), "0" * 32
    assignment, key, partition = _last(world, topics.ASSIGNMENTS)
    assert isinstance(assignment, Assignment)
    moved = msgspec.structs.replace(assignment, person=nobody, epoch=assignment.epoch + 1_000_000)
    _send(world, topics.ASSIGNMENTS, key, codec.encoder(topics.ASSIGNMENTS)(moved), partition)
    _delete_what_the_database_holds(world, "A82038/gp", "observation")
    report = world.verify("--source", "--wait", "60")
    checks = {check["name"]: check for check in report["checks"]}
    assert checks["entries = fold"]["differences"] > 1  # one was forged before
    assert checks["record digests and heads = fold"]["differences"] > 1
    (captured,) = (check for name, check in checks.items() if name.startswith("A82038/gp: rows captured"))
    assert "gp.observation: row" in captured["shown"][0] and captured["differences"] == 1
    assert checks["review tasks = claims"]["passed"]


def _double_an_outcome(world: World) -> tuple[str, RawRef]:
    """Where it says so: as text and as a place."""
    ledger, key, partition = _last(world, topics.LEDGER)
    assert isinstance(ledger, Ledger)
    item = next((each.item for each in ledger.outcomes if each.offset == ledger.first), "")
    doubled = msgspec.structs.replace(ledger, outcomes=(Outcome(offset=ledger.first, item=item, result=Result.IGNORED, reason="seeded"),))
    _send(world, topics.LEDGER, key, Codec(world.endpoints.registry).encoder(topics.LEDGER)(doubled), partition)
    return f"{ledger.topic}/{ledger.partition} offset {ledger.first}", RawRef(ledger.topic, ledger.partition, ledger.first)


def _assert_what_no_outcome_speaks_of(world: World, spared: RawRef) -> str:
    """An assertion comes a second time; not one of the spared message. Returns where its raw message lies."""
    codec = Codec(world.endpoints.registry)
    decode = codec.decoder(topics.ASSERTIONS)
    for message in log.read(world.endpoints.kafka, topics.ASSERTIONS):
        raw = decode(message.value()).raw
        if raw.topic.startswith("raw.") and (raw.topic, raw.partition, raw.offset) != (spared.topic, spared.partition, spared.offset):
            _send(world, topics.ASSERTIONS, message.key(), message.value(), message.partition())
            return f"{raw.topic}/{raw.partition} offset {raw.offset}"
    raise AssertionError("no assertion of a row")


def _forge_an_entry(world: World) -> Entry:
    entry, key, partition = _current(world)
    content = orjson.dumps(orjson.loads(entry.content) | {"note": "seeded"})
    forged = msgspec.structs.replace(entry, content=content, version=entry.version + 1)
    _send(world, topics.ENTRIES, key, Codec(world.endpoints.registry).encoder(topics.ENTRIES)(forged), partition)
    return entry


def _forge_an_envelope(world: World) -> str:
    """An entry says what the fold says, but that it is a conflict, and not who said it."""
    entry, key, partition = _current(world, 2)
    forged = msgspec.structs.replace(entry, conflict=not entry.conflict, provenance=(), version=entry.version + 1)
    _send(world, topics.ENTRIES, key, Codec(world.endpoints.registry).encoder(topics.ENTRIES)(forged), partition)
    return f"fact {entry.fact} of person {entry.person}"


def _age_in_the_cache(world: World) -> tuple[str, int]:
    """The right content, at a version that an older message could overwrite."""
    client = redis.Redis.from_url(world.endpoints.redis)
    entry, _, _ = _current(world, 3)
    client.hset(layout.record(entry.person), entry.fact, b"0|" + client.hget(layout.record(entry.person), entry.fact).partition(b"|")[2])
    return f"fact {entry.fact} of person {entry.person}", entry.version


def _hide_from_a_number(world: World) -> str:
    """The cache holds somebody's record, but does not find it by their number."""
    client, numbers = redis.Redis.from_url(world.endpoints.redis), CacheReader(world.endpoints.redis)
    decode = Codec(world.endpoints.registry).decoder(topics.SUMMARIES)
    heads = {head.person: head for head in (decode(message.value()) for message in log.read(world.endpoints.kafka, topics.SUMMARIES))}
    head = next(head for head in heads.values() if head.nhs_numbers)
    assert head.person in numbers.persons(head.nhs_numbers[0])
    client.srem(layout.number(head.nhs_numbers[0]), head.person)
    return head.person


def _forge_a_digest(world: World) -> Summary:
    summary, key, partition = _last(world, topics.SUMMARIES)
    assert isinstance(summary, Summary)
    wrong = msgspec.structs.replace(summary, digest="f" * 64)
    _send(world, topics.SUMMARIES, key, Codec(world.endpoints.registry).encoder(topics.SUMMARIES)(wrong), partition)
    return summary


def _forge_a_task(world: World) -> Task:
    task, _, _ = _last(world, topics.TASKS)
    assert isinstance(task, Task)
    _send_task(world, msgspec.structs.replace(task, status="closed" if task.status == "open" else "open", epoch=task.epoch + 1))
    return task


def _send_task(world: World, task: Task) -> None:
    value = Codec(world.endpoints.registry).encoder(topics.TASKS)(task)
    _send(world, topics.TASKS, task.id.encode(), value, place_of(task.id, topics.TASKS.partitions))


def _lose_state(world: World, spared: Entry) -> tuple[str, str]:
    """One published entry is gone from the changelog. Returns its person and fact."""
    latest = {message.key(): (message.value(), message.partition())
              for message in log.read(world.endpoints.kafka, topics.RECONCILE_CHANGELOG)}
    for key, (value, partition) in latest.items():
        for person, fact, _, _ in published([(key, value)]) if value else ():
            if (person, fact) != (spared.person, spared.fact):
                _send(world, topics.RECONCILE_CHANGELOG, key, None, partition)
                return person, fact
    raise AssertionError("no entry in the changelog")


def _delete_what_the_database_holds(world: World, source: str, table: str) -> None:
    """A delete that the database never made stands for a change that was lost."""
    raw, found = topics.raw(source), None
    for message in log.read(world.endpoints.kafka, raw):
        with contextlib.suppress(orjson.JSONDecodeError, AttributeError, KeyError, TypeError):  # no row change: chaos leaves such
            envelope = orjson.loads(message.value())
            if envelope["op"] in {"c", "r", "u"} and envelope["source"]["table"] == table:
                found = (message.key(), envelope, message.partition())
    assert found is not None
    key, envelope, partition = found
    later = envelope["source"] | {"lsn": envelope["source"]["lsn"] + 10**9}
    _send(world, raw, key, orjson.dumps(envelope | {"op": "d", "before": envelope["after"], "after": None, "source": later}), partition)

"""Reading the past on a real broker: how far the log is read, open and aborted transactions, copies, and how fast it goes."""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource

from mainstem.adjudication.desk import KafkaDesk
from mainstem.adjudication.reach import Reach
from mainstem.history.reading import BeginningLostError, NobodyThenError, Reader
from mainstem.kinds.facts import Terms
from mainstem.model import Assertion, Claim, RawRef, Release
from mainstem.operations import Quarantined
from mainstem.verify import received
from processors.identity.activated import MATCHING
from processors.identity.scoring.release import built_in
from schemas import kafka as clients
from schemas import log, topics
from schemas.codec import Codec
from schemas.errors import UndecodableError
from schemas.log import TruncatedReadError
from schemas.partition import partition
from schemas.topics import Topic
from tests.eventually import eventually
from tests.history.made import GP, HOSPITAL, NUMBERS, allergy, claim
from tests.processors.identity.test_linked_by_score import LINKING, who
from tests.strategies import KEY
from tests.strategies import Terms as Told

pytestmark = pytest.mark.stack
MANY = 200_000


@dataclasses.dataclass
class World:
    """Topics of this test alone, on the broker of all."""

    kafka: str
    codec: Codec

    def __post_init__(self) -> None:
        self._producer = clients.producer(self.kafka)

    def reader(self, seconds: float = 60, say: Callable[[str], None] | None = None) -> Reader:
        found = Reader(self.kafka, self.codec, KEY, lambda _release: Told(), seconds=seconds)
        return found._replace(say=say) if say else found

    def send(self, *values: Assertion | Claim) -> int:
        """Returns a moment at which they were known, and nothing later."""
        for value in values:
            topic = topics.ASSERTIONS if isinstance(value, Assertion) else topics.CLAIMS
            self._producer.produce(topic.name, self.codec.encoder(topic)(value), value.subject.encode(),
                                   partition(value.subject, topic.partitions))
        assert self._producer.flush(30) == 0
        time.sleep(0.005)
        at = time.time_ns() // 1_000_000
        time.sleep(0.005)
        return at

    def put(self, topic: Topic, value: bytes, key: str) -> None:
        self._producer.produce(topic.name, value, key.encode(), partition(key, topic.partitions))
        assert self._producer.flush(30) == 0

    def stamp(self, topic: Topic, how: str) -> None:
        """Whose times the messages get from now on."""
        admin, resource = AdminClient({"bootstrap.servers": self.kafka}), ConfigResource(ConfigResource.Type.TOPIC, topic.name)
        resource.set_config("message.timestamp.type", how)
        admin.alter_configs([resource])[resource].result()
        eventually(lambda: admin.describe_configs([resource])[resource].result()["message.timestamp.type"].value == how, how)


@pytest.fixture
def world(kafka: str, registry: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    name = uuid.uuid4().hex[:8]
    for topic in ("ASSERTIONS", "CLAIMS", "TASKS", "RELEASES", "QUARANTINE"):
        monkeypatch.setattr(topics, topic, dataclasses.replace(getattr(topics, topic), name=f"past.{topic.lower()}-{name}.v1"))
    made = (topics.ASSERTIONS, topics.CLAIMS, topics.TASKS, topics.RELEASES, topics.QUARANTINE)
    clients.ensure_topics(kafka, made)
    yield World(kafka, Codec(registry))
    AdminClient({"bootstrap.servers": kafka}).delete_topics([topic.name for topic in made])


def numbered(source: str, patient: str, number: str | None, position: str) -> Claim:
    return claim(source, patient, 0, number, position).claim


def noted(source: str, patient: str, agent: str, position: str = "1") -> Assertion:
    return allergy(source, patient, 0, agent, position).assertion


def agents(world: World, at: int) -> list[bytes]:
    return sorted(entry.content for past in world.reader().by_number(NUMBERS[0], at) for entry in past.record.entries)


def test_each_moment_of_a_merge_and_its_end(world: World) -> None:
    before = time.time_ns() // 1_000_000
    first = world.send(numbered(HOSPITAL, "1", NUMBERS[0], "1"), noted(HOSPITAL, "1", "penicillin"), noted(GP, "7", "peanut"))
    merged = world.send(numbered(GP, "7", NUMBERS[0], "1"))
    parted = world.send(numbered(GP, "7", NUMBERS[1], "2"), noted(HOSPITAL, "1", "latex", "2"))
    assert [len(agents(world, at)) for at in (first, merged, parted)] == [1, 2, 1]
    assert agents(world, first) != agents(world, parted)
    with pytest.raises(NobodyThenError) as fault:
        world.reader().by_number(NUMBERS[0], before - 1000)
    assert fault.value.first is not None and before <= fault.value.first <= first
    pasts = world.reader().by_number(NUMBERS[0], first, merged, parted)
    assert [len(past.record.entries) for past in pasts] == [1, 2, 1]
    person = pasts[0].record.person
    again = world.reader().by_person(person, [f"{GP}|7"], first, merged)
    assert [past.record.digest for past in again] == [past.record.digest for past in pasts[:2]]
    assert [[subject for subject, _ in past.elsewhere] for past in again] == [[f"{GP}|7"], []]


THEN = 1_700_000_000_000


def known(value: Assertion | Claim, at: int) -> Any:
    """A copy of it, as replay makes one: appended later than what it copies was known."""
    return msgspec.structs.replace(value, known=THEN + at)


@pytest.mark.parametrize("before", [(), (noted(HOSPITAL, "1", "peanut", "0"), numbered(GP, "7", NUMBERS[1], "1"))])
def test_copies_are_known_when_what_they_copy_was_wherever_they_lie(world: World, before: tuple[Assertion | Claim, ...]) -> None:
    world.send(*before)
    world.send(known(numbered(HOSPITAL, "1", NUMBERS[0], "1"), 0), known(noted(HOSPITAL, "1", "penicillin"), 0),
               known(noted(HOSPITAL, "1", "latex", "2"), 10))
    assert [b"penicillin" in content for content in agents(world, THEN)] == [True]
    assert [b"latex" in content for content in agents(world, THEN + 10)] == [True]


def test_times_may_fall_along_a_log(world: World) -> None:
    """As where another broker comes to lead a partition, and its clock is behind."""
    encode, producer, subject = world.codec.encoder(topics.ASSERTIONS), clients.producer(world.kafka), f"{HOSPITAL}|1"
    world.stamp(topics.ASSERTIONS, "CreateTime")
    for agent, position, at in (("penicillin", "1", 60), ("peanut", "3", 90), ("latex", "2", 70)):
        producer.produce(topics.ASSERTIONS.name, encode(noted(HOSPITAL, "1", agent, position)), subject.encode(),
                         partition(subject, topics.ASSERTIONS.partitions), timestamp=THEN + at)
    assert producer.flush(20) == 0
    world.stamp(topics.ASSERTIONS, "LogAppendTime")
    world.send(known(numbered(HOSPITAL, "1", NUMBERS[0], "1"), 0))
    for agent, at in ((b"penicillin", 60), (b"penicillin", 69), (b"latex", 70), (b"latex", 89), (b"peanut", 90)):
        assert [agent in content for content in agents(world, THEN + at)] == [True]


def test_where_the_beginning_of_the_log_is_lost_nothing_is_told(world: World) -> None:
    at = world.send(numbered(HOSPITAL, "1", NUMBERS[0], "1"), noted(HOSPITAL, "1", "penicillin"), noted(HOSPITAL, "1", "latex", "2"))
    assert len(agents(world, at)) == 1
    place = partition(f"{HOSPITAL}|1", topics.ASSERTIONS.partitions)
    admin, lost = AdminClient({"bootstrap.servers": world.kafka}), TopicPartition(topics.ASSERTIONS.name, place, 1)
    admin.delete_records([lost], request_timeout=20)[lost].result(30)
    with pytest.raises(BeginningLostError, match=f"{topics.ASSERTIONS.name} partition {place} begins at offset 1"):
        agents(world, at)


def test_what_no_stage_could_read_was_no_part_of_any_record(world: World) -> None:
    subject = f"{HOSPITAL}|1"
    for topic in (topics.CLAIMS, topics.ASSERTIONS):
        world.put(topic, b"no message of ours", subject)
    at = world.send(numbered(HOSPITAL, "1", NUMBERS[0], "1"), noted(HOSPITAL, "1", "penicillin"))
    with pytest.raises(UndecodableError):
        agents(world, at)
    for stage, topic in (("linker", topics.CLAIMS), ("identity", topics.ASSERTIONS)):
        raw = RawRef(topic.name, partition(subject, topic.partitions), 0)
        held = Quarantined(stage=stage, source=HOSPITAL, raw=raw, reason="undecodable", detail="")
        world.put(topics.QUARANTINE, world.codec.encoder(topics.QUARANTINE)(held), HOSPITAL)
    assert [b"penicillin" in content for content in agents(world, at)] == [True]
    assert [each.assertion.subject for each in received.assertions(world.kafka, world.codec)] == [subject], "nor stops verify"
    assert [each.subject for each in received.claims(world.kafka, world.codec)] == [subject]
    assert KafkaDesk(world.kafka, world.codec, KEY).carriers(NUMBERS[0]) == [subject], "nor the pages of who is who"
    assert Reach(world.kafka, world.codec, KEY).of_subject(subject) == []


def test_an_open_transaction_is_waited_for_and_an_aborted_one_left_out(world: World) -> None:
    subject, encode = noted(HOSPITAL, "1", "latex").subject, world.codec.encoder(topics.ASSERTIONS)
    place = partition(subject, topics.ASSERTIONS.partitions)

    def begun(name: str) -> clients.Producer:
        producer = clients.producer(world.kafka, transactional_id=f"{topics.ASSERTIONS.name}-{name}")
        producer.init_transactions(20)
        producer.begin_transaction()
        producer.produce(topics.ASSERTIONS.name, encode(noted(HOSPITAL, "1", "latex", name)), subject.encode(), place)
        producer.flush(20)
        return producer

    begun("1").abort_transaction(20)
    open_one = begun("2")
    stretches = log.stretches(world.kafka, topics.ASSERTIONS, [place])
    with pytest.raises(TruncatedReadError):
        list(log.read_stretches(world.kafka, topics.ASSERTIONS, stretches, seconds=1))
    open_one.commit_transaction(20)
    found = list(log.read_stretches(world.kafka, topics.ASSERTIONS, stretches, seconds=20))
    assert len(found) == 1 and b"latex" in (found[0].value() or b"")


def test_the_rate_and_the_bound_in_time(world: World) -> None:
    """A partition of others' assertions, and one person's among them."""
    encode, place = world.codec.encoder(topics.ASSERTIONS), partition(f"{HOSPITAL}|1", topics.ASSERTIONS.partitions)
    other = encode(noted(HOSPITAL, "somebody else", "peanut"))
    world.send(numbered(HOSPITAL, "1", NUMBERS[0], "1"), noted(HOSPITAL, "1", "penicillin"))
    producer = clients.producer(world.kafka)
    for i in range(MANY):
        producer.produce(topics.ASSERTIONS.name, other, f"{HOSPITAL}|{i}0".encode(), place)
        if i % 10_000 == 0:
            producer.flush(30)
    assert producer.flush(60) == 0
    at = world.send(noted(HOSPITAL, "1", "latex", "2"))
    told: list[str] = []
    wall, cpu = time.perf_counter(), time.process_time()
    (past,) = world.reader(say=told.append).by_number(NUMBERS[0], at)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert [b"latex" in entry.content for entry in past.record.entries] == [True]
    assert told and "messages read" in told[0]
    print(f"\npast: {MANY:,} messages of others in {wall:.2f} s ({MANY / wall:,.0f} a second), {cpu / MANY * 1e6:.2f} us of a core each")
    assert cpu / MANY < 50e-6
    with pytest.raises(TruncatedReadError):
        world.reader(seconds=0.2).by_number(NUMBERS[0], at)


def test_the_matching_model_of_the_moment(world: World) -> None:
    before = world.send(numbered(HOSPITAL, "1", NUMBERS[0], "1"), who(f"{HOSPITAL}|1"), who(f"{GP}|7"),
                        noted(HOSPITAL, "1", "penicillin"), noted(GP, "7", "peanut"))
    producer, encode = clients.producer(world.kafka), world.codec.encoder(topics.RELEASES)
    moments = [before]
    for activation, what, name in (("a", MATCHING, "linking"), ("b", "terminology", "x"), ("c", MATCHING, "seeds-1")):
        release = Release(activation=activation, what=what, name=name, digest="0", actor="test", reason="test")
        producer.produce(topics.RELEASES.name, encode(release), activation.encode(), partition=0)
        assert producer.flush(20) == 0
        time.sleep(0.01)
        moments.append(time.time_ns() // 1_000_000)
        time.sleep(0.01)
    reader = world.reader()._replace(models=lambda release: LINKING if release and release.name == "linking" else built_in())
    pasts = reader.by_number(NUMBERS[0], *moments)
    assert [len(past.record.entries) for past in pasts] == [1, 2, 2, 1]
    again = reader.by_person(pasts[0].record.person, [], *moments)
    assert [past.record.digest for past in again] == [past.record.digest for past in pasts]


def test_the_terminology_of_the_moment(world: World) -> None:
    class Newer(Told):
        release = "newer"

    def opened(release: Release | None) -> Terms:
        return Told() if release is None else Newer()

    first = world.send(numbered(HOSPITAL, "1", NUMBERS[0], "1"), noted(HOSPITAL, "1", "penicillin"))
    producer = clients.producer(world.kafka)
    release = Release(activation="a", what="terminology", name="newer", digest="0", actor="test", reason="test")
    producer.produce(topics.RELEASES.name, world.codec.encoder(topics.RELEASES)(release), b"a", partition=0)
    producer.flush(20)
    time.sleep(0.01)
    pasts = world.reader()._replace(opened=opened).by_number(NUMBERS[0], first, time.time_ns() // 1_000_000)
    assert [past.release for past in pasts] == ["test", "newer"]
    assert [past.record.entries[0].release for past in pasts] == ["test", "newer"]

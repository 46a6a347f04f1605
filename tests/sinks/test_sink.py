"""The sink on a real broker: nothing lost, nothing doubled, whatever stops or goes away."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec
import pytest

from mainstem.model import Entry
from mainstem.operations import Heartbeat, Quarantined
from schemas import kafka as clients
from schemas import topics
from schemas.topics import Topic
from sinks.analytics import AnalyticsStore
from sinks.cache import CacheReader, cache_store
from sinks.contract import Held, Store
from sinks.errors import NotBuiltError, StoreUnavailableError
from sinks.search import SearchReader, SearchStore
from sinks.search.cluster import ClusterStore
from sinks.search.cluster import store as in_cluster
from sinks.search.cluster.index import Generation
from sinks.sink import Sink
from tests.sinks.made import entry, summary
from tests.sinks.opensearch import OpenSearch
from tests.sinks.redises import Cluster, One
from tests.sinks.searching import cluster
from tests.sinks.sinking import DEADLINE, Log, process, running, until


@pytest.fixture
def log(kafka: str, registry: str) -> Log:
    return Log(kafka, registry)


def found(home: Path) -> set[Held]:
    try:
        return set(SearchReader.at(home).contents())
    except NotBuiltError:
        return set()


def facts(home: Path) -> set[tuple[str, int]]:
    return {(held.fact, held.version) for held in found(home)}


def last(log: Log, topic: Topic, kind: type[msgspec.Struct], wanted: Callable[..., bool]) -> list:  # type: ignore[type-arg]
    consumer = clients.consumer(log.kafka, uuid.uuid4().hex)
    consumer.subscribe([topic.name])
    decode, kept = log.codec.decoder(topic), []
    deadline = time.monotonic() + DEADLINE
    try:
        while not kept:
            assert time.monotonic() < deadline, f"no such {kind.__name__}"
            for message in consumer.consume(500, 0.5):
                if message.error() is None and wanted(value := decode(message.value())):
                    kept.append(value)
    finally:
        consumer.close()
    return kept


def test_what_is_published_is_held_and_told_of(log: Log, tmp_path: Path) -> None:
    log.write(entry("a", "f1", 1, committed=int(time.time() * 1000)), entry("b", "f2", 1), summary("a", 1))
    with running(SearchStore(tmp_path), log) as sink:
        until(lambda: facts(tmp_path) == {("f1", 1), ("f2", 1)})
        log.write(entry("a", "f1", 2), entry("b", "f2", 2, status="withdrawn"))
        until(lambda: facts(tmp_path) == {("f1", 2)})
        instance = sink.pulse._instance

        def complete(beat: Heartbeat) -> bool:
            return beat.instance == instance and sum(beat.positions.values()) == 5 and beat.lag == 0

        (beat, *_) = last(log, topics.HEARTBEATS, Heartbeat, complete)
        assert (beat.stage, beat.processed, beat.published, beat.note) == ("sink-search", 5, 4, "")
        fresh = last(log, topics.HEARTBEATS, Heartbeat, lambda b: b.instance == instance and b.freshness)
        measured = [seconds for beat in fresh for seconds in beat.freshness]
        assert len(measured) == 1
        assert 0 <= measured[0] < DEADLINE


def test_it_goes_on_where_the_store_stands(log: Log, tmp_path: Path) -> None:
    log.write(*(entry("a", f"f{n}", 1) for n in range(50)))
    with running(SearchStore(tmp_path), log):
        until(lambda: len(facts(tmp_path)) == 50)
    log.write(entry("a", "late", 1))
    with running(SearchStore(tmp_path), log) as sink:
        until(lambda: len(facts(tmp_path)) == 51)
        until(lambda: sink.pulse.beat(0).processed > 0)  # told once it is committed
        assert sink.pulse.beat(0).processed == 1


def test_a_message_that_cannot_be_decoded_is_kept_apart_and_told_of(log: Log, tmp_path: Path) -> None:
    log.write(entry("a", "f1", 1), b"\0\0\0\0\1 not avro", b"", entry("a", "f2", 1))
    with running(SearchStore(tmp_path), log):
        until(lambda: facts(tmp_path) == {("f1", 1), ("f2", 1)})
    apart = last(log, topics.QUARANTINE, Quarantined, lambda q: q.raw.topic == log.entries.name)
    assert {q.raw.offset for q in apart} == {1, 2}
    assert {(q.stage, q.reason) for q in apart} == {("sink-search", "undecodable")}


def test_what_cannot_be_read_any_more_is_built_anew(log: Log, tmp_path: Path) -> None:
    """A part cut short while the engine runs: it merges and answers on without it until the next start."""
    log.write(*(entry("a", f"f{n}", 1) for n in range(20)))
    store = AnalyticsStore(tmp_path, b"test")

    def held() -> int:
        try:
            return len(list(store.contents()))
        except StoreUnavailableError:
            return -1

    with running(store, log):
        until(lambda: held() == 20)
        assert not store.damaged()
        for part in tmp_path.rglob("all_*/data.bin"):
            part.write_bytes(part.read_bytes()[:-20])
        assert held() == -1
        until(lambda: held() == 20)


@pytest.mark.parametrize("made", [SearchStore, partial(AnalyticsStore, person_key=b"test")])
def test_an_entry_that_cannot_be_taken_in_is_kept_apart_and_told_of(log: Log, tmp_path: Path, made: Callable[..., Store]) -> None:
    log.write(entry("a", "f1", 1), entry("a", "f2", 1, content=[1, 2]), entry("a", "f3", 1))  # type: ignore[arg-type]
    store = made(tmp_path)
    with running(store, log) as sink:
        until(lambda: sink.pulse.beat(0).processed == 3)
        assert {held.fact for held in store.contents()} == {"f1", "f3"}
    (apart,) = last(log, topics.QUARANTINE, Quarantined, lambda q: q.raw.topic == log.entries.name)
    assert (apart.raw.offset, apart.reason) == (1, "unfit")


def test_rebuilt_it_is_the_same(log: Log, tmp_path: Path) -> None:
    log.write(*(entry("a", f"f{n}", 1) for n in range(20)))
    with running(SearchStore(tmp_path), log):
        until(lambda: len(facts(tmp_path)) == 20)
    before = found(tmp_path)
    with running(SearchStore(tmp_path), log, rebuild=True) as sink:
        until(lambda: sink.pulse.beat(0).processed == 20)
        assert found(tmp_path) == before


def test_a_topic_made_anew_is_noticed_and_the_store_built_anew(log: Log, tmp_path: Path) -> None:
    log.write(*(entry("a", f"f{n}", 5) for n in range(20)))
    with running(SearchStore(tmp_path), log):
        until(lambda: len(facts(tmp_path)) == 20)
    log.remove()
    log.make()
    log.write(entry("a", "f1", 1))
    with running(SearchStore(tmp_path), log):
        until(lambda: facts(tmp_path) == {("f1", 1)})


def test_an_emptied_redis_is_filled_again(log: Log, place: One | Cluster) -> None:
    reader = CacheReader(place.url)
    log.write(*(entry("a", f"f{n}", 1) for n in range(20)), summary("a", 1, ("9990000018",)))
    with running(cache_store(place.url), log):
        until(lambda: len(list(reader.contents())) == 20)
        place.nodes()[-1].flushall()
        log.write(entry("a", "late", 1))
        until(lambda: len(list(reader.contents())) == 21)
    record = reader.record("9990000018")
    assert record is not None
    assert len(record.entries) == 21


def test_a_store_that_is_away_is_waited_for(log: Log, tmp_path: Path) -> None:
    """The directory is held by another process; nothing is skipped meanwhile."""
    holder = SearchStore(tmp_path)
    holder.open()
    log.write(entry("a", "f1", 1))
    with running(SearchStore(tmp_path), log) as sink:
        until(lambda: sink.pulse.beat(0).note == "StoreHeldError")
        holder.close()
        until(lambda: facts(tmp_path) == {("f1", 1)})
        until(lambda: sink.pulse.beat(0).note == "")


def test_a_cluster_killed_within_a_batch_is_waited_for_and_then_holds_all(log: Log, own_opensearch: OpenSearch,
                                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    with cluster(own_opensearch.url) as settings:
        store = ClusterStore(settings)
        log.write(*(entry("a", f"f{n}", 2) for n in range(10)))
        monkeypatch.setattr(in_cluster, "_PIECE", 1)
        send, sent, killed = store._send, list[int](), list[bool]()

        def killing(at: Generation, piece: Sequence[in_cluster._Document]) -> None:
            if len(sent) == 13 and not killed:
                own_opensearch.kill()
                killed.append(True)
            send(at, piece)
            sent.append(len(piece))

        monkeypatch.setattr(store, "_send", killing)
        with running(store, log) as sink:
            until(lambda: sink.pulse.beat(0).processed == 10)
            log.write(*(entry("a", f"f{n}", 1 + 2 * (n % 2), status="withdrawn" if n == 3 else "current") for n in range(10)))
            until(lambda: sink.pulse.beat(0).note == "StoreUnavailableError")
            assert len(sent) == 13
            own_opensearch.start()
            until(lambda: sum(sink.pulse.beat(0).positions.values()) == 20)
            assert sink.pulse.beat(0).note == ""
            assert {(one.fact, one.version) for one in store.contents()} == {(f"f{n}", 2 + n % 2) for n in range(10) if n != 3}


@pytest.mark.parametrize(("name", "place"), [
    ("search", "one"), ("cluster", "one"), ("cache", "one"), ("analytics", "one"),
    pytest.param("cache", "cluster", marks=pytest.mark.slow),  # `test_cluster_writers` cuts a batch short at each of its steps
], indirect=["place"])
def test_killed_again_and_again_it_holds_all(log: Log, place: One | Cluster, tmp_path: Path, name: str,
                                             request: pytest.FixtureRequest) -> None:
    if name == "cluster":
        request.getfixturevalue("cluster_named")
        name = "search"
    redis = place.url
    wanted: dict[tuple[str, str], Entry] = {}
    for turn in range(1, 4):
        written = [entry(f"p{n % 7}", f"f{n}", turn, status="withdrawn" if n % 5 == turn else "current") for n in range(600)]
        wanted |= {(one.person, one.fact): one for one in written}
        log.write(*written)
        killed = process(name, log, tmp_path, redis)
        try:
            until(partial(_any_of, name, turn, tmp_path, redis))
        finally:
            killed.kill()
            killed.wait()
    stop = threading.Event()
    from sinks.runner import STORES, Name, Where
    store, _ = STORES[Name(name)](Where(tmp_path, redis))
    sink = Sink(store, log.kafka, log.registry, "after", log.inputs)
    thread = threading.Thread(target=sink.run, args=(stop,))
    thread.start()
    try:
        until(lambda: sum(sink.pulse.beat(0).positions.values()) == 1800)
        held = {(one.person, one.fact): one.version for one in store.contents()}
    finally:
        stop.set()
        thread.join(20)
    assert held == {key: one.version for key, one in wanted.items() if one.status == "current"}


def _any_of(name: str, turn: int, home: Path, redis: str) -> bool:
    """Whether some entry of this turn is held: the process is at work."""
    from sinks.analytics.errors import NotServedError
    from sinks.contents import contents_of

    try:
        return any(held.version >= turn for held in contents_of(home, redis)[name]())
    except (NotBuiltError, NotServedError, StoreUnavailableError):
        return False

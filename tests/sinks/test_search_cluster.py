"""The search store in an OpenSearch cluster: what it promises while the cluster dies, is emptied, refuses, or has another writer."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opensearchpy import OpenSearch as Client

from mainstem.model import Entry
from sinks.contract import Batch, Place
from sinks.errors import StoreMovedError, StoreUnavailableError, UnfitError
from sinks.search import SearchReader
from sinks.search.cluster import ClusterEngine, ClusterStore, client, engine, index
from sinks.search.cluster import store as stores
from sinks.search.documents import key
from sinks.settings import SinkSettings
from tests.sinks.made import PERSONS, entry
from tests.sinks.searching import cluster

AT = Place("records.entries.v1", 0)
P, Q = PERSONS
ONE, TWO = entry(P, "f1", 1), entry(Q, "f2", 1)


@pytest.fixture
def settings(opensearch: str) -> Iterator[SinkSettings]:
    with cluster(opensearch) as found:
        yield found


@pytest.fixture
def store(settings: SinkSettings) -> Iterator[ClusterStore]:
    made = ClusterStore(settings)
    made.open()
    yield made
    made.close()


@pytest.fixture
def admin(settings: SinkSettings) -> Client:
    return client.connect(settings)


def held(store: ClusterStore) -> set[tuple[str, int]]:
    return {(one.fact, one.version) for one in store.contents()}


def indices(admin: Client, settings: SinkSettings) -> set[str]:
    return set(admin.indices.get_alias(index=f"{settings.search_index}*"))


def before_positions(monkeypatch: pytest.MonkeyPatch, store: ClusterStore, happens: Callable[[], Any]) -> None:
    """Once, when the batch is sent and its positions are not."""
    write = store._write

    def late(*arguments: Any) -> None:
        monkeypatch.setattr(store, "_write", write)
        happens()
        write(*arguments)

    monkeypatch.setattr(store, "_write", late)


def test_what_is_applied_twice_is_one_document(store: ClusterStore, settings: SinkSettings, admin: Client) -> None:
    for position in (1, 2):
        store.apply(Batch((ONE, TWO)), {AT: position})
    assert held(store) == {("f1", 1), ("f2", 1)}
    admin.indices.refresh(index=index.alias(settings))
    assert admin.count(index=index.alias(settings))["count"] == 3  # the third holds the positions


def test_a_withdrawn_entry_leaves_its_version_and_nothing_else(store: ClusterStore, settings: SinkSettings, admin: Client) -> None:
    store.apply(Batch((entry(P, "f1", 4, {"agent": {"text": "canary"}}),)), {AT: 1})
    store.apply(Batch((entry(P, "f1", 7, {"agent": {"text": "canary"}}, status="withdrawn"),)), {AT: 2})
    store.apply(Batch((entry(P, "f1", 6),)), {AT: 3})
    kept = admin.get(index=index.alias(settings), id=key(P, "f1"), params={"routing": P})
    assert (kept["_version"], kept["_source"]) == (7, {})
    assert SearchReader(ClusterEngine.of(settings)).entries("canary") == []


def test_words_are_not_kept_beside_what_is_shown(store: ClusterStore, settings: SinkSettings, admin: Client) -> None:
    """Whereabouts neither: of a person who must not be found they are not sent at all."""
    content = {"names": [{"family": "Featherstone"}], "postcode": "ZZ99 3CZ", "note": "canary"}
    store.apply(Batch((entry(P, "who", 1, content, kind="patient", labels=("pds-restricted",)),)), {AT: 1})
    kept = admin.get(index=index.alias(settings), id=key(P, "who"), params={"routing": P})
    assert set(kept["_source"]) == {"shown"}
    assert "canary" not in str(kept) and "ZZ99" not in str(kept)
    reader = SearchReader(ClusterEngine.of(settings))
    assert [hit.person for hit in reader.people("featherstone")] == [P]
    assert reader.people("zz99") == []


def test_another_sink_is_noticed_before_anything_is_sent(store: ClusterStore, settings: SinkSettings) -> None:
    other = ClusterStore(settings)
    other.open()
    other.apply(Batch((ONE,)), {AT: 1})
    with pytest.raises(StoreMovedError, match="reading its positions again"):
        store.apply(Batch((TWO,)), {AT: 7})
    assert held(store) == {("f1", 1)}
    assert store.open() == {AT: 1}
    store.apply(Batch((TWO,)), {AT: 2})
    with pytest.raises(StoreMovedError):
        other.apply(Batch(), {AT: 3})
    other.close()


def test_another_sink_is_noticed_before_the_positions_are_written(store: ClusterStore, settings: SinkSettings,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    other = ClusterStore(settings)
    other.open()
    before_positions(monkeypatch, store, lambda: other.apply(Batch((ONE,)), {AT: 5}))
    with pytest.raises(StoreMovedError):
        store.apply(Batch((TWO,)), {AT: 2})
    assert store.open() == {AT: 5}
    other.close()


def test_an_index_that_was_removed_is_noticed_and_not_made_anew_by_what_is_written(
        store: ClusterStore, settings: SinkSettings, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    store.apply(Batch((ONE,)), {AT: 1})
    remove = lambda: [admin.indices.delete(index=name) for name in indices(admin, settings)]  # noqa: E731 - said twice, each time in one breath
    remove()
    with pytest.raises(StoreMovedError):
        store.apply(Batch((TWO,)), {AT: 2})
    assert indices(admin, settings) == set()
    assert store.open() == {}
    for place in ("_send", "_write"):
        if place == "_write":
            before_positions(monkeypatch, store, remove)
        else:
            send = store._send
            monkeypatch.setattr(store, "_send", lambda *arguments, send=send: (remove(), send(*arguments)))
        with pytest.raises(StoreMovedError):
            store.apply(Batch((ONE,)), {AT: 1})
        monkeypatch.undo()
        assert indices(admin, settings) == set()
        assert store.open() == {}
    store.apply(Batch((ONE, TWO)), {AT: 2})
    assert held(store) == {("f1", 1), ("f2", 1)}


def test_an_emptied_index_is_noticed(store: ClusterStore, settings: SinkSettings, admin: Client) -> None:
    store.apply(Batch((ONE,)), {AT: 1})
    for document, routing in ((key(P, "f1"), P), ("positions", "positions")):
        admin.delete(index=index.alias(settings), id=document, params={"routing": routing, "refresh": "true"})
    with pytest.raises(StoreMovedError):
        store.apply(Batch((TWO,)), {AT: 2})
    assert held(store) == set()
    assert store.open() == {}


def test_a_writer_of_what_was_emptied_is_refused(store: ClusterStore, settings: SinkSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it sends late is of the log before: it must not reach the store that is built anew."""
    store.apply(Batch((ONE,)), {AT: 1})
    late = ClusterStore(settings)
    late.open()
    send = late._send
    monkeypatch.setattr(late, "_send", lambda *arguments: (store.clear(), send(*arguments)))
    with pytest.raises(StoreMovedError):
        late.apply(Batch((entry(Q, "f9", 9),)), {AT: 2})
    assert held(store) == set()
    store.apply(Batch((TWO,)), {AT: 1})
    assert held(store) == {("f2", 1)}
    late.close()


def test_a_clearing_cut_short_leaves_the_store_as_it_was(store: ClusterStore, settings: SinkSettings, admin: Client,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    store.apply(Batch((ONE,)), {AT: 1})
    with monkeypatch.context() as cut:
        cut.setattr(store._client.indices, "update_aliases", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store.clear()
    assert len(indices(admin, settings)) == 2
    assert store.open() == {AT: 1}
    assert held(store) == {("f1", 1)}
    assert len(indices(admin, settings)) == 1
    store.clear()
    assert len(indices(admin, settings)) == 1
    assert store.open() == {}


def test_a_store_built_anew_has_as_many_shards_as_are_set_now(settings: SinkSettings, admin: Client) -> None:
    ClusterStore(settings).open()
    store = ClusterStore(settings.model_copy(update={"search_shards": 3}))
    store.open()
    store.clear()
    (found,) = admin.indices.get_settings(index=index.alias(settings)).values()
    assert found["settings"]["index"]["number_of_shards"] == "3"


def test_two_sinks_that_open_at_once_open_one_store(settings: SinkSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = ClusterStore(settings), ClusterStore(settings)
    make = index._make

    def late(*arguments: Any) -> None:
        monkeypatch.setattr(index, "_make", make)
        first.open()
        make(*arguments)

    monkeypatch.setattr(index, "_make", late)
    second.open()
    assert first._at == second._at


def test_an_index_that_is_closed_to_writing_is_waited_for(store: ClusterStore, settings: SinkSettings, admin: Client) -> None:
    """As where its disk is full. Nothing is put in quarantine for it."""
    store.apply(Batch((ONE,)), {AT: 1})
    admin.indices.put_settings(index=index.alias(settings), body={"index.blocks.write": True})
    with pytest.raises(StoreUnavailableError, match="cluster_block_exception"):
        store.apply(Batch((TWO,)), {AT: 2})
    store.fits(TWO)
    admin.indices.put_settings(index=index.alias(settings), body={"index.blocks.write": False})
    assert store.open() == {AT: 1}
    store.apply(Batch((TWO,)), {AT: 2})
    assert held(store) == {("f1", 1), ("f2", 1)}


def test_what_the_cluster_refuses_for_its_content_is_told_apart(store: ClusterStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """No content is known that it does: here a document is spoilt on its way."""
    made = stores._document

    def spoilt(entry: Entry) -> Any:
        document = made(entry)
        return document if entry.fact != "f2" else stores._Document(
            document.id, document.version, document.lines.partition(b"\n")[0] + b'\n{"title":{"canary":1}}\n')

    monkeypatch.setattr(stores, "_document", spoilt)
    with pytest.raises(UnfitError, match="1 entries") as raised:
        store.apply(Batch((ONE, TWO)), {AT: 2})
    assert "canary" not in str(raised.value)
    assert store.open() == {}
    store.fits(ONE)
    with pytest.raises(UnfitError):
        store.fits(TWO)
    store.apply(Batch((ONE,)), {AT: 2})
    assert held(store) == {("f1", 1)}


def test_an_index_of_other_fields_is_not_written_to(settings: SinkSettings, admin: Client) -> None:
    name = index.alias(settings)
    admin.indices.create(index=f"{name}.1", body={"aliases": {name: {}}, "mappings": {"properties": {"title": {"type": "integer"}}}})
    with pytest.raises(StoreUnavailableError, match="the fields of"):
        ClusterStore(settings).open()


def test_an_index_that_the_cluster_does_not_make_says_why(settings: SinkSettings) -> None:
    """As where it has as many shards as it may have."""
    with pytest.raises(StoreUnavailableError, match="400 illegal_argument_exception"):
        ClusterStore(settings.model_copy(update={"search_shards": 2000})).open()


def test_content_of_any_length_and_script_is_taken_in(store: ClusterStore) -> None:
    """Lucene refuses a term of more than 32,766 bytes; of such an identifier only the finding by it is lost."""
    long = "\U0001f9ec" * 20_000
    content = {"names": [{"family": f"Featherstone {long}"}], "identifiers": [{"system": "local", "value": long}], "note": "x" * 100_000}
    store.apply(Batch((entry(P, "who", 1, content, kind="patient"),)), {AT: 1})
    assert held(store) == {("who", 1)}


def test_all_is_read_back_page_by_page(store: ClusterStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_PAGE", 3)
    store.apply(Batch(tuple(entry(f"{n:032x}", f"f{n}", n + 1) for n in range(20))), {AT: 20})
    contents = store.contents()
    first = next(contents)
    store.apply(Batch(tuple(entry(f"{n:032x}", f"f{n}", 50) for n in range(20))), {AT: 40})
    found = [first, *contents]
    assert sorted((one.fact, one.version) for one in found) == sorted((f"f{n}", n + 1) for n in range(20)), "of one moment"
    assert held(store) == {(f"f{n}", 50) for n in range(20)}


def test_more_than_an_answer_can_hold_may_be_asked_for(store: ClusterStore, settings: SinkSettings) -> None:
    store.apply(Batch((entry(P, "f1", 1, {"agent": {"text": "Penicillin"}}),)), {AT: 1})
    assert len(SearchReader(ClusterEngine.of(settings)).people("penicillin", limit=100_000)) == 1


def test_nothing_of_patients_and_no_password_is_logged(store: ClusterStore, settings: SinkSettings, admin: Client,
                                                       caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    store.apply(Batch((entry(P, "f1", 1, {"agent": {"text": "canary"}}),)), {AT: 1})
    assert SearchReader(ClusterEngine.of(settings)).entries("canary")
    admin.indices.put_settings(index=index.alias(settings), body={"index.blocks.write": True})
    with pytest.raises(StoreUnavailableError) as raised:
        store.apply(Batch((entry(P, "f1", 2, {"agent": {"text": "canary"}}),)), {AT: 1})
    assert "canary" not in caplog.text + str(raised.value)


def test_a_name_of_its_own_keeps_two_stores_of_one_cluster_apart(store: ClusterStore, settings: SinkSettings) -> None:
    other = settings.model_copy(update={"search_index": f"{settings.search_index}.1-{uuid.uuid4().hex[:4]}"})
    second = ClusterStore(other)
    second.open()
    store.apply(Batch((ONE,)), {AT: 1})
    assert (second.open(), held(second)) == ({}, set())
    assert held(store) == {("f1", 1)}
    for name in client.connect(other).indices.get_alias(index=f"{index.alias(other)}.*"):
        client.connect(other).indices.delete(index=name)

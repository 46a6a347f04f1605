"""`mainstem search` and `mainstem query` as a person uses them."""

from __future__ import annotations

import dataclasses
import io
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import orjson
import pytest
from redis import Redis
from rich.console import Console
from typer.testing import CliRunner

from mainstem.cli import query as of_query
from mainstem.cli import search as of_search
from mainstem.web.audit import KafkaAudit
from mainstem.web.errors import AuditUnavailableError
from mainstem.web.stores import CachedRecords, SearchedPeople
from schemas import log, topics
from schemas.codec import Codec
from schemas.kafka import ensure_topics
from sinks.analytics import AnalyticsStore, serving
from sinks.cache import CacheStore
from sinks.contents import contents_of
from sinks.contract import Batch, Place
from sinks.runner import STORES, Name, Where
from sinks.search import SearchReader, SearchStore
from sinks.search.cluster import ClusterStore
from sinks.settings import SinkSettings
from tests.sinks.made import entry, summary

AT = Place("records.entries.v1", 0)
PERSON = "a" * 32
ENTRIES = (
    entry(PERSON, "who", 1, {"names": [{"given": ["Zoë"], "family": "Featherstone"}], "nhs_number": "9990000018"}, kind="patient"),
    entry(PERSON, "f1", 1, {"agent": {"text": "Penicillin V"}, "clinical_status": "active"}),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("home")
    search, analytics = SearchStore(path), AnalyticsStore(path, b"test")
    for store in (search, analytics):
        store.open()
        store.apply(Batch(ENTRIES), {AT: 2})
    search.close()
    with serving(analytics, path, 0, SinkSettings()):
        yield path
    analytics.close()


def said(app: object, *arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(one) for one in arguments])  # type: ignore[arg-type]
    return result.exit_code, result.output


def test_search_shows_nobody_whose_view_is_not_audited(home: Path, kafka: str, registry: str, own_redis: str) -> None:
    found = SearchReader.at(home).entries("penicil")
    Redis.from_url(own_redis).flushall()
    cache, codec = CacheStore(own_redis), Codec(registry)
    actor = uuid.uuid4().hex
    ensure_topics(kafka, [topics.AUDIT])
    audit = KafkaAudit(kafka, codec, "direct care", b"key")
    assert of_search.audited("penicil", found, CachedRecords(own_redis), audit, actor) == []
    cache.open()
    cache.apply(Batch(ENTRIES, (summary(PERSON, 4),)), {AT: 2})
    assert of_search.audited("penicil", found, CachedRecords(own_redis), audit, actor) == found
    decode = codec.decoder(topics.AUDIT)
    events = [e for message in log.read(kafka, topics.AUDIT) if (e := decode(message.value())).actor == actor]
    assert [(event.action, event.person) for event in sorted(events, key=lambda e: e.at)] == [("nobody", ""), ("listed", PERSON)]
    nowhere = KafkaAudit("127.0.0.1:1", codec, "direct care", b"key", seconds=0.5)
    for none_or_one in (found, []):
        with pytest.raises(AuditUnavailableError):
            of_search.audited("penicil", none_or_one, CachedRecords(own_redis), nowhere, actor)


def test_terminal_obeys_nothing_that_was_found(home: Path) -> None:
    hostile = dataclasses.replace(SearchReader.at(home).entries("penicil")[0], title="\x1b]0;owned\x07[bold]not markup[/bold]")
    out = io.StringIO()
    Console(file=out, width=160).print(of_search._table([hostile]))
    assert "\x1b]" not in out.getvalue()
    assert "[bold]not markup[/bold]" in out.getvalue()


@pytest.mark.parametrize("kept", ["in the home", "in a cluster"])
def test_search_of_real_servers(home: Path, kept: str, kafka: str, registry: str, own_redis: str, monkeypatch: pytest.MonkeyPatch,
                                request: pytest.FixtureRequest) -> None:
    """The whole command; the servers of the tests have another home than the store."""
    if kept == "in a cluster":
        request.getfixturevalue("cluster_named")
        store = ClusterStore(SinkSettings())
        store.open()
        store.apply(Batch(ENTRIES), {AT: 2})
        store.close()
    monkeypatch.setattr("deploy.stack.endpoints", lambda _home: SimpleNamespace(kafka=kafka, registry=registry, redis=own_redis))
    Redis.from_url(own_redis).flushall()
    cache = CacheStore(own_redis)
    cache.open()
    cache.apply(Batch(ENTRIES, (summary(PERSON, 4),)), {AT: 2})
    code, text = said(of_search.app, "999 000 0018", "--people", "--home", home, "--output", "json")
    assert code == 0, text
    (person,) = orjson.loads(text)
    assert (person["person"], person["name"]) == (PERSON, "Zoë Featherstone")
    assert "Penicillin V" in said(of_search.app, "penicil", "--home", home)[1]
    assert "try fewer or shorter words" in said(of_search.app, "zzzz", "--home", home)[1]


@pytest.mark.stack
def test_a_home_is_read_and_written_where_the_environment_says(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    made, _ = STORES[Name.SEARCH](Where(tmp_path, ""))
    assert isinstance(made, SearchStore)
    request.getfixturevalue("cluster_named")
    made, _ = STORES[Name.SEARCH](Where(tmp_path, ""))
    made.open()
    made.apply(Batch(ENTRIES), {AT: 1})
    assert [hit.person for hit in SearchedPeople(tmp_path).find("penicillin", 5)] == [PERSON]
    assert sorted(one.fact for one in contents_of(tmp_path, "")["search"]()) == ["f1", "who"]
    assert not any(tmp_path.iterdir())
    made.close()


def test_search_of_a_store_that_is_not_there(tmp_path: Path) -> None:
    code, text = said(of_search.app, "zzzz", "--home", tmp_path)
    assert code == 1
    assert "mainstem run" in text


def test_query(home: Path) -> None:
    sql = "SELECT kind, toUInt32(count()) AS n FROM entries GROUP BY kind ORDER BY kind"
    found = orjson.loads(said(of_query.app, sql, "--home", home, "--output", "json")[1])
    assert found == [{"kind": "allergy", "n": 1}, {"kind": "patient", "n": 1}]
    assert said(of_query.app, sql, "--home", home, "--output", "csv") == (0, '"kind","n"\n"allergy",1\n"patient",1\n')
    assert "allergy" in said(of_query.app, sql, "--home", home)[1]


def test_query_refused_or_not_served(home: Path, tmp_path: Path) -> None:
    code, text = said(of_query.app, "DROP TABLE entries", "--home", home)
    assert code == 1
    assert "only SELECT" in text
    code, text = said(of_query.app, "SELECT 1", "--home", tmp_path)
    assert code == 1
    assert "mainstem run" in text

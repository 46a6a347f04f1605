"""`mainstem search` and `mainstem query` as a person uses them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from made import entry
from typer.testing import CliRunner

from mainstem.cli import query as of_query
from mainstem.cli import search as of_search
from sinks.analytics import AnalyticsStore, serving
from sinks.contract import Batch, Place
from sinks.search import SearchStore
from sinks.settings import SinkSettings

AT = Place("records.entries.v1", 0)
ENTRIES = (
    entry("a" * 32, "who", 1, {"names": [{"given": ["Zoë"], "family": "Featherstone"}], "nhs_number": "9990000018"}, kind="patient"),
    entry("a" * 32, "f1", 1, {"agent": {"text": "Penicillin V"}, "clinical_status": "active"}),
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


def test_search_entries(home: Path) -> None:
    code, text = said(of_search.app, "penicil", "--home", home)
    assert code == 0
    assert "Penicillin V" in text


def test_search_people_as_json(home: Path) -> None:
    code, text = said(of_search.app, "999 000 0018", "--people", "--home", home, "--output", "json")
    (person,) = orjson.loads(text)
    assert (code, person["person"], person["name"]) == (0, "a" * 32, "Zoë Featherstone")


def test_search_for_what_is_not_there(home: Path, tmp_path: Path) -> None:
    code, text = said(of_search.app, "zzzz", "--home", home)
    assert code == 0
    assert "try fewer or shorter words" in text
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

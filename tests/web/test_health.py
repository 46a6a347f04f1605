"""The page of the stream and `/healthz`: what moves, what does not, and the reason."""

from __future__ import annotations

import logging
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from mainstem.observe import metrics
from mainstem.observe.connect import Connector
from mainstem.operations import IDLE, STOPPED, Heartbeat
from mainstem.web import health
from mainstem.web.errors import StoreUnavailableError
from mainstem.web.figures import STAGES, Beats
from mainstem.web.health import Watch
from mainstem.web.sources import Sources
from mainstem.web.stores import SearchedPeople, registry
from sinks.search import SearchStore
from sinks.search.embedded.index import directory
from tests.eventually import eventually
from tests.web import made
from tests.web.made import NOW, MadeAudit, MadeStream, sources
from tests.web.pages import client


def test_stream_page() -> None:
    beats = Beats(15)
    for second in range(30):
        at = NOW - 30_000 + second * 1000
        for stage in ("capture", "sink-search"):
            beats.add(made.beat(stage, at, second * 50, freshness=(0.4, 0.6)))
    visitor = client(sources(stream=MadeStream(beats)))
    for path in ("/stream", "/stream/figures"):
        shown = visitor.get(path).text
        assert ">50<" in shown and "0.50 s" in shown and '<path class="line line--0"' in shown
        assert "Silent</strong> never heard" in shown


def test_stream_page_tells_who_stands_idle() -> None:
    beats = Beats(15)
    beats.add(made.beat("linker", NOW - 500, note=f"{IDLE}an input was made anew"))
    shown = client(sources(stream=MadeStream(beats))).get("/stream").text
    assert 'aria-label="Stages that stand idle"' in shown and "Idle</strong> stands idle: an input was made anew" in shown
    assert "Running</strong>" not in shown


def test_health() -> None:
    beats = Beats(15)
    given = sources(stream=MadeStream(beats))
    assert client(given).get("/healthz").status_code == 503
    for stage in ("capture", "linker", "identity", "reconcile", "sink-search", "sink-analytics", "sink-cache"):
        beats.add(made.beat(stage, NOW - 1000))
    answer = client(given).get("/healthz")
    assert answer.status_code == 200 and answer.json()["checks"]["stage capture"] == "heard 1.0 s ago"
    unaudited = sources(stream=MadeStream(beats), audit=MadeAudit(broken=True))
    told = client(unaudited).get("/healthz").json()
    assert told["status"] == "unwell" and [one.split(":")[0] for one in told["reasons"]] == ["audit"]


def test_health_sees_a_registry_that_is_away_though_what_runs_needs_it_no_more() -> None:
    beats = Beats(15)
    for stage in STAGES:
        beats.add(made.beat(stage, NOW - 500))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    answer = client(sources(stream=MadeStream(beats), registry=registry(nobody))).get("/healthz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["schema registry: ConnectError"])


@pytest.mark.parametrize(("connector", "reason"), [
    (Connector("rxa_epr", ("RUNNING", "FAILED")), "connector rxa_epr: connector running, tasks failed"),
    (Connector("rxa_epr", ("RUNNING", "RUNNING"), age=61.0),
     "connector rxa_epr: connector running, tasks running, its database heard 61 s ago"),
    (Connector("rxa_epr", ("RUNNING",)), "connector rxa_epr: connector running, tasks none"),
    (Connector("rxa_epr", ("PAUSED", "PAUSED")), "connector rxa_epr: connector paused, tasks paused"),
    (Connector("rxa_epr", ()), "connector rxa_epr: not known to Connect: nothing captures this source"),
    (None, "connectors: Connect knows of none, or does not answer"),
])
def test_health_sees_a_dead_capture_though_every_stage_is_up_to_date(connector: Connector | None, reason: str) -> None:
    beats = Beats(15)
    for stage in STAGES:
        beats.add(made.beat(stage, NOW - 500))

    def health(*found: Connector) -> httpx.Response:
        return client(sources(stream=MadeStream(beats), connectors=lambda: found)).get("/healthz")

    assert health(Connector("rxa_epr", ("RUNNING", "RUNNING"), age=59.0)).status_code == 200
    assert health(Connector("rxa_epr", ("RUNNING", "RUNNING"))).status_code == 200
    answer = health(*([connector] if connector else []))
    assert (answer.status_code, answer.json()["reasons"]) == (503, [reason])


@pytest.mark.parametrize(("reconcile", "reason"), [
    ([made.beat("reconcile", NOW - 20_000, lag=7)],
     "stage reconcile: not heard for 20 s, 7 messages behind when last heard: its process has ended or hangs, or the broker is away"),
    ([made.beat("reconcile", NOW - 40_000 + s * 1000, 500, lag=100 + s) for s in range(40)],
     "stage reconcile: nothing processed for 39 s while its lag grew to 139 messages"),
    ([made.beat("reconcile", NOW - 40_000 + s * 1000, 500 + 9 * s, lag=100 + s, positions={"in/0": 70, "in/1": 90 + 9 * s},
                lags={"in/0": 100 + s, "in/1": 0}) for s in range(40)],
     "stage reconcile: nothing of in/0 processed for 39 s while its lag grew to 139 messages"),
    ([made.beat("reconcile", NOW - 20_000, note=f"{STOPPED}stage reconcile failed"), made.beat("reconcile", NOW - 500)],
     "stage reconcile: stopped on purpose: stage reconcile failed (20 s ago)"),
    ([made.beat("reconcile", NOW - 500, note="StoreUnavailableError")],
     "stage reconcile: waits for a dependency (StoreUnavailableError)"),
    ([made.beat("reconcile", NOW - 1500, instance="one of two", note=f"{IDLE}an input was made anew"), made.beat("reconcile", NOW - 500)],
     "stage reconcile: stands idle: an input was made anew"),
])
def test_health_gives_the_reason(reconcile: list[Heartbeat], reason: str) -> None:
    beats = Beats(15)
    for one in [*(made.beat(stage, NOW - 500) for stage in STAGES if stage != "reconcile"), *reconcile]:
        beats.add(one)
    answer = client(sources(stream=MadeStream(beats))).get("/healthz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, [reason])


@pytest.mark.parametrize("reconcile", [
    [made.beat("reconcile", NOW - 40_000 + s * 1000, 500 + s, lag=100 + s) for s in range(40)],  # slow, yet it moves
    [made.beat("reconcile", NOW - 40_000 + s * 1000, 500, lag=2) for s in range(40)],  # control records nobody needs to process
    [made.beat("reconcile", NOW - 40_000 + s * 1000, 500 + s, lag=100 + s, positions={"in/0": 70, "in/1": 90 + s},
               lags={"in/0": 2, "in/1": 98 + s}) for s in range(40)],  # a quiet partition beside one that falls behind, yet moves
    [made.beat("reconcile", NOW - 20_000 + s * 1000, 500, lag=100 + s) for s in range(20)],  # not for long yet
    [made.beat("reconcile", NOW - 61_000, note=f"{STOPPED}stage reconcile failed"), made.beat("reconcile", NOW - 500)],
])
def test_health_is_well_where_work_goes_on(reconcile: list[Heartbeat]) -> None:
    beats = Beats(15)
    for one in [*(made.beat(stage, NOW - 500) for stage in STAGES if stage != "reconcile"), *reconcile]:
        beats.add(one)
    assert client(sources(stream=MadeStream(beats))).get("/healthz").status_code == 200


@contextmanager
def watched(given: Sources) -> Iterator[threading.Thread]:
    """The thread of a watch; no gauge holds anything of another."""
    metrics.WELL.clear()
    metrics.HEARTBEAT_AGE.clear()
    with Watch(given, 0.02) as watch:
        yield watch._thread
    watch._thread.join(10)


def told(name: str, gauge: Any = metrics.WELL) -> float:
    return float(gauge.labels(name)._value.get())


def test_a_search_store_that_goes_away_under_the_watch_is_unwell_until_it_is_back(tmp_path: Path) -> None:
    store = SearchStore(tmp_path)
    store.open()
    store.close()
    given = sources(people=SearchedPeople(tmp_path))
    visitor = client(given)
    with watched(given) as thread:
        eventually(lambda: told("search store") == 1, "well", 10)
        shutil.move(directory(tmp_path), tmp_path / "kept")
        eventually(lambda: told("search store") == 0, "not well", 10)
        answer = visitor.get("/healthz")
        assert answer.status_code == 503 and [one.split(":")[0] for one in answer.json()["reasons"]] == ["search store"]
        assert visitor.post("/search", data={"q": "smith"}).status_code == 503
        assert thread.is_alive() and told("live cache") == 1
        shutil.move(tmp_path / "kept", directory(tmp_path))
        eventually(lambda: told("search store") == 1, "well again", 10)
        assert visitor.get("/healthz").status_code == 200


def test_an_index_that_goes_away_is_a_store_that_does_not_answer_and_another_in_its_place_is_opened(tmp_path: Path) -> None:
    """The message is of tantivy, and says what it was doing: it is not passed on."""
    people = SearchedPeople(tmp_path)
    for why in ("its index cannot be read: ValueError", "nothing has been indexed yet"):
        if why.startswith("its"):
            SearchStore(tmp_path).open()
            people.check()
            shutil.rmtree(directory(tmp_path))
        with pytest.raises(StoreUnavailableError) as raised:
            people.find("smith", 1)
        assert raised.value.why == why
    SearchStore(tmp_path).open()
    people.check()


class Broken:
    """A source that answers as given, and while it is broken fails as nobody foresaw."""

    def __init__(self, of: Any) -> None:
        self._of, self.broken = of, False

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._of, name)
        if self.broken and not callable(found):
            raise KeyError("CANARY")
        return Broken.fails if self.broken else found

    def __call__(self) -> Any:
        return Broken.fails() if self.broken else self._of()

    @staticmethod
    def fails(*_: object) -> Any:
        raise KeyError("CANARY")


@pytest.mark.parametrize(("source", "names"), [
    ("people", ["search store"]), ("records", ["live cache"]), ("audit", ["audit"]), ("registry", ["schema registry"]),
    ("quarantine", ["quarantine counted"]),
    ("stream", [f"stage {stage}" for stage in STAGES]), ("connectors", ["connectors", "connector rxa_epr"])])
def test_a_check_that_fails_as_nobody_foresaw_is_not_well_and_the_watch_goes_on(
        source: str, names: list[str], caplog: pytest.LogCaptureFixture) -> None:
    whole = sources(connectors=lambda: [Connector("rxa_epr", ("RUNNING", "RUNNING"))])
    broken = Broken(getattr(whole, source))
    given = Sources(**{each: getattr(whole, each) for each in whole.__slots__} | {source: broken})
    every = {*names, "search store", "live cache", "audit", "quarantine counted", "stage linker", "connectors", "connector rxa_epr"}
    caplog.set_level(logging.DEBUG)
    with watched(given) as thread:
        eventually(lambda: all(told(name) for name in every), "all well", 10)
        broken.broken = True
        eventually(lambda: not any(told(name) for name in names), "not well", 10)
        assert thread.is_alive() and all(told(name) for name in every - set(names))
        assert told("linker", metrics.HEARTBEAT_AGE) == (float("inf") if source == "stream" else 0.5)
        answer = client(given).get("/healthz")
        assert answer.status_code == 503 and "its check failed (KeyError)" in answer.json()["reasons"][0]
        broken.broken = False
        eventually(lambda: all(told(name) for name in every), "all well again", 10)
    assert "KeyError in the check of " in caplog.text and "CANARY" not in caplog.text


def test_where_nothing_can_be_checked_nothing_stays_well(monkeypatch: pytest.MonkeyPatch) -> None:
    with watched(sources()) as thread:
        eventually(lambda: told("audit") == 1, "well", 10)
        with monkeypatch.context() as broken:
            broken.setattr(health, "checks", Broken.fails)
            eventually(lambda: not any(map(told, ("audit", "live cache", "stage linker"))), "not well", 10)
            assert thread.is_alive()
        eventually(lambda: told("audit") == 1, "well again", 10)

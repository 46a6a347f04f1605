"""The page of the stream and `/healthz`: what moves, what does not, and the reason."""

from __future__ import annotations

import httpx
import pytest

from mainstem.observe.connect import Connector
from mainstem.operations import STOPPED, Heartbeat
from mainstem.web.figures import STAGES, Beats
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
     "stage reconcile: not heard for 20 s, 7 messages behind when last heard: its process has ended or hangs"),
    ([made.beat("reconcile", NOW - 40_000 + s * 1000, 500, lag=100 + s) for s in range(40)],
     "stage reconcile: nothing processed for 39 s while its lag grew to 139 messages"),
    ([made.beat("reconcile", NOW - 40_000 + s * 1000, 500 + 9 * s, lag=100 + s, positions={"in/0": 70, "in/1": 90 + 9 * s},
                lags={"in/0": 100 + s, "in/1": 0}) for s in range(40)],
     "stage reconcile: nothing of in/0 processed for 39 s while its lag grew to 139 messages"),
    ([made.beat("reconcile", NOW - 20_000, note=f"{STOPPED}stage reconcile failed"), made.beat("reconcile", NOW - 500)],
     "stage reconcile: stopped on purpose: stage reconcile failed (20 s ago)"),
    ([made.beat("reconcile", NOW - 500, note="StoreUnavailableError")],
     "stage reconcile: waits for a dependency (StoreUnavailableError)"),
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

"""Promise 2 on the whole platform: a short run of chaos. A long one is `make chaos`.

Its name puts it after the tests that want a quiet life.
"""

from __future__ import annotations

import orjson
import pytest

from deploy.chaos import run
from deploy.chaos.plan import Kind
from tests.end_to_end.conftest import World

pytestmark = pytest.mark.stack
SEED = 129640
"""Its first faults hold every kind, kill each process that writes, kill a worker between the commit and its local state, capture right
after its commit and a sink within its batch; and the trusts' database is killed, stopped and cut off."""
FAULTS = 19


@pytest.mark.timeout(600)
def test_nothing_is_lost_or_doubled_under_faults_of_every_kind(world: World) -> None:
    report = run.run(world.arena, SEED, print, faults=FAULTS, rate=50, peace=0.5, reach=120)
    assert report.passed, _differences(report)
    assert {met.fault.kind for met in report.met} == set(Kind)
    killed = {met.fault.target for met in report.met if met.fault.kind is Kind.KILL and met.bit}
    assert killed >= {"capture", "sink-search", "sink-analytics", "sink-cache"}
    missed = [met for met in report.met if not met.bit]
    hit = {(met.fault.kind, met.fault.target) for met in report.met if met.bit}
    assert hit >= {(Kind.STEP, step) for step in ("committed", "capture committed", "sink half applied")}, missed
    assert hit >= {(kind, "postgres") for kind in (Kind.SERVER, Kind.PAUSE, Kind.CUT)}, missed
    assert report.changes > 1000
    assert report.acknowledged > 100


def test_each_workers_state_is_the_fold_of_its_changelog_and_has_snapshots(world: World) -> None:
    done = world.mainstem("state", "verify", "--output", "json")
    states = orjson.loads(done.stdout)
    assert done.returncode == 0, [state for state in states if state["differences"]]
    assert {state["stage"] for state in states} == {"linker", "identity", "reconcile"}
    assert sum(state["pairs"] for state in states) > 1000
    stats = orjson.loads(world.mainstem("state", "stats", "--stage", "reconcile", "--output", "json").stdout)
    assert any(state["snapshots"] for state in stats)


def _differences(report: run.Report) -> str:
    told = report.as_dict()
    checks = [*told["verify"].get("checks", []), *told["checks"]]  # type: ignore[attr-defined,misc]
    return "\n".join([f"seed {SEED}", *(f"{c['name']}: {c['shown']}" for c in checks if not c["passed"]),
                      str(told["verify"].get("why", ""))])  # type: ignore[attr-defined]

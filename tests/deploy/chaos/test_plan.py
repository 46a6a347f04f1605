"""Faults are drawn from the seed alone, and none is forgotten."""

from __future__ import annotations

from collections import Counter

from deploy.chaos.plan import SERVERS, WORKERS, Kind, first
from deploy.platform.processes import processes
from deploy.stack import SERVICES, Endpoints
from mainstem import faults


def test_the_same_seed_draws_the_same_faults_and_another_seed_others() -> None:
    assert first(7, 200) == first(7, 200)
    assert first(7, 200) != first(8, 200)


def test_every_kind_and_every_step_has_its_turn() -> None:
    drawn = first(7, 80)
    assert {fault.kind for fault in drawn} == set(Kind)
    steps = Counter(fault.target for fault in drawn if fault.kind is Kind.STEP)
    assert steps.keys() == {*faults.COMMIT, *faults.OPENING, *faults.CAPTURE, *faults.SINKS}


def test_every_process_of_ours_is_killed(tmp_path) -> None:
    servers = Endpoints({"kafka": "127.0.0.1:1", "registry": "http://127.0.0.1:1", "redis": "redis://127.0.0.1:1",
                         "connect": "http://127.0.0.1:1"})
    ours = {process.name for process in processes(servers, tmp_path, ["RXA/epr"], 1, workers=len(WORKERS))}
    assert {fault.target for fault in first(7, 60) if fault.kind is Kind.KILL} == ours


def test_every_server_is_killed_and_stopped() -> None:
    drawn = first(7, 200)
    assert set(SERVERS) == set(SERVICES)
    assert {fault.target for fault in drawn if fault.kind is Kind.SERVER} == set(SERVERS)
    assert {fault.target for fault in drawn if fault.kind is Kind.PAUSE} >= set(SERVERS)


def test_peace_is_bounded() -> None:
    assert all(0 <= fault.after <= 6 for fault in first(3, 500, peace=2))

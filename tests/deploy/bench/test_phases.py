"""What batches spent their time on, from what processes say at /metrics."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import generate_latest

from deploy.bench import phases
from mainstem.observe import metrics, serving


def batch(stage: str, events: int, **seconds: float) -> None:
    metrics.BATCH_EVENTS.labels(stage).observe(events)
    for phase, took in seconds.items():
        metrics.PHASE_SECONDS.labels(stage, phase).observe(took)


def text() -> str:
    return generate_latest(metrics.REGISTRY).decode()


def test_what_lies_between_two_looks() -> None:
    batch("between", 1000, core=9.0)
    before = phases.read(text())
    batch("between", 10, core=0.02, commit=0.03)
    batch("between", 30, core=0.04, commit=0.05)
    found = {each["stage"]: each for each in phases.between(before, phases.read(text()), 4.0)}
    assert set(found) == {"between"}, "a stage that took no batch is not told"
    told = found["between"]
    assert (told["batches"], told["events"]) == (0.5, 20.0)
    assert told["ms"] == pytest.approx({"core": 30.0, "commit": 40.0})


def test_all_processes_of_a_folder_are_asked_and_added_up(tmp_path: Path) -> None:
    batch("folder", 5, core=0.5)
    serving.serve("one", tmp_path)
    alone = phases.look(tmp_path)["folder", "core"]
    serving.serve("other", tmp_path)
    assert phases.look(tmp_path)["folder", "core"] == pytest.approx((2 * alone[0], 2 * alone[1]))

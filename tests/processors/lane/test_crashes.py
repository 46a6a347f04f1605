"""The lane in processes that are killed, paused, joined and ended: nothing lost, nothing doubled."""

from __future__ import annotations

import re
import shutil
import signal
import time
from pathlib import Path

import pytest

from mainstem import faults
from mainstem.operations import Heartbeat
from processors.apps.worker import EXIT_FENCED
from schemas import topics
from tests.eventually import eventually
from tests.processors.lane.conftest import World

pytestmark = pytest.mark.stack


def test_killed_at_each_step_of_the_commit_and_of_taking_over(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    armed = tmp_path / "armed"
    monkeypatch.setenv(faults.VARIABLE, str(armed))
    for place in (*faults.COMMIT, *faults.OPENING):
        world.send(1_000)
        if place == "recovering":
            shutil.rmtree(tmp_path / "a")
        armed.write_text(place)
        assert world.worker("a", instance="a").wait(60) == -signal.SIGKILL, place
        assert not armed.exists()
    world.worker("a", instance="a")
    world.await_all()
    world.check()


def test_a_second_worker_joins_and_the_first_leaves(world: World) -> None:
    first = world.worker("a")
    world.send(5_000)
    eventually(lambda: world.processed() > 0, "progress")
    world.worker("b")
    for _ in range(10):
        world.send(500)
    eventually(lambda: "opened" in world.log("b"), "the second worker getting partitions")
    world.await_all()
    world.send(5_000)
    first.send_signal(signal.SIGTERM)
    assert first.wait(15) == 0
    world.await_all()
    world.check()


@pytest.mark.parametrize("place", [
    "flushed", *(pytest.param(place, marks=pytest.mark.slow) for place in faults.COMMIT if place != "flushed"),
])
def test_a_paused_owner_that_wakes_late_is_fenced(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """It sleeps within a commit until another has taken its partitions and processed what it was about to commit."""
    armed = tmp_path / "armed"
    monkeypatch.setenv(faults.VARIABLE, str(armed))
    paused = world.worker("a")
    world.send(1_000)
    world.await_all()
    armed.write_text(place + faults.STOP)
    world.send(3_000)
    eventually(lambda: not armed.exists(), "the owner reaching the place")
    world.worker("b")
    eventually(lambda: world.log("b").count(": opened in") == world.stage.source.partitions, "the other opening every partition")
    world.await_all()
    paused.send_signal(signal.SIGCONT)
    if place not in ("committed", "stored"):
        assert paused.wait(30) == EXIT_FENCED
    world.send(1_000)
    world.await_all()
    world.check()


def test_ends_within_seconds_and_resumes(world: World) -> None:
    process = world.worker("a", instance="a")
    world.send(1_000)
    world.await_all()
    began = time.monotonic()
    process.terminate()
    assert process.wait(15) == 0
    assert time.monotonic() - began < 8
    world.send(1_000)
    world.worker("a", instance="a")
    world.await_all(20)
    world.check()


def test_a_stage_that_fails_stops_the_worker_and_loses_nothing(world: World) -> None:
    world.send(200)
    world.send(1, record="allergy/faulty")
    world.send(200)
    process = world.worker("a", stage="Faulty")
    assert process.wait(30) == 70
    reason = world.log("a")
    assert f"stage {world.stage.name} failed with LookupError" in reason
    assert "toy_worker.py" in reason
    assert re.search(rf"on {world.stage.source.name}/\d offset \d+", reason)
    world.worker("b")
    world.await_all()
    world.check()


def test_an_output_larger_than_a_message_stops_the_worker_with_its_reason(world: World) -> None:
    world.send(20)
    world.send(1, record="allergy/verbose")
    process = world.worker("a", stage="Verbose")
    assert process.wait(30) == 73
    reason = world.log("a")
    assert f"{world.stage.out.name} does not take what stage {world.stage.name} makes of {world.stage.source.name}/" in reason
    assert reason.count("transaction aborted") == 1
    world.worker("b")
    world.await_all()
    world.check()


def test_the_registry_may_be_away_for_a_while(world: World) -> None:
    """A dependency fault waits: nothing is quarantined, nothing lost."""
    world.send(100)
    there, world.registry = world.registry, "http://127.0.0.1:1"
    process = world.worker("a")
    eventually(lambda: "does not answer" in world.log("a"), "noticing the missing registry")
    assert world.processed() == 0
    process.kill()
    world.registry = there
    world.worker("b")
    world.await_all()
    world.check()


def test_heartbeats_tell_positions_and_lag(world: World) -> None:
    world.send(500)
    world.worker("a", instance="a")
    world.await_all()
    decode = world.codec.decoder(topics.HEARTBEATS)

    def beats() -> list[Heartbeat]:
        ours = world.stage.name.encode()
        return [decode(message.value()) for message in world.messages(topics.HEARTBEATS) if message.key() == ours]

    eventually(lambda: any(beat.lag == 0 and beat.processed == 500 for beat in beats()), "a heartbeat that is up to date")
    last = beats()[-1]
    assert sum(last.positions.values()) == 500
    assert last.published == 500
    assert last.instance == "a"

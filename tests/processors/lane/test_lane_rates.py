"""How fast the lane is on this machine: printed, not asserted."""

from __future__ import annotations

import time

import pytest

from tests.eventually import eventually
from tests.processors.lane.conftest import World

pytestmark = [pytest.mark.stack, pytest.mark.slow]


def test_toy_stage_rate(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    count = 100_000
    for _ in range(10):
        world.send(count // 10, patients=5_000)
    world.worker("a", instance="a")
    eventually(lambda: world.processed() > 0, "progress")
    began, before = time.monotonic(), world.processed()
    world.await_all(120)
    took = time.monotonic() - began
    with capsys.disabled():
        print(f"\ntoy stage: {(count - before) / took:.0f} assertions a second in one process")
    world.check()

"""Promise 2 on the whole platform: kill -9 of each process of ours in turn, and a broker restart, under load."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from deploy.stack import status, up
from tests.end_to_end.conftest import World, eventually

pytestmark = pytest.mark.stack


@pytest.mark.timeout(600)
def test_nothing_is_lost_or_doubled_when_each_process_is_killed_in_turn(world: World) -> None:
    player = threading.Thread(target=world.play, args=(3000, 100, 11))
    player.start()
    for name in ("capture", "worker", "sink-search", "sink-analytics", "sink-cache"):
        before = eventually(lambda name=name: world.platform.supervisor.pids().get(name), f"{name} running")
        os.kill(before, signal.SIGKILL)
        eventually(lambda name=name, before=before: world.platform.supervisor.pids().get(name, before) != before, f"{name} running again")
    player.join()
    report = world.verify("--source", "--wait", "180")
    assert report["passed"], report
    assert report["entries"] > 0


@pytest.mark.timeout(600)
def test_nothing_is_lost_or_doubled_when_the_broker_is_killed_and_started_again(world: World) -> None:
    player = threading.Thread(target=world.play, args=(1500, 100, 12))
    player.start()
    broker = next(one for one in status(world.home) if one.service == "kafka")
    assert broker.pid is not None
    os.kill(broker.pid, signal.SIGKILL)
    eventually(lambda: next(one for one in status(world.home) if one.service == "kafka").state == "lost", "the broker gone")
    up(world.home, say=print)
    player.join()
    report = world.verify("--source", "--wait", "240")
    assert report["passed"], report

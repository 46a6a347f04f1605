"""50,000 changes while each process of ours, then the broker, is killed: verify against the trusts' own databases passes."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from deploy.stack import status
from tests.end_to_end.conftest import World, eventually

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(1800)]
CHANGES = 50_000


def test_fifty_thousand_changes_survive_every_kill(world: World) -> None:
    player = threading.Thread(target=world.play, args=(CHANGES, 400, 21), kwargs={"timeout": 900})
    player.start()
    for name in ("capture", "worker", "sink-search", "sink-analytics", "sink-cache"):
        before = eventually(lambda name=name: world.platform.supervisor.pids().get(name), f"{name} running")
        os.kill(before, signal.SIGKILL)
        eventually(lambda name=name, before=before: world.platform.supervisor.pids().get(name, before) != before, f"{name} running again")
    broker = next(one for one in status(world.home) if one.service == "kafka")
    assert broker.pid is not None
    os.kill(broker.pid, signal.SIGKILL)
    eventually(lambda: next(one for one in status(world.home) if one.service == "kafka").state == "lost", "the broker gone")
    world.arena.up(print)
    player.join()
    report = world.verify("--source", "--wait", "600", timeout=900)
    assert report["passed"], report
    print(f"{CHANGES} changes; {report['persons']} persons, {report['entries']} entries; every check agrees")

from __future__ import annotations

import threading
import time

from producers.watchdog import Watchdog


def test_it_barks_only_when_nothing_is_heard() -> None:
    barked = threading.Event()
    watchdog = Watchdog(0.5, barked.set)
    for _ in range(20):
        assert not barked.wait(0.05)
        watchdog.alive()
    began = time.monotonic()
    assert barked.wait(10)
    assert time.monotonic() - began >= 0.4


def test_it_is_quiet_while_the_process_works_for_itself() -> None:
    barked = threading.Event()
    watchdog = Watchdog(0.1, barked.set)
    with watchdog.resting():
        assert not barked.wait(0.5)
    assert barked.wait(10)
    watchdog.stop()


def test_it_is_quiet_once_stopped() -> None:
    barked = threading.Event()
    Watchdog(0.1, barked.set).stop()
    assert not barked.wait(0.5)

"""A call that does not return is noticed, others are left alone; a worker whose client is stuck ends."""

from __future__ import annotations

import queue
import threading

from processors.lane.errors import LaneStoppedError, StuckError
from processors.lane.transaction import Transactions
from processors.lane.watch import Watch
from schemas.transaction import Record


def test_a_call_that_does_not_return_is_named() -> None:
    told: queue.Queue[StuckError] = queue.Queue()
    watch, over = Watch(told.put, seconds=0.2), threading.Event()

    def hang() -> None:
        with watch.call("commit_transaction of stage-0"):
            over.wait(10)

    thread = threading.Thread(target=hang)
    thread.start()
    fault = told.get(timeout=5)
    over.set()
    thread.join()
    assert fault.call == "commit_transaction of stage-0"
    assert fault.seconds > 0.2


def test_calls_that_return_are_left_alone() -> None:
    told: queue.Queue[StuckError] = queue.Queue()
    watch = Watch(told.put, seconds=0.3)
    pause = threading.Event()
    for _ in range(8):
        with watch.call("flush"):
            pause.wait(0.1)
    assert told.empty()


def test_a_transaction_whose_broker_call_hangs_is_noticed() -> None:
    """The producer's own calls are watched: here `init_transactions` on a port where nobody answers, against a shorter limit."""
    told: queue.Queue[StuckError] = queue.Queue()
    stop = threading.Event()
    transactions = Transactions("127.0.0.1:1", "nobody-0", stop, Watch(told.put, seconds=1.0))

    def use() -> None:
        try:
            transactions.open()
            transactions.commit([], Record("t", 0, b"", b""))
        except LaneStoppedError:
            pass

    thread = threading.Thread(target=use)
    thread.start()
    assert told.get(timeout=10).call == "init_transactions of nobody-0"
    stop.set()
    thread.join(20)
    assert not thread.is_alive()

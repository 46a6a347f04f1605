"""The reconcile core alone on the seeds' mix, in the batches of a load, over state as the lane gives it: an overlay, written when the batch
is done. `python -m tests.processors.reconcile.rate` prints assertions a second of processor time, on one core: of the stage, and of the
fold, which is the rules alone."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from mainstem import collector
from mainstem.person_events import PersonEvent
from mainstem.terminology import builtin
from processors.lane.contract import Received
from processors.lane.memory import MemoryState
from processors.lane.overlay import Overlay
from processors.reconcile.fold import fold_by
from processors.reconcile.stage import ReconcileStage
from schemas import topics
from tests.processors.reconcile.seeded import person_events

PERSONS, BATCH = 600, 1000
_EVERY = 0.001


def said(events: Sequence[PersonEvent]) -> int:
    return sum(len(event.items) for event in events)


def spent(events: Sequence[PersonEvent], found: Counter[str] | None = None) -> float:
    """Seconds of processor time. `found`: how often the core was met in which file, if asked for."""
    stage, state, total = ReconcileStage(builtin()), MemoryState(), 0.0
    for start in range(0, len(events), BATCH):
        batch = [(Received(topics.PERSON_EVENTS, 0, at, at, None, None), event)
                 for at, event in enumerate(events[start:start + BATCH], start)]
        overlay = Overlay(state)
        begun = time.process_time()
        with _sampled(found):
            stage.process(batch, overlay)
        total += time.process_time() - begun
        for key, value in overlay.changes.items():
            state.delete(key) if value is None else state.put(key, value)
    return total


def folded(events: Sequence[PersonEvent]) -> float:
    """Seconds of processor time of the fold of the same, from scratch: the rules, without state and without telling what is news."""
    known = [each for event in events for each in event.items]
    persons = {event.subject: event.person for event in events}
    begun = time.process_time()
    fold_by(known, persons.__getitem__, builtin())
    return time.process_time() - begun


@contextmanager
def _sampled(found: Counter[str] | None) -> Iterator[None]:
    """A look every millisecond of processor time, which costs what it looks at next to nothing: a profiler that is told of each call
    makes small functions look dear. What is written in C counts where it is called."""
    if found is None:
        yield
        return

    def look(_: int, frame: FrameType | None) -> None:
        if frame is not None:
            found[frame.f_code.co_filename] += 1

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, _EVERY, _EVERY)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


if __name__ == "__main__":
    asked = person_events(PERSONS)
    collector.settle()  # as a worker does
    print(" ".join(f"{said(asked) / min(how(asked) for _ in range(3)):.0f}" for how in (spent, folded)))

"""(a) Mainstem's worker as it is run, heartbeats and metrics and all. What it has committed is read from its own metrics."""

from __future__ import annotations

import threading
import time
from functools import partial

from deploy.bench.candidates.core import Core
from deploy.bench.candidates.progress import Task, done, ready
from mainstem.observe import metrics
from processors.apps import worker
from processors.lane.lane import LaneSettings

_LOOK_SECONDS = 0.02


def main() -> None:
    task = Task.given()
    threading.Thread(target=_tell, args=(task.topic,), daemon=True).start()
    worker.run([partial(Core, task.topic)], LaneSettings(task.kafka, task.registry, task.folder / "state"))


def _tell(stage: str) -> None:
    told = owned = 0
    while True:
        time.sleep(_LOOK_SECONDS)
        open_ = len(metrics.now(metrics.STATE_ENTRIES, stage=stage))
        if open_ != owned:
            owned = open_
            ready(owned)
        events = int(sum(metrics.now(metrics.EVENTS_IN, stage=stage)))
        if events != told:
            told = events
            done(events)


if __name__ == "__main__":
    main()

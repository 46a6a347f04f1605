"""A worker of the toy stage: `python -m tests.processors.lane.toy_worker PREFIX KAFKA REGISTRY STATE_DIR INSTANCE SESSION [FAULTY]`."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from mainstem.model import Assertion
from processors.apps.worker import run
from processors.lane.contract import Received
from processors.lane.lane import LaneSettings
from tests.processors.lane.toy import Counter


class Faulty(Counter):
    """Raises on the assertion whose record is `allergy/faulty`."""

    def react(self, received: Received, assertion: Assertion) -> None:
        if assertion.record == "allergy/faulty":
            raise LookupError(assertion.patient)


if __name__ == "__main__":
    prefix, kafka, registry, state_dir, instance, session, *faulty = sys.argv[1:]
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    state = Path(state_dir)
    run([lambda: (Faulty if faulty else Counter)(prefix)],
        LaneSettings(kafka, registry, state, instance or None, state.parent / "snapshots", session_seconds=float(session)))

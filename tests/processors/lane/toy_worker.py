"""A worker of the toy stage: `python -m tests.processors.lane.toy_worker PREFIX KAFKA REGISTRY STATE_DIR INSTANCE SESSION [STAGE]`."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from mainstem.model import Assertion
from processors.apps.worker import run
from processors.lane.contract import Output, Received, State
from processors.lane.lane import LaneSettings
from tests.processors.lane.toy import Counter, Numbering, Single


class Faulty(Counter):
    """Raises on the assertion whose record is `allergy/faulty`."""

    def react(self, received: Received, assertion: Assertion) -> None:
        if assertion.record == "allergy/faulty":
            raise LookupError(assertion.patient)


class Verbose(Counter):
    """Of the assertion whose record is `allergy/verbose` it makes an output larger than a message may be."""

    def process(self, batch: Sequence[tuple[Received, Any]], state: State) -> list[Output]:
        outputs = super().process(batch, state)
        return [msgspec.structs.replace(output, value=bytes(17_000_000)) if assertion.record == "allergy/verbose" else output
                for (_, assertion), output in zip(batch, outputs, strict=True)]


STAGES = {stage.__name__: stage for stage in (Counter, Faulty, Numbering, Single, Verbose)}


if __name__ == "__main__":
    prefix, kafka, registry, state_dir, instance, session, stage = sys.argv[1:]
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    state = Path(state_dir)
    run([lambda: STAGES[stage](prefix)],
        LaneSettings(kafka, registry, state, instance or None, state.parent / "snapshots", session_seconds=float(session),
                     accepted=os.environ.get("MAINSTEM_ACCEPT_INPUT", "")))

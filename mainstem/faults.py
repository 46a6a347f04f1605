"""Named places in our processes where a crash harness can have the process killed, one at a time.

`MAINSTEM_FAULT_FILE` names a file; a process that reaches the place whose name the file holds removes the file and kills itself as
`kill -9` would, or stops as SIGSTOP does where STOP follows the name. Where the variable is unset, as always but in tests and
`mainstem chaos`, a place costs one comparison.
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

VARIABLE = "MAINSTEM_FAULT_FILE"
COMMIT = ("computed", "begun", "produced", "flushed", "committed", "stored")
"""Steps of a batch, in order: worked out; transaction begun; records handed over, some on the wire; all delivered; committed, while the
local state knows nothing of it; local state written, nothing acknowledged."""
OPENING = ("fenced", "recovering")
"""Steps of taking a partition: the former owner fenced; a part of the changelog applied."""
CAPTURE = ("capture produced", "capture committed")
"""Steps of a captured batch: records handed over, some on the wire; committed, while the process knows nothing of it."""
SINKS = ("sink taken", "sink half applied", "sink applied")
"""Steps of a sink's batch: read; in part handed to the store (search and analytics); in the store, while the process does not know."""
STOP = " stop"
_FILE = os.environ.get(VARIABLE)


def at(place: str) -> None:
    """Die or stop here, if this place is armed."""
    if _FILE is not None:
        _reached(Path(_FILE), place)


def _reached(file: Path, place: str) -> None:
    try:
        armed = file.read_text()
        if armed.removesuffix(STOP) != place:
            return
        file.unlink()
    except FileNotFoundError:
        return
    if armed.endswith(STOP):
        # To this thread: a stop sent to the process may be taken by another one, while this one goes on past the place.
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
    else:
        os.kill(os.getpid(), signal.SIGKILL)

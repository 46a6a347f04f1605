"""A worker one of whose parts crashes ends at once, with a code; whoever supervises it starts it again."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from processors.apps.worker import EXIT_AWAY, EXIT_OTHER

SCRIPT = """
import asyncio, sys
import mode
from aiokafka.errors import KafkaConnectionError
from mode.threads import ServiceThread
from processors.apps.worker import Crashing, _end

class Feed(ServiceThread):
    "As a consumer whose broker is away: crashes in a thread of its own, and is not to be stopped."
    async def on_start(self):
        raise {fault}
    async def on_thread_stop(self):
        await asyncio.sleep(300)

loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
Crashing(Feed(), on_crash=_end, loop=loop).execute_from_commandline()
"""


@pytest.mark.parametrize(("fault", "code"), [('KafkaConnectionError("Unable to bootstrap")', EXIT_AWAY), ("ValueError", EXIT_OTHER)])
def test_a_part_that_crashes_ends_the_process_at_once(fault: str, code: int) -> None:
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", SCRIPT.format(fault=fault)], capture_output=True, text=True, check=False, timeout=50)
    assert done.returncode == code, done.stderr
    assert time.monotonic() - began < 30

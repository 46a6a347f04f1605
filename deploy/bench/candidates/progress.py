"""What a candidate says of itself: lines of JSON on standard output, read by `deploy.bench.ring`."""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Task:
    """What a candidate is to do: take `events` of `topic` in. Topics, group and folder are its own."""

    kafka: str
    registry: str
    topic: str
    folder: Path
    events: int

    @classmethod
    def given(cls) -> Task:
        """From the command line."""
        parser = argparse.ArgumentParser()
        for name, kind in (("kafka", str), ("registry", str), ("topic", str), ("folder", Path), ("events", int)):
            parser.add_argument(f"--{name}", type=kind, required=True)
        return cls(**vars(parser.parse_args()))


def ready(partitions: int) -> None:
    """So many partitions are this process's, and it is about to read them."""
    _say({"ready": partitions})


def done(events: int) -> None:
    """So many events were taken in since the start: their outputs and state are where they will stay."""
    _say({"done": events, "at": time.monotonic(), "cpu": time.process_time(), "rss": _peak()})


def _peak() -> int:
    """Bytes of memory that this program held at most. Not `ru_maxrss`, which begins at what the process that started this one held."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def _say(line: dict[str, float]) -> None:
    with _LOCK:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

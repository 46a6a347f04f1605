"""What a figure was measured on: it means little without."""

from __future__ import annotations

import contextlib
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

_PARTS = ("faust-streaming", "aiokafka", "confluent-kafka", "rocksdict", "fastavro", "msgspec", "tantivy", "chdb")


def described() -> dict[str, Any]:
    """Processor, memory, versions. Loads come with each part, since they change."""
    return {
        "processor": _processor(), "cores": os.cpu_count(), "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "python": platform.python_version(), "system": f"{platform.system()} {platform.release()}",
        "versions": {part: version(part) for part in _PARTS},
    }


def load() -> float:
    """Of the last minute: processes that ran or wanted to, ours included."""
    return round(os.getloadavg()[0], 2)


def busy() -> float:
    """Processor seconds so far that all cores together worked, whoever had them; what a host took away is not among them."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq)


def thread_seconds(pid: int, *names: str) -> float:
    """Processor seconds so far of those threads of a process whose name begins so (Linux)."""
    found = 0.0
    for thread in psutil.Process(pid).threads():
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if Path(f"/proc/{pid}/task/{thread.id}/comm").read_text().startswith(names):
                found += thread.user_time + thread.system_time
    return found


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def logged(home: Path) -> dict[str, int]:
    """Topic -> bytes of its log on the disk of a broker somewhere under `home`. Without Kafka's own."""
    found: dict[str, int] = {}
    for file in home.rglob("*-[0-9]/*.log"):
        topic = file.parent.name.rpartition("-")[0]
        if not topic.startswith("__"):
            found[topic] = found.get(topic, 0) + file.stat().st_size
    return dict(sorted(found.items()))

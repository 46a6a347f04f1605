"""The processes of one machine's Mainstem, as data: name and command line. A new process is one line in `processes`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.platform import heaps
from deploy.stack import Endpoints
from processors.identity.scoring.shelf import FOLDER
from processors.lane.snapshots import RECORDS


@dataclass(frozen=True, slots=True)
class Process:
    """A process of ours. `argv` starts it in the foreground; SIGTERM ends it cleanly; kill -9 loses nothing."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Beyond what all have."""


def processes(endpoints: Endpoints, home: Path, sources: Sequence[str], web_port: int, workers: int = 1,
              snapshot_records: int = RECORDS) -> tuple[Process, ...]:
    """`workers`: how many share the partitions of the stages. `snapshot_records`: changelog records from one snapshot to the next."""

    servers = ("--kafka", endpoints.kafka, "--registry", endpoints.registry)

    def module(name: str, *arguments: str) -> tuple[str, ...]:
        return (sys.executable, "-m", name, *servers, *arguments)

    secret = "@" in endpoints.redis or "?" in endpoints.redis  # everyone on the machine can read arguments
    redis = () if secret else ("--redis", endpoints.redis)
    hidden = {"MAINSTEM_REDIS_URL": endpoints.redis} if secret else {}

    def sink(store: str, environment: Mapping[str, str] | None = None) -> Process:
        return Process(f"sink-{store}", module("sinks.runner", "--store", store, "--home", str(home), *redis),
                       {**hidden, **(environment or {})})

    def worker(number: int) -> Process:
        name, state = ("worker", "state") if number == 1 else (f"worker-{number}", f"state-{number}")
        return Process(name, module(
            "processors.apps.worker", "--state-dir", str(home / state), "--terms", str(home / "terms"), "--models", str(home / FOLDER),
            "--instance", name,
            "--snapshots", str(home / "snapshots"), "--snapshot-records", str(snapshot_records)))

    captured = tuple(argument for source in sources for argument in ("--source", source))
    return (
        Process("capture", module("producers.capture", *captured, "--others")),
        *(worker(number) for number in range(1, workers + 1)),
        sink("search", heaps.returning()),
        sink("analytics"),
        sink("cache"),
        Process("web", module("mainstem.web", *redis, "--home", str(home), "--port", str(web_port),
                              "--connect", endpoints.connect), hidden),
    )

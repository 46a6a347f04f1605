"""/metrics on loopback, and where it is: one Prometheus `file_sd` file a process, which `mainstem metrics` reads too."""

from __future__ import annotations

import atexit
import json
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
from prometheus_client import start_http_server
from prometheus_client.parser import text_string_to_metric_families

from mainstem.observe.metrics import REGISTRY

log = logging.getLogger(__name__)
LOOPBACK = "127.0.0.1"
DIRECTORY = "metrics"
"""Below a home: where its processes write their addresses."""


@dataclass(frozen=True, slots=True)
class Target:
    """A process with a /metrics. It may have ended without taking its file away: see `alive`."""

    process: str
    address: str
    pid: int

    @property
    def url(self) -> str:
        return f"http://{self.address}/metrics"

    @property
    def alive(self) -> bool:
        return psutil.pid_exists(self.pid)


def serve(process: str, directory: Path, port: int = 0) -> None:
    """Serve until the process ends. What fails is logged: a process without /metrics still does its work."""
    try:
        server, _ = start_http_server(port, LOOPBACK, REGISTRY)
        address = f"{LOOPBACK}:{server.server_port}"
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{process}.json"
        # Prometheus drops labels that begin with two underscores once it has read them.
        _write(path, json.dumps([{"targets": [address], "labels": {"process": process, "__pid": str(os.getpid())}}]))
    except OSError as fault:
        log.warning("no /metrics: %s", fault.strerror)
        return
    atexit.register(path.unlink, missing_ok=True)


def targets(directory: Path) -> Iterator[Target]:
    """Of every process that wrote its address there, by name."""
    for path in sorted(directory.glob("*.json")):
        try:
            [group] = json.loads(path.read_text())
            yield Target(group["labels"]["process"], group["targets"][0], int(group["labels"]["__pid"]))
        except (OSError, ValueError, KeyError, IndexError):
            log.warning("%s does not tell an address", path.name)


def samples(text: str) -> Iterator[tuple[str, Mapping[str, str], float]]:
    """Name, labels and value of each sample in what a process says at /metrics."""
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value


def _write(path: Path, text: str) -> None:
    """Whole or not at all: Prometheus watches the directory."""
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_text(text)
    beside.replace(path)

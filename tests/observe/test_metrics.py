"""The one list of metrics: documented, labelled within bounds, and all that /metrics shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from mainstem.observe import metrics

ROOT = Path(__file__).parents[2]
BY_CLIENT = ("process_", "python_")


def test_every_metric_is_documented() -> None:
    assert metrics.table() in (ROOT / "docs" / "metrics.md").read_text()


def test_names_say_type_and_unit() -> None:
    for one in metrics.ALL:
        assert one.name.startswith("mainstem_") and one.what
        assert one.name.endswith("_total") == (one.kind == "counter"), one.name
        assert set(one.labels) <= metrics.LABELS.keys()


def test_what_is_shown_is_what_is_declared() -> None:
    declared = {one.name.removesuffix("_total"): one.kind for one in metrics.ALL}
    shown = {family.name: family.type for family in text_string_to_metric_families(generate_latest(metrics.REGISTRY).decode())
             if not family.name.startswith(BY_CLIENT)}
    assert shown == declared


def test_nothing_else_makes_metrics() -> None:
    made = [path for room in ("mainstem", "producers", "processors", "sinks", "schemas", "deploy") for path in (ROOT / room).rglob("*.py")
            if "prometheus_client" in path.read_text()]
    assert sorted(path.relative_to(ROOT).as_posix() for path in made) == ["mainstem/observe/metrics.py", "mainstem/observe/serving.py"]


def test_reasons_are_codes_and_bounded() -> None:
    # in a process of its own: what is learnt stays learnt
    script = ("from mainstem.observe.metrics import reason\n"
              "print(reason('no-mapping'), reason('fhir.bad-resource'), reason('Zebedee Canary'), reason('9990000018'))\n"
              "print(len({reason('code-' + 'a' * n) for n in range(50)} | {reason('other-' + 'b' * n) for n in range(58)}))\n"
              "print(reason('one-more'), reason('no-mapping'))")
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT).stdout.splitlines()
    assert shown[0] == "no-mapping fhir.bad-resource other other"
    assert int(shown[1]) <= 101
    assert shown[2] == "other no-mapping"


def test_what_a_process_shows_now() -> None:
    metrics.EVENTS_OUT.labels(stage="one", topic="t").inc(3)
    metrics.EVENTS_OUT.labels(stage="one", topic="u").inc(4)
    metrics.EVENTS_OUT.labels(stage="other", topic="t").inc(5)
    assert sorted(metrics.now(metrics.EVENTS_OUT, stage="one")) == [3, 4]
    assert metrics.now(metrics.EVENTS_OUT, stage="nobody") == []


def test_how_much_of_the_disk_is_free_is_told_by_who_watches_it_alone(tmp_path: Path) -> None:
    assert metrics.now(metrics.DISK_FREE) == []
    try:
        metrics.watch_disk(tmp_path)
        [told] = metrics.now(metrics.DISK_FREE, disk="home")
        disk = os.statvfs(tmp_path)
        assert told == pytest.approx(disk.f_bavail / disk.f_blocks, abs=0.1)
    finally:
        metrics.DISK_FREE.clear()

"""Dashboards and alerts: no metric, label or value that nobody declared; every alert has a runbook and a test; promtool agrees."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.observability import dashboards
from mainstem.observe import metrics
from schemas import topics
from seeds.trusts import SOURCES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "observability"
RULES = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
UNIT_TESTS = yaml.safe_load((FOLDER / "alerts.test.yml").read_text())["tests"]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
PROMTOOL = shutil.which("promtool") or shutil.which("promtool", path=Path(sys.executable).parent)

TARGET_LABELS = {"process", "job", "instance"}
"""Of every series once Prometheus has scraped it: see mainstem/observe/serving.py."""
DECLARED = {one.name: one for one in metrics.ALL}
OF_PROCESSES = {family.name: family for family in metrics.REGISTRY.collect() if family.name.startswith("process_")}
LANGUAGE = {"by", "and", "or", "unless", "without", "on", "ignoring", "sum", "rate", "increase", "delta", "deriv", "offset", "absent",
            "max", "min", "count", "count_over_time", "histogram_quantile", "label_replace"}
MATCHER = re.compile(r'([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
ABOUT = re.compile(r'\{[^}]*\}|\[[^\]]*\]|(?:by|on) \([a-z, ]*\)|"[^"]*"')
VALUES = {
    "stage": set(re.findall("`([^`]+)`", metrics.LABELS["stage"])),
    "phase": set(re.findall("`([^`]+)`", metrics.LABELS["phase"])),
    "topic": {topic.name for topic in (*topics.ALL, *map(topics.raw, SOURCES))},
}
"""The labels whose values can be told beforehand."""


def labels_of(name: str) -> set[str]:
    """The labels of a series. Raises KeyError where no metric of ours has such a series."""
    if name == "up":
        return TARGET_LABELS
    if name in OF_PROCESSES or name.removesuffix("_total") in OF_PROCESSES:
        return TARGET_LABELS
    if name in DECLARED and DECLARED[name].kind != "histogram":
        return {*DECLARED[name].labels, *TARGET_LABELS}
    base, _, suffix = name.rpartition("_")
    if suffix in {"bucket", "sum", "count"} and DECLARED[base].kind == "histogram":
        return {*DECLARED[base].labels, *TARGET_LABELS, *(["le"] if suffix == "bucket" else [])}
    raise KeyError(name)


def names_in(expression: str) -> set[str]:
    return set(re.findall(r"[a-z_]{2,}", ABOUT.sub(" ", expression))) - LANGUAGE


def undeclared(expression: str, shown: str = "") -> list[str]:
    """What an expression, and a legend or text shown with it, uses that nobody declared."""
    try:
        allowed = [labels_of(name) for name in sorted(names_in(expression))]
    except KeyError as fault:
        return [f"metric {fault.args[0]}"]
    used = {label.strip() for group in re.findall(r"(?:by|on) \(([a-z, ]*)\)", expression) for label in group.split(",") if label.strip()}
    used |= set(re.findall(r"\{\{ ?(?:\$labels\.)?([a-z]+) ?\}\}", shown))
    matched = MATCHER.findall(expression)
    used |= {label for label, _, _ in matched}
    wrong = [f"label {label}" for label in used if not any(label in each for each in allowed)]
    return wrong + [f"{label} {value}" for label, _, value in matched
                    if label in VALUES and not any(re.fullmatch(value, known) for known in VALUES[label])]


def panels() -> Iterator[tuple[str, str, str]]:
    """Dashboard and panel, expression, legend, as the JSON files have them."""
    for path in sorted((FOLDER / "grafana").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{path.stem}: {panel['title']}", target["expr"], target["legendFormat"]


def anchors(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_dashboards_are_what_the_module_says() -> None:
    assert {path.name: path.read_text() for path in (FOLDER / "grafana").iterdir()} == {
        f"{one.name}.json": dashboards.rendered(one) for one in dashboards.ALL}


def test_panels_use_what_is_declared() -> None:
    found = list(panels())
    assert len(found) > 20
    assert [(panel, wrong) for panel, expression, legend in found if (wrong := undeclared(expression, legend))] == []


def test_every_metric_is_on_a_dashboard() -> None:
    shown = {name for _, expression, _ in panels() for name in names_in(expression)}
    assert [name for name in DECLARED if not {name, f"{name}_bucket", f"{name}_sum", f"{name}_count"} & shown] == []


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_alerts_use_what_is_declared_and_say_what_to_do(rule: dict[str, Any]) -> None:
    said = rule["annotations"]
    assert undeclared(rule["expr"], said["summary"]) == []
    assert rule["labels"]["severity"] in {"page", "ticket"}
    page, _, anchor = said["runbook"].partition("#")
    assert (page, anchor) == ("docs/operations.md", rule["alert"].lower())
    assert anchor in anchors(OPERATIONS)


def test_unit_tests_speak_of_series_that_there_are() -> None:
    bounds: dict[str, set[str]] = {}
    for histogram in (metrics.FRESHNESS, metrics.RECOVERY_SECONDS):
        histogram.labels("reconcile")  # makes the series
        for family in histogram.collect():
            bounds[f"{family.name}_bucket"] = {sample.labels["le"] for sample in family.samples if "le" in sample.labels}
    for test in UNIT_TESTS:
        for one in test["input_series"]:
            name = one["series"].partition("{")[0]
            assert undeclared(one["series"]) == [], one["series"]
            for label, _, value in MATCHER.findall(one["series"]):
                assert label != "le" or value in bounds[name], one["series"]
                assert label != "reason" or metrics.reason(value) == value, one["series"]


def test_every_alert_fires_in_a_unit_test() -> None:
    fired = {case["alertname"] for test in UNIT_TESTS for case in test["alert_rule_test"] if case["exp_alerts"]}
    assert fired == {rule["alert"] for rule in RULES}


@pytest.mark.parametrize(("expression", "shown"), [
    ("mainstem_lag", ""), ("mainstem_freshness_seconds", ""), ("mainstem_well_bucket", ""), ("sum by (nobody) (mainstem_well)", ""),
    ("mainstem_well", "{{stage}}"), ("mainstem_well", "{{ $labels.stage }}"), ('mainstem_phase_seconds_sum{phase="sleep"}', ""),
    ('mainstem_sink_rows_total{stage=~"store-.*"}', ""), ("sum by (le) (mainstem_recovery_seconds_count)", ""),
])
def test_what_is_not_declared_is_found(expression: str, shown: str) -> None:
    assert undeclared(expression, shown)


needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="no promtool on PATH: the rules are read by our own eyes alone")


@needs_promtool
def test_promtool_takes_the_configuration_and_the_alerts() -> None:
    promtool("check", "config", FOLDER / "prometheus.yml")
    promtool("check", "rules", FOLDER / "alerts.yml")


@needs_promtool
def test_promtool_sees_every_alert_fire_as_told() -> None:
    promtool("test", "rules", FOLDER / "alerts.test.yml")


@needs_promtool
def test_promtool_reads_every_panel(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "1m")}
             for number, (_, expression, _) in enumerate(panels())]
    path = tmp_path / "panels.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    promtool("check", "rules", path)


def promtool(*arguments: object) -> None:
    done = subprocess.run([str(PROMTOOL), *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr

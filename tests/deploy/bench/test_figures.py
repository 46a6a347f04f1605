"""Of the bench, what is pure: the mix, medians and ratios, the report, the arithmetic of scale."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from deploy.bench import england, figures, machine, pages, report, scale
from deploy.bench.candidates.core import Core
from deploy.bench.mix import Mix, mix
from deploy.bench.ring import Run
from mainstem.model import Summary
from mainstem.terminology import builtin
from processors.lane.contract import Received
from processors.lane.memory import MemoryState


@pytest.fixture(scope="module")
def made() -> Mix:
    return mix(600, 3, builtin())


def test_the_mix_can_be_had_again(made: Mix) -> None:
    assert made == mix(600, 3, builtin())
    assert made.events != mix(600, 4, builtin()).events
    assert len(made.events) == 600


@pytest.mark.parametrize("size", [1, 250])
def test_the_core_comes_to_the_records_that_candidates_are_checked_against(made: Mix, size: int) -> None:
    core, state, digests = Core("bench-test"), MemoryState(), {}
    for start in range(0, len(made.events), size):
        batch = [(Received(core.inputs[0], 0, start, 0, None, None), event) for event in made.events[start:start + size]]
        digests |= {output.value.person: output.value.digest for output in core.process(batch, state) if isinstance(output.value, Summary)}
    assert digests == made.digests


def test_the_mix_is_a_third_tellings_again(made: Mix) -> None:
    again = sum(event.items[0].assertion.position >= f"{1 << 40:016x}" for event in made.events)
    assert 0.28 < again / len(made.events) < 0.38


def run(letter: str, rate: float, cpu_us: float = 100) -> Run:
    return Run(letter, 1_000, 1_000 / rate, cpu_us / 1e6 * 1_000, 1 << 20, "t")


def test_ratios_are_taken_within_a_round() -> None:
    """The machine was slow in the second round, for both alike."""
    rounds = [{"a": run("a", ours), "b": run("b", theirs)} for ours, theirs in ((2_000, 1_000), (1_000, 500), (900, 300))]
    [ratio] = figures.ratios(rounds)
    assert (ratio.value, ratio.low, ratio.high) == (2, 2, 3)
    assert ratio.met
    assert figures.summaries(rounds)["a"].rate == 1_000


@pytest.mark.parametrize(("two", "met"), [(105, True), (120, False)])
def test_two_workers_may_cost_a_tenth_more(two: float, met: bool) -> None:
    [ratio] = figures.ratios([{"a": run("a", 1_000, 100), "a2": run("a2", 1_500, two)}])
    assert ratio.met == met


def test_the_picture_is_well_formed_and_names_every_candidate() -> None:
    rounds = [{"a": run("a", 2_000), "c": run("c", 3_000)}]
    contest = {"events": 1_000, "runs": 1, "candidates": {letter: {"name": f"<{letter}>"} | dataclasses.asdict(each)
                                                         for letter, each in figures.summaries(rounds).items()}}
    shown = "".join(ElementTree.fromstring(report.picture(contest)).itertext())
    assert "(a) <a>" in shown
    assert "3,000/s" in shown


def test_demand_is_the_sum_of_its_volumes() -> None:
    need = scale.demand()
    assert need.yearly == pytest.approx(england.RESENT * sum(each.yearly * each.changes for each in england.VOLUMES))
    assert need.peak == pytest.approx(need.daily * england.BUSIEST_HOUR / 3600)
    assert scale.demand(england.PEOPLE // 2).peak == pytest.approx(need.peak / 2)


def bench() -> dict[str, Any]:
    """A report of round figures, in the shape that `make bench` leaves behind."""
    rounds = [{"a": run("a", 2_000), "c": run("c", 3_000)}]
    sinks = {name: {"entries": 2_000, "held": 1_000, "rate": 2e4, "cpu_us": 40.0, "open": 10**6, "bytes_an_entry": 9.0, "disk": 500_000}
             for name in ("search", "analytics", "cache")}
    spent = dict.fromkeys(("decode", "core", "encode", "state"), 25.0)
    units = {
        "recovery": {"records": 1_000, "rate": 120_000.0, "cpu_us": 5.0, "state_keys": 1_000, "state_bytes": 200_000, "grown": 1_000},
        "sinks": sinks, "cores": {"capture_us": 60.0, "linker_us": 150.0, "identity_us": 12.0, "claims_a_person": 4.0},
        "curve": {"100": 140.0}, "phases": {"500": spent, "1": spent}, "keys_an_event": 4.0, "entries_an_event": 0.5,
        "log_bytes_an_event": {"changelog": 600.0, "records.entries.v1": 400.0},
    }
    store = {"stage": "sink-search", "samples": 100, "p50": 0.5, "p95": 0.9, "p99": 1.2, "worst": 2.0}
    contest = {"events": 1_000, "persons": 100, "runs": 1, "loads": [0.5], "not_run": {"b": "no index"}, "ratios": [],
               "candidates": {letter: {"name": letter} | dataclasses.asdict(each) for letter, each in figures.summaries(rounds).items()}}
    cpu = {"capture": 100, "worker": 400, "kafka": 600, "connect": 400}
    fresh = {"rate": 1000, "made": 990.0, "load": 3, "stores": [store], "hops": [store | {"stage": "assertions"}], "cpu_us": cpu,
             "cores": {"busy": 1.9, "platform": 1.5},
             "batches": [{"stage": "linker", "batches": 4.0, "events": 11.5, "ms": {"wait": 1.0, "core": 12.34, "commit": 30.0}}]}
    return {"machine": machine.described(), "contest": contest, "units": units, "freshness": [fresh]}


def test_pages_are_written_from_a_report_and_a_second_time_alike(tmp_path: Path) -> None:
    page = tmp_path / "bench.md"
    page.write_text(f"before\n{pages.BEGIN}old\n{pages.END}after\n")
    pages.write(bench(), tmp_path)
    first = page.read_text()
    assert first.startswith("before\n")
    assert first.endswith("after\n")
    assert "old" not in first
    assert "(b) was not run: no index" in first
    (linker,) = (line for line in first.splitlines() if line.startswith("| linker"))
    assert [cell.strip() for cell in linker.strip("|").split("|")] == ["linker", "4.0", "12", "1.0", "", "", "12.3", "", "", "30.0", ""]
    assert "at 1000 changes a second 1.90 cores were busy, 1.50 of them with the platform" in first
    pages.write(bench(), tmp_path)
    assert page.read_text() == first


def test_scale_names_the_part_that_carries_fewest_people() -> None:
    heavy = bench()
    heavy["units"]["sinks"]["cache"] |= {"disk": 500_000_000}
    for given, first in ((bench(), "reconcile state in 4 partitions"), (heavy, "live cache in one Redis")):
        assert min(scale.held(given), key=lambda each: each.people).what == first
        assert f"**{first}**" in "\n".join(scale.document(given))


def test_the_pages_are_those_of_the_report_beside_them() -> None:
    docs = pages.DOCS
    if not (docs / "bench.json").exists():
        pytest.skip("docs/bench.json is not there: `make bench`, then `python -m deploy.bench.pages .mainstem/bench/report.json`")
    measured = json.loads((docs / "bench.json").read_text())
    assert (docs / "scale.md").read_text() == "\n".join(scale.document(measured)) + "\n"
    assert "\n".join(report.lines(measured)).strip() in (docs / "bench.md").read_text()

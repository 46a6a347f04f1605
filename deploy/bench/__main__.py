"""`python -m deploy.bench`, which `make bench` and `make soak` call: measures, prints tables, and leaves a report and pictures."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from deploy.bench import environment, figures, fresh, machine, memory, report, soak
from deploy.bench.mix import mix
from deploy.bench.ring import Candidate, CandidateFailedError, Ring, Run, ours
from deploy.platform import elsewhere, heaps
from deploy.stack import Endpoints, down, up
from mainstem.settings import Settings
from mainstem.terminology import builtin
from schemas import log, topics

PARTS = ("contest", "units", "freshness")
SOAK = "soak"
_CHANGES_A_PERSON = 200
"""Of a soak, at most: more than any year has in store for one person tells nothing of memory."""
_SEED = 1
_ROUND = 2_000
"""Events come in multiples of the largest batch, so that no candidate waits for a batch to fill."""


def main(
    events: Annotated[int, typer.Option(envvar="EVENTS", min=_ROUND, help="Person events a run.")] = 20_000,
    runs: Annotated[int, typer.Option(envvar="RUNS", min=1, help="Rounds; each runs every candidate once.")] = 5,
    rates: Annotated[str, typer.Option(envvar="RATES", help="Changes a second at which freshness is measured.")] = "100,500,1000",
    seconds: Annotated[int, typer.Option("--for", envvar="FOR", help="Seconds that freshness is measured at each rate.")] = 30,
    persons: Annotated[int, typer.Option(envvar="PERSONS", help="People in the trusts of the freshness part.")] = 500,
    changes: Annotated[int, typer.Option(envvar="CHANGES", min=1, help="Changes of the soak.")] = 2_000_000,
    rate: Annotated[float, typer.Option(envvar="RATE", min=0, help="Changes a second of the soak; 0 = as fast as it goes.")] = 0,
    parts: Annotated[str, typer.Option(envvar="PARTS", help="Which parts, separated by commas; `soak` too.")] = ",".join(PARTS),
    out: Annotated[Path | None, typer.Option(envvar="OUT", help="Where the report goes. Default: .mainstem/bench")] = None,
    append: Annotated[bool, typer.Option("--append", envvar="APPEND", help="Add to the report that is there: rounds to rounds.")] = False,
) -> None:
    """Measure what Mainstem costs. Takes about twenty minutes; leave the machine alone meanwhile."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends it as Ctrl-C does: with the servers stopped
    elsewhere.forget(_say)
    home = Settings().home.resolve() / "bench"
    out = out or home
    out.mkdir(parents=True, exist_ok=True)
    file = out / "report.json"
    before = orjson.loads(file.read_bytes()) if append and file.exists() else {}
    found: dict[str, Any] = before | {"machine": machine.described()}
    chosen = [part.strip() for part in parts.split(",")]
    if unknown := [part for part in chosen if part not in (*PARTS, SOAK)]:
        raise typer.BadParameter(f"no part {', '.join(unknown)}; there are {', '.join((*PARTS, SOAK))}", param_hint="--parts")
    bench = _Bench(home, events - events % _ROUND, found, file)
    if "contest" in chosen:
        bench.contest(runs, before.get("contest"))
    if "units" in chosen:
        bench.units()
    if "freshness" in chosen:
        bench.freshness([int(rate) for rate in rates.split(",")], seconds, persons)
    if SOAK in chosen:
        bench.soak(changes, rate, max(persons, changes // _CHANGES_A_PERSON))
    text = "\n".join(report.lines(found))
    (out / "report.md").write_text(text)
    if "contest" in found:
        (out / "contest.svg").write_text(report.picture(found["contest"]))
    if SOAK in found:
        (out / "soak.svg").write_text(memory.picture([memory.Sample(**each) for each in found[SOAK]["samples"]]))
    typer.echo(text)
    typer.echo(f"written: {file}, report.md and pictures beside it")


class _Bench:
    """`found` grows, and is kept in `file` after each round and part, so that a bench cut short has not been for nothing."""

    def __init__(self, home: Path, events: int, found: dict[str, Any], file: Path) -> None:
        self._home, self._events, self._found, self._file = home, events, found, file

    def contest(self, runs: int, before: dict[str, Any] | None) -> None:
        candidates, missing = self._candidates()
        rounds: list[figures.Round] = []
        loads: list[float] = []
        if before and before["events"] == self._events:
            rounds += [{letter: Run(**run) for letter, run in each.items()} for each in before["rounds"]]
            loads += before["loads"]
        with _Servers(self._home, "contest", ("kafka", "registry")) as (endpoints, folder):
            made = mix(self._events, _SEED, builtin())
            ring = Ring(endpoints.kafka, endpoints.registry, folder / "runs")
            given = ring.encoded(made.events, made.digests)
            for number in range(runs):
                # Each round begins with another candidate, so that none always follows the same.
                turn = number % len(candidates)
                one = {each.letter: ring.run(each, given) for each in candidates[turn:] + candidates[:turn]}
                rounds.append({each.letter: one[each.letter] for each in candidates})
                loads.append(machine.load())
                _say(f"round {len(rounds)}: " + ", ".join(f"({letter}) {run.events / run.seconds:,.0f}/s" for letter, run in
                                                          rounds[-1].items()) + f"; load {loads[-1]}")
                self._keep("contest", _contest(candidates, missing, rounds, loads, made.persons))

    def units(self) -> None:
        """Unit costs on what one more run of our worker leaves behind."""
        with _Servers(self._home, "units", ("kafka", "registry", "redis")) as (endpoints, folder):
            made = mix(self._events, _SEED, builtin())
            ring = Ring(endpoints.kafka, endpoints.registry, folder / "runs")
            run = ring.run(ours("a", "our worker", "worker"), ring.encoded(made.events, made.digests), keep=True)
            unit = _Unit(endpoints, folder, run.topic, self._events)
            _say("recovery, sinks, cores")
            back = unit("recovery")
            sinks = {name: unit(name) for name in ("search", "analytics", "cache")}
            published = sum(1 for _ in log.read(endpoints.kafka, topics.ENTRIES))
            self._keep("units", {
                "load": machine.load(), "recovery": back, "sinks": sinks, "cores": unit("cores"), "curve": unit("curve", 100_000),
                "phases": unit("phases", min(self._events, 10_000)),
                "keys_an_event": back["state_keys"] / self._events, "records_an_event": back["records"] / self._events,
                "entries_an_event": published / self._events, "log_bytes_an_event": self._log_bytes(folder, run.topic),
            })

    def freshness(self, rates: list[int], seconds: int, persons: int) -> None:
        with tempfile.TemporaryDirectory(prefix="mainstem-bench-") as home:
            self._keep("freshness", fresh.run(Path(home), rates, seconds, persons, _say))

    def soak(self, changes: int, rate: float, persons: int) -> None:
        with tempfile.TemporaryDirectory(prefix="mainstem-soak-") as home:
            self._keep(SOAK, soak.run(Path(home), changes, rate, persons, _say))

    def _candidates(self) -> tuple[list[Candidate], dict[str, str]]:
        quix = environment.python(self._home, _say)
        every = [ours("a", "our worker", "worker"),
                 Candidate("b", "QuixStreams application", "deploy.bench.candidates.quix", quix or Path()),
                 ours("c", "bare confluent-kafka loop", "bare"),
                 ours("d", "plain Faust tables", "tables"),
                 ours("a2", "two of our workers", "worker", 2)]
        if quix:
            return every, {}
        return [each for each in every if each.letter != "b"], {"b": "its environment could not be made; is a package index to be reached?"}

    def _log_bytes(self, home: Path, run: str) -> dict[str, float]:
        """Topic -> bytes on the broker's disk, an event; the run's own topics as `input` and `changelog`."""
        own = {run: "input", f"{run}.changelog": "changelog"}
        each = {own.get(topic, topic): size / self._events for topic, size in machine.logged(home).items()}
        return {name: size for name, size in sorted(each.items()) if size > 1}

    def _keep(self, part: str, value: Any) -> None:
        self._found[part] = value
        self._file.write_bytes(orjson.dumps(self._found, option=orjson.OPT_INDENT_2))


class _Servers:
    """A stack of its own for a part, gone after it. Gives where it is, and the folder that it is in."""

    def __init__(self, home: Path, part: str, only: tuple[str, ...]) -> None:
        self._folder, self._only = home / part, only

    def __enter__(self) -> tuple[Endpoints, Path]:
        self._clear()
        self._folder.mkdir(parents=True)
        try:
            return up(self._folder, only=self._only, say=_say), self._folder
        except BaseException:
            down(self._folder, say=_say)
            raise

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        down(self._folder, say=_say)
        if kind is not CandidateFailedError:
            self._clear()

    def _clear(self) -> None:
        if self._folder.exists():
            down(self._folder, say=_say)
            shutil.rmtree(self._folder)


class _Unit:
    """Runs a part of `deploy.bench.units` and gives what it prints."""

    def __init__(self, endpoints: Endpoints, folder: Path, topic: str, events: int) -> None:
        self._endpoints, self._folder, self._topic, self._events = endpoints, folder, topic, events

    def __call__(self, part: str, events: int | None = None) -> dict[str, Any]:
        command = [sys.executable, "-m", "deploy.bench.units", part, "--kafka", self._endpoints.kafka, "--registry",
                   self._endpoints.registry, "--redis", self._endpoints.redis, "--topic", self._topic,
                   "--folder", str(self._folder / f"unit-{part}"), "--events", str(events or self._events)]
        surroundings = {**os.environ, **heaps.shared(), **(heaps.returning() if part == "search" else {})}  # as in the platform
        return orjson.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, env=surroundings).stdout.splitlines()[-1])


def _contest(candidates: list[Candidate], missing: dict[str, str], rounds: list[figures.Round], loads: list[float],
             persons: int) -> dict[str, Any]:
    names = {each.letter: each.name for each in candidates}
    return {
        "events": rounds[-1]["a"].events, "persons": persons, "runs": len(rounds), "loads": loads, "not_run": missing,
        "candidates": {letter: {"name": names[letter]} | dataclasses.asdict(each) for letter, each in figures.summaries(rounds).items()},
        "ratios": [_flat(each) for each in figures.ratios(rounds)],
        "rounds": [{letter: dataclasses.asdict(run) for letter, run in each.items()} for each in rounds],
    }


def _flat(ratio: figures.Ratio) -> dict[str, Any]:
    flat = dataclasses.asdict(ratio)
    return flat.pop("target") | flat | {"met": ratio.met}


def _say(text: str) -> None:
    typer.echo(f"bench: {text}", err=True)


if __name__ == "__main__":
    typer.run(main)

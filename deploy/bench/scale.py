"""`python -m deploy.bench.scale docs/bench.json > docs/scale.md`: what England needs, from unit costs that `make bench` measured.

Pure arithmetic: assumptions are in `england`, unit costs in the report. Change either and run it again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil, log2
from pathlib import Path
from typing import Any

from deploy.bench.england import (
    BUSIEST_HOUR,
    DISK_BYTES,
    HISTORY_YEARS,
    LOADED,
    MEMORY_BYTES,
    PARTITIONS_A_WORKER,
    PEOPLE,
    RECOVERY_SECONDS,
    REDIS_MASTERS,
    REPLICAS,
    RESENT,
    SOURCES,
    VOLUMES,
    WORKING_DAY,
)
from processors.lane.rocks import BOUND
from schemas.topics import PARTITIONS

_STATES = 2
"""Of a partition: the identity stage's and the reconcile stage's."""
LONG_CHANGELOG = 300_000
"""Records from which on the rate of recovery is that of reading, not of opening."""


@dataclass(frozen=True, slots=True)
class Demand:
    """Changes: rows in sources' databases."""

    yearly: float
    daily: float
    peak: float
    """A second, in the busiest hour."""


def demand(people: float = PEOPLE) -> Demand:
    yearly = sum(each.yearly * each.changes for each in VOLUMES) * RESENT * people / PEOPLE
    daily = yearly / 365 * WORKING_DAY
    return Demand(yearly, daily, daily * BUSIEST_HOUR / 3600)


@dataclass(frozen=True, slots=True)
class Part:
    """`us`: microseconds that one process of this part is busy for a change. `limit`: how many there can be; None: as many as one likes."""

    what: str
    us: float
    limit: int | None
    how: str

    @property
    def capacity(self) -> float:
        """Changes a second of one process at the load that it may have."""
        return LOADED * 1e6 / self.us


def parts(bench: Mapping[str, Any]) -> list[Part]:
    """Where the report has a live cost (freshness part, its highest rate), that one; it holds everything a process does for a change."""
    live = bench["freshness"][-1]["cpu_us"]
    units = bench["units"]
    claims = units["cores"]["claims_a_person"] * 2 * PEOPLE / demand().yearly
    entries = units["entries_an_event"]
    return [
        Part("capture", live["capture"], SOURCES, "a process or more for each source, up to its raw topic's partitions (2)"),
        Part("identity and reconcile", live["worker"], None, "partitions of `assertions` and `persons.events`, fixed a topic version"),
        Part("linker", units["cores"]["linker_us"] * claims, 1, "one partition: claims cross every key"),
        Part("search sink, embedded (tantivy)", entries * 1e6 / units["sinks"]["search"]["rate"], 1,
             "an OpenSearch cluster, by `MAINSTEM_SEARCH_URL`"),
        Part("analytics sink, embedded (chDB)", entries * 1e6 / units["sinks"]["analytics"]["rate"], 1,
             "a ClickHouse server or cluster, by `MAINSTEM_ANALYTICS_URL`"),
        Part("live cache (Redis)", entries * 1e6 / units["sinks"]["cache"]["rate"], 1,
             "masters of a Redis Cluster, by `MAINSTEM_REDIS_URL`; the sink stays one process"),
        Part("Kafka broker", live["kafka"], None, "brokers"),
        Part("Debezium on Connect", live["connect"], None, "Connect workers; a connector a source"),
    ]


def document(bench: Mapping[str, Any]) -> Iterator[str]:
    """The lines of docs/scale.md."""
    need, found = demand(), parts(bench)
    worker = next(part for part in found if part.what == "identity and reconcile")
    yield "# Scale on paper: England"
    yield ""
    yield ("`python -m deploy.bench.scale docs/bench.json > docs/scale.md` makes this page out of the unit costs in `docs/bench.json` "
           f"(`make bench`; {bench['machine']['processor']}, {bench['machine']['cores']} cores) and the assumptions in "
           "`deploy/bench/england.py`. It is arithmetic, not a test: nothing of this size was run.")
    yield ""
    yield "## What comes in"
    yield "| what | a year | row changes each | origin |"
    yield "|---|---|---|---|"
    yield from (f"| {each.what} | {_big(each.yearly)} | {each.changes:g} | {each.origin} |" for each in VOLUMES)
    yield ""
    yield (f"With {RESENT:g} rows for each that is news, a working day {WORKING_DAY:g} times the mean day and {BUSIEST_HOUR:.0%} of it in "
           f"the busiest hour: **{_big(need.yearly)} changes a year, {_big(need.daily)} on a working day, {need.peak:,.0f} a second at the "
           f"peak**, from about {SOURCES:,} sources: {need.peak / SOURCES:.1f} a second each, {need.yearly / PEOPLE:,.0f} a person "
           "and year.")
    yield ""
    yield "## What it takes at the peak"
    yield f"Processes are loaded to {LOADED:.0%}. A part whose limit is below what is needed has to be replaced as the last column says."
    yield ""
    yield "| part | us a change | changes/s a process | processes needed | at most | people one can carry | scales by |"
    yield "|---|---|---|---|---|---|---|"
    for part in sorted(found, key=_people):
        limit = "" if part.limit is None else f"{part.limit:,}"
        yield (f"| {part.what} | {part.us:,.1f} | {part.capacity:,.0f} | {ceil(need.peak / part.capacity):,} | {limit} | "
               f"{_big(_people(part))} | {part.how} |")
    yield ""
    yield from _holds(bench)
    yield from _breaks(bench, found)
    yield from _needs(bench, need, worker)


@dataclass(frozen=True, slots=True)
class Held:
    """What grows with the people and their years. `a_person` and `limit` in the same unit: bytes or keys."""

    what: str
    a_person: float
    limit: float
    why: str
    way_out: str

    @property
    def people(self) -> float:
        return self.limit / self.a_person


def held(bench: Mapping[str, Any]) -> list[Held]:
    """At the end of `HISTORY_YEARS`; only changes that say something new are kept as state and entries."""
    units = bench["units"]
    back, sinks = units["recovery"], units["sinks"]
    news = demand().yearly / PEOPLE / RESENT * HISTORY_YEARS
    entries = news * units["entries_an_event"] * sinks["search"]["held"] / sinks["search"]["entries"]
    every = demand().yearly / PEOPLE * HISTORY_YEARS
    cached = entries * sinks["cache"]["disk"] / sinks["cache"]["held"]
    return [
        Held("live cache in one Redis", cached, MEMORY_BYTES, "memory of a machine",
             f"a Redis Cluster, by `MAINSTEM_REDIS_URL`: {ceil(cached * PEOPLE / MEMORY_BYTES):,} masters (one is made for up to "
             f"{REDIS_MASTERS:,}); or only the people seen this year"),
        Held("search store in one process (tantivy)", entries * sinks["search"]["disk"] / sinks["search"]["held"], DISK_BYTES,
             "disk of a machine", "an OpenSearch cluster, by `MAINSTEM_SEARCH_URL`"),
        Held("analytics store in one process (chDB)", entries * sinks["analytics"]["disk"] / sinks["analytics"]["held"], DISK_BYTES,
             "disk of a machine", "a ClickHouse server or cluster, by `MAINSTEM_ANALYTICS_URL`"),
        Held(f"reconcile state in {PARTITIONS} partitions", news * units["keys_an_event"], PARTITIONS * back["rate"] * RECOVERY_SECONDS,
             f"a partition is read back within {RECOVERY_SECONDS / 60:.0f} minutes", "more partitions (a new topic version), snapshots"),
        Held("log on one broker", every * _logged(bench)[0], DISK_BYTES, "disk of a machine",
             "brokers; old segments archived to files"),
    ]


def _resident(bench: Mapping[str, Any]) -> tuple[float, str]:
    """GB that a worker took at most, and where."""
    if "soak" in bench:
        [most] = [each["most"] for each in bench["soak"]["verdicts"] if each["process"] == "worker"]
        return most / 1e3, "in a soak, the states of its own partitions in it"
    return bench["contest"]["candidates"]["a"]["rss"] / 1e9, "in the contest"


def _logged(bench: Mapping[str, Any]) -> tuple[float, str]:
    """Bytes of log that a change leaves behind, and what they are of."""
    if "soak" in bench:
        return sum(bench["soak"]["log_bytes_a_change"].values()), "every topic and changelog, compressed, as a soak left them"
    return (sum(bench["units"]["log_bytes_an_event"].values()),
            "behind the identity stage, compressed, before compaction; raw topics and assertions come on top")


def _holds(bench: Mapping[str, Any]) -> Iterator[str]:
    yield f"## What it holds after {HISTORY_YEARS} years"
    yield "| what | a person | one can hold | because of | people it carries | way out |"
    yield "|---|---|---|---|---|---|"
    for each in sorted(held(bench), key=lambda one: one.people):
        yield f"| {each.what} | {_big(each.a_person)} | {_big(each.limit)} | {each.why} | {_big(each.people)} | {each.way_out} |"
    yield ""


def _breaks(bench: Mapping[str, Any], found: list[Part]) -> Iterator[str]:
    limits = [(_people(part) * part.limit, part.what, part.how) for part in found if part.limit is not None]
    limits += [(each.people, each.what, each.way_out) for each in held(bench)]
    short = sorted(each for each in limits if each[0] < PEOPLE)
    yield "## What breaks first"
    if short:
        (people, what, way_out), *others = short
        yield (f"**{what}**, at {_big(people)} people. Way out: {way_out}." + (" Then " + ", ".join(
            f"{name} ({_big(number)})" for number, name, _ in others) + "." if others else ""))
    yield ("The rate is not it: in the busiest hour England makes no more changes than a few processes take. What grows is what is held."
           if all(_people(part) * (part.limit or 10) > PEOPLE for part in found) else "")
    yield ""


def _needs(bench: Mapping[str, Any], need: Demand, worker: Part) -> Iterator[str]:
    units = bench["units"]
    back, (written, of) = units["recovery"], _logged(bench)
    keys = need.yearly / RESENT * HISTORY_YEARS * units["keys_an_event"]
    by_rate, by_state = ceil(need.peak / worker.capacity), ceil(keys / (back["rate"] * RECOVERY_SECONDS))
    partitions = 2 ** ceil(log2(max(by_rate, by_state)))
    workers = max(by_rate, ceil(partitions / PARTITIONS_A_WORKER))
    resident, where = _resident(bench)
    a_year = written * need.yearly
    loading = need.yearly / RESENT * HISTORY_YEARS / (workers * worker.capacity / LOADED) / 86_400
    yield "## Partitions, workers, memory, disk, recovery"
    yield "| what | how much | how |"
    yield "|---|---|---|"
    yield (f"| partitions | {partitions:,} | {by_rate:,} for the rate, {by_state:,} so that each is read back within "
           f"{RECOVERY_SECONDS / 60:.0f} minutes; next power of two. {PARTITIONS} now, so a new topic version |")
    yield f"| workers | {workers:,} | a core each at {LOADED:.0%}; at most 64 partitions each |"
    memory = workers * resident + partitions * _STATES * BOUND / 1e9
    yield (f"| memory of workers | {memory:,.0f} GB | {resident:.2f} GB measured a worker {where}, "
           f"for each partition {_STATES} states of at most {BOUND >> 20} MiB (`processors/lane/rocks.py`) |")
    yield (f"| state | {_big(keys)} keys, {keys * back['state_bytes'] / back['state_keys'] / 1e12:,.1f} TB | "
           f"{units['keys_an_event']:.1f} keys a change that is news |")
    yield (f"| log | {a_year / 1e12:,.1f} TB a year, {a_year * REPLICAS / 1e12:,.1f} with {REPLICAS} replicas | {written:,.0f} bytes a "
           f"change: {of} |")
    yield (f"| recovery of a lost partition | {keys / partitions / back['rate'] / 60:,.0f} min | {_big(keys / partitions)} changelog "
           f"records at {back['rate']:,.0f} a second; within 15 s only from a copy not more than {_big(15 * back['rate'])} records old |")
    yield (f"| loading ten years | {loading:,.1f} days | these workers at full load; the loads of trusts are spread over that "
           "time, or more workers are lent for it |")
    if back["records"] < LONG_CHANGELOG:
        yield ""
        yield (f"The recovery rate here is of a changelog of {back['records']:,} records, most of it the opening of partitions: it is too "
               "low, and what hangs on it is too pessimistic (partitions, and the people that four carry). "
               "`PARTS=units EVENTS=200000 make bench` measures it better.")


def _people(part: Part) -> float:
    """How many one process carries at the peak."""
    return part.capacity / demand().peak * PEOPLE


def _big(number: float) -> str:
    for size, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if number >= size:
            return f"{number / size:.3g} {name}"
    return f"{number:.3g}"


if __name__ == "__main__":
    print("\n".join(document(json.loads(Path(sys.argv[1]).read_text()))))

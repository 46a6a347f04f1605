"""How fast a store takes entries in: `pytest tests/sinks/test_rates.py -m slow -s` prints the figures of docs/sinks.md."""

from __future__ import annotations

import time
from statistics import median

import pytest

from mainstem.model import Entry
from sinks.cache import cache_store
from sinks.contract import Batch, Place, Store
from tests.sinks.made import entry, summary
from tests.sinks.redises import Cluster, One, emptied

AT = Place("records.entries.v1", 0)
ENTRIES, BATCH, SMALL = 20_000, 2_000, 20


def _entry(n: int, version: int) -> Entry:
    content = {"test": {"codes": [{"system": "http://snomed.info/sct", "code": "1022541000000102", "display": "Sodium level"}]},
               "value": {"value": f"{130 + n % 20}", "unit": "mmol/L"}, "taken": "2024-02-29T10:15:00Z", "status": "final",
               "note": f"sample {n} version {version}"}
    return entry(f"{n % 500:032x}", f"{n:032x}", version, content, kind="result", committed=1)


@pytest.mark.slow
def test_rates(store: Store) -> None:
    log = [_entry(n, version) for version in (1, 2) for n in range(ENTRIES)]
    took: list[float] = []
    cpu = time.process_time()
    for start in range(0, len(log), BATCH):
        began = time.perf_counter()
        store.apply(Batch(tuple(log[start:start + BATCH])), {AT: start + BATCH})
        took.append(time.perf_counter() - began)
    cpu = time.process_time() - cpu
    waits: list[float] = []
    for turn in range(30):
        small = tuple(_entry(n, 3 + turn) for n in range(SMALL))
        began = time.perf_counter()
        store.apply(Batch(small), {AT: len(log) + turn})
        waits.append(time.perf_counter() - began)
    began = time.perf_counter()
    held = sum(1 for _ in store.contents())
    read = held / (time.perf_counter() - began)
    half = len(took) // 2
    print(f"\n{store.name}: new {ENTRIES / sum(took[:half]):,.0f}/s, replaced {ENTRIES / sum(took[half:]):,.0f}/s in batches of {BATCH:,} "
          f"({len(log) / cpu:,.0f} a CPU second of the sink); "
          f"{SMALL} entries {median(waits) * 1000:.0f} ms (worst {max(waits) * 1000:.0f}); read back {read:,.0f}/s")
    assert held == ENTRIES


@pytest.mark.slow
def test_the_cache_in_a_cluster_against_one_redis(own_redis: str, own_cluster: Cluster) -> None:
    """Ratios are taken within a round: both had the machine as it was then."""
    log = [_entry(n, version) for version in (1, 2) for n in range(ENTRIES)]
    ratios: dict[str, list[float]] = {"entries a second": [], "entries a CPU second of the sink": [], f"time for {SMALL} changes": []}
    for _ in range(5):
        took = {}
        for name, place in {"one": One(own_redis), "cluster": own_cluster}.items():
            store = cache_store(emptied(place))
            store.open()
            began, cpu = time.perf_counter(), time.process_time()
            for start in range(0, len(log), BATCH):
                store.apply(Batch(tuple(log[start:start + BATCH])), {AT: start + BATCH})
            whole, cpu = time.perf_counter() - began, time.process_time() - cpu
            waits = [_small(store, turn) for turn in range(30)]
            took[name] = (1 / whole, 1 / cpu, median(waits))
            store.close()
        for kind, one, cluster in zip(ratios, took["one"], took["cluster"], strict=True):
            ratios[kind].append(cluster / one)
    for kind, found in ratios.items():
        print(f"\ncluster of 3 masters against one Redis, {kind}: {median(found):.2f} ({min(found):.2f} to {max(found):.2f})", end="")


def _small(store: Store, turn: int) -> float:
    """Seconds of a batch as they come when little happens."""
    entries = tuple(_entry(n, 3 + turn) for n in range(SMALL))
    heads = tuple(summary(person, 1 + turn, ("9990000018",)) for person in sorted({each.person for each in entries}))
    began = time.perf_counter()
    store.apply(Batch(entries, heads), {AT: 10 * len(entries) + turn})
    return time.perf_counter() - began

"""How fast a store takes entries in: `pytest tests/sinks/test_rates.py -m slow -s` prints the figures of docs/sinks.md."""

from __future__ import annotations

import time
from statistics import median

import pytest

from mainstem.model import Entry
from sinks.contract import Batch, Place, Store
from tests.sinks.made import entry

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

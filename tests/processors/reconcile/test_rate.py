"""What the core does in a second, as it is read and compiled, and where its time goes: `pytest -m slow -s` on this file prints it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from statistics import median

import pytest

from mainstem import compiled
from tests.processors.reconcile.rate import PERSONS, spent
from tests.processors.reconcile.seeded import person_events

ROOT = Path(__file__).resolve().parents[3]
WAYS = {"as read": "no", "compiled": "yes"}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_events_a_second():
    """By turns: what else the machine does bears on both."""
    compiled.build(print)
    rates: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    for _ in range(5):
        for way, wish in WAYS.items():
            done = subprocess.run([sys.executable, "-m", "tests.processors.reconcile.rate"], cwd=ROOT, check=True, capture_output=True,
                                  text=True, env={**os.environ, "MAINSTEM_COMPILED": wish})
            stage, fold = map(float, done.stdout.split())
            rates[way].append((stage, fold))
    print(f"\nassertions a second of processor time, {PERSONS} persons: best and median of five runs by turns")
    for way, measured in rates.items():
        for what, found in zip(("the fold: the rules alone", "the stage: with state, and what is news"),
                               ([fold for _, fold in measured], [stage for stage, _ in measured]), strict=True):
            print(f"{way:9} {max(found):8,.0f} {median(found):8,.0f}  {what}")
    ratios = [(now[0] / before[0], now[1] / before[1]) for before, now in zip(*rates.values(), strict=True)]
    stage, fold = (median(each) for each in zip(*ratios, strict=True))
    print(f"compiled, the stage does {stage:.2f} times as much, the fold {fold:.2f} times")
    assert min(stage for stage, _ in rates["as read"]) > 3000
    assert stage > 1.05


@pytest.mark.slow
def test_where_the_time_goes():
    events, found = person_events(PERSONS), Counter[str]()
    for _ in range(3):
        spent(events, found)
    shares = Counter[str]()
    for file, times in found.items():
        path = Path(file)
        shares[str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) and ".venv" not in path.parts else path.name] += times
    print()
    for name, times in shares.most_common(25):
        print(f"{times / shares.total():6.1%}  {name}")
    assert shares.total() > 100

"""What the core does in a second, where its time goes, and what compiling it would gain: `pytest -m slow -s` on this file prints them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from statistics import median

import pytest

from tests.processors.reconcile.rate import PERSONS, folded, said, spent
from tests.processors.reconcile.seeded import person_events

ROOT = Path(__file__).resolve().parents[3]
COMPILED = ("mainstem/kinds/*.py", "mainstem/terminology/lookup.py", "mainstem/terminology/codes.py", "mainstem/versions.py",
            "mainstem/canonical.py", "processors/reconcile/*.py", "processors/keys.py", "processors/lane/overlay.py")
NOT = ("(Content", "(Kind", "array_like=True", "class Kind", "kw_only=True")
"""Structs that are decoded, or have more than their fields' names, and the kinds with them: mypyc does not keep what msgspec reads."""
BUILD = """
import sys
from setuptools import setup
from mypyc.build import mypycify
setup(name="core", packages=[], ext_modules=mypycify(sys.argv.pop().split(","), opt_level="3", debug_level="0", multi_file=True))
"""


@pytest.mark.slow
def test_events_a_second():
    events = person_events(PERSONS)
    least = min(spent(events) for _ in range(5))
    rules = min(folded(events) for _ in range(5))
    print(f"\nreconcile {said(events) / least:9,.0f} assertions a second (best of five), {said(events):,} in {len(events):,} events")
    print(f"fold      {said(events) / rules:9,.0f} assertions a second, {rules / least:.2f} of the time")
    assert said(events) / least > 3000


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


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_what_compiling_would_gain(tmp_path: Path):
    """By mypyc, in a copy; both run in turn."""
    for room in ("mainstem", "processors", "producers", "schemas", "seeds", "sinks", "tests"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    chosen = [str(file.relative_to(tmp_path)) for pattern in COMPILED for file in sorted(tmp_path.glob(pattern))
              if file.name != "__init__.py" and not any(mark in file.read_text() for mark in NOT)]
    (tmp_path / "build_core.py").write_text(BUILD)
    subprocess.run([sys.executable, "build_core.py", "build_ext", "--inplace", "-j2", ",".join(chosen)], cwd=tmp_path, check=True,
                   capture_output=True)
    rates: dict[Path, list[float]] = {ROOT: [], tmp_path: []}
    for _ in range(5):
        for place, measured in rates.items():
            done = subprocess.run([sys.executable, "-m", "tests.processors.reconcile.rate"], cwd=place, check=True, capture_output=True)
            measured.append(float(done.stdout))
    plain, compiled = (median(measured) for measured in rates.values())
    print(f"\n{len(chosen)} modules compiled: {compiled:,.0f} assertions a second, {plain:,.0f} without, {compiled / plain:.2f} times")
    assert len(list((tmp_path / "processors/reconcile").glob("*.so"))) > 10

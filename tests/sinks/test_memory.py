"""The search sink's memory does not grow with what merges of its index take for a moment."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from deploy.platform import heaps

_ENTRIES = 600_000


def indexed(environment: dict[str, str]) -> list[list[int]]:
    """Documents, MB and us an entry as it grows."""
    found = subprocess.run([sys.executable, "-m", "tests.sinks.indexing", str(_ENTRIES)], check=True, capture_output=True, text=True,
                           env={**os.environ, **heaps.shared(), **environment}).stdout
    return [[int(each) for each in line.split()] for line in found.splitlines()]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_memory_is_flat_while_the_index_grows() -> None:
    assert heaps.returning(), "the system has no jemalloc"
    print(f"\n{'documents':>9} {'malloc MB':>9} {'us':>4} {'jemalloc MB':>11} {'us':>4}")
    glibc, ours = indexed({}), indexed(dict(heaps.returning()))
    for (documents, before, spent), (_, after, taken) in zip(glibc, ours, strict=True):
        print(f"{documents:9,} {before:9} {spent:4} {after:11} {taken:4}")
    assert ours[-1][1] < 1.1 * ours[1][1]

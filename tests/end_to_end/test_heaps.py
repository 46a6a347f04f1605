"""How processes get their memory. Heaps of glibc's malloc in a worker: what is free in one serves none of the others, so that with many its
memory goes on growing. The search sink has another malloc."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.conftest import World

pytestmark = pytest.mark.stack
_HEAP_BYTES = 64 << 20
"""glibc places each piece of a thread's heap at a multiple of this (`HEAP_MAX_SIZE` on 64 bits)."""


def _pieces(maps: str) -> int:
    """Of heaps beside the first, by what `/proc/PID/maps` says."""
    areas = (line.split() for line in maps.splitlines())
    return sum(len(area) == 5 and area[1].startswith("rw") and int(area[0].partition("-")[0], 16) % _HEAP_BYTES == 0 for area in areas)


def test_the_threads_of_a_worker_share_two_heaps(world: World) -> None:
    """Of which one is in no such piece, and the other in one or two."""
    workers = [pid for name, pid in world.platform.supervisor.pids().items() if name.startswith("worker")]
    found = [(len(list(Path(f"/proc/{pid}/task").iterdir())), _pieces(Path(f"/proc/{pid}/maps").read_text())) for pid in workers]
    assert all(threads > 20 and 1 <= pieces <= 3 for threads, pieces in found), found


def test_the_search_sink_alone_has_jemalloc(world: World) -> None:
    found = {name: "libjemalloc" in Path(f"/proc/{pid}/maps").read_text() for name, pid in world.platform.supervisor.pids().items()}
    assert {name for name, has in found.items() if has} == {"sink-search"}

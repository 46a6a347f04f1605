"""What a look-up in a large store costs, when it was just written and when it is opened again."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from processors.lane.store import Store

IDENTITY = "of-this-test-0"
LARGE = 250_000
"""Keys of 80 bytes: an index of some 800 kB, beyond what the cache takes as one block."""


def name(number: int) -> bytes:
    return b"k" + f"{number:079d}".encode()


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    made = {}
    for size in (2_000, LARGE):
        made[size] = tmp_path_factory.mktemp(str(size))
        store = Store(made[size], IDENTITY, 0)
        noise = random.Random(size)
        for first in range(0, size, 2_000):
            store.apply([(name(each), noise.randbytes(100)) for each in range(first, first + 2_000)], {}, first, 0)
        store.compact()
        store.close()
    return made


def spent(store: Store, keys: list[bytes]) -> float:
    """Microseconds a look-up, of the best of three turns."""
    turns = []
    for _ in range(3):
        began = time.process_time()
        for key in keys:
            store.get(key)
        turns.append(time.process_time() - began)
    return min(turns) / len(keys) * 1e6


def test_a_look_up_in_a_large_store_costs_about_what_it_does_in_a_small_one(stores: dict[int, Path]) -> None:
    large, small = Store(stores[LARGE], IDENTITY, 0), Store(stores[2_000], IDENTITY, 0)
    drawn = random.Random(7)
    among = [name(drawn.randrange(LARGE)) for _ in range(1_000)]
    few = [name(drawn.randrange(2_000)) for _ in range(1_000)]
    absent = [name(drawn.randrange(LARGE))[:-1] + b"x" for _ in range(1_000)]
    assert large.get(among[0]) and small.get(few[0])
    there, beside, none = spent(large, among), spent(small, few), spent(large, absent)
    print(f"\n{LARGE:,} keys: {there:.1f} us there, {none:.1f} us absent; 2,000 keys: {beside:.1f} us")
    assert there < 12 * beside + 10
    assert none < there + 5
    large.close()
    small.close()

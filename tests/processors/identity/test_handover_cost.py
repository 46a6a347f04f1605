"""What a handover costs: by what moves, never by what stays. Keys of state and messages are counted, not seconds.

`pytest -s tests/processors/identity/test_handover_cost.py` prints the curves.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.processors.identity.counted import costs, joining, loaded, parting

STAYING = (10, 1_000, 10_000)
MOVING = 20


def curve(stay: int, move: int, shared: str = "") -> tuple[dict[str, int], dict[str, int]]:
    """Of coming and of leaving again."""
    pipeline = loaded(stay, move, shared)
    return costs(pipeline, joining()), costs(pipeline, parting())


def shown(title: str, sizes: tuple[int, ...], found: list[tuple[dict[str, int], dict[str, int]]]) -> None:
    print(f"\n{title}")
    for size, (came, left) in zip(sizes, found, strict=True):
        print(f"  {size:>7,}: " + "; ".join(f"{what} " + ", ".join(f"{count:,} {name}" for name, count in sorted(told.items()))
                                             for what, told in (("comes:", came), ("leaves:", left))))


def test_what_stays_costs_nothing() -> None:
    found = [curve(stay, MOVING) for stay in STAYING]
    shown(f"{MOVING} assertions move, so many stay", STAYING, found)
    least, *others = found
    for each in others:
        for before, after in zip(least, each, strict=True):
            assert {name: count for name, count in after.items() if name != "bytes written"} == {
                name: count for name, count in before.items() if name != "bytes written"}
            assert after["bytes written"] < 1.02 * before["bytes written"], "numbers grow by a digit"


def test_where_all_are_of_one_key_it_costs_what_a_tree_costs() -> None:
    found = [curve(stay, MOVING, shared="penicillin") for stay in STAYING[1:]]
    shown("the same, all of one canonical key", STAYING[1:], found)
    for before, after in zip(*found, strict=True):
        for name in ("read", "written", "published"):
            assert after[name] < 3 * before[name], "ten times as many stay"


def test_what_moves_costs_its_share() -> None:
    sizes = (200, 400, 800)
    found = [curve(100, move) for move in sizes]
    shown("100 stay, so many move", sizes, found)
    for one, other in pairwise(found):
        for before, after in zip(one, other, strict=True):
            for name in ("read", "written", "published"):
                assert after[name] == pytest.approx(2 * before[name], rel=0.1)

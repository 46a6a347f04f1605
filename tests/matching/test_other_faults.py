"""Linkage sets with other faults than FEBRL's (`people_with_faults`), learnt without labels as `mainstem identity measure` learns them.

`pytest tests/matching/test_other_faults.py -s -m slow` prints the figures, of seeds that nothing was chosen by.
"""

from __future__ import annotations

from math import log2

import pytest

from mainstem.matching.measure import Measured, measure
from mainstem.matching.people import Row
from mainstem.matching.train import train
from processors.identity.scoring.release import Thresholds
from tests.matching.people_with_faults import linkage_set


def _measured(name: str, rows: list[Row], *, families: bool) -> Measured:
    sure = Thresholds(review=0.0, automatic=log2(0.99 / 0.01), families=families)
    found = measure(rows, train([each.fields for each in rows], "faults", "faults", thresholds=sure))
    print(f"\n{name}: pairs {found.precision:.4f} {found.recall:.4f}, persons {found.joined_right / found.joined:.4f} "
          f"{found.joined_right / found.true:.4f}, with all candidates {(found.joined_right + found.offered) / found.true:.4f}, "
          f"{found.tasks} tasks")
    assert found.precision >= 0.99
    assert found.joined == found.joined_right
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed", [21, 22, 23])
def test_who_lives_alone(seed: int) -> None:
    found = _measured(f"alone, seed {seed}", linkage_set(2000, seed), families=False)
    assert found.recall >= 0.88
    assert found.joined_right / found.true >= 0.86


@pytest.mark.slow
@pytest.mark.parametrize("seed", [31, 32, 33])
def test_who_lives_with_a_family(seed: int) -> None:
    """Where twins, partners, parents and children share homes, weights alone would join them: what is not sure is left to humans."""
    found = _measured(f"families, seed {seed}", linkage_set(2000, seed, homes=0.25), families=True)
    assert found.joined_right / found.true >= 0.43

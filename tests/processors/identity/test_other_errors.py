"""Identity errors that synthetic trusts do not have (`people_with_errors`), as on seeds: no false automatic link, and what is made or
offered.

`pytest tests/processors/identity/test_other_errors.py -s -m slow` prints the figures, of seeds that nothing was chosen by.
"""

from __future__ import annotations

import pytest

from processors.identity.scoring.release import Model, built_in
from tests.processors.identity.people_with_errors import World
from tests.processors.identity.test_on_seeds import LINKING, Figures, measure

MODELS = pytest.mark.parametrize("model", [built_in(), LINKING], ids=["offered", "linked"])


def _sound(found: Figures, *, links: bool) -> None:
    assert found.false == 0
    assert found.made + found.first >= 0.98 * found.true
    assert not links or found.tasks <= 0.03 * found.patients


@MODELS
def test_no_false_automatic_link(model: Model) -> None:
    found = measure(World(400, 3).told, model)
    assert found.false == 0 and found.made > 0.9 * found.true


@MODELS
@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_figures_at_5000_persons(model: Model, seed: int) -> None:
    found = measure(World(5000, seed).told, model)
    print(f"\nseed {seed}, likeness {'linked' if model.thresholds.link else 'offered'}: {found.shown()}")
    _sound(found, links=model.thresholds.link)

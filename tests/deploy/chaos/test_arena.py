"""What a run of chaos needs before it breaks anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.chaos.arena import TrustsNotMadeError, _make_trusts


def test_trusts_that_cannot_be_made_are_told_with_the_reason(tmp_path: Path) -> None:
    """Nothing runs there: `seeds make` says what to start."""
    with pytest.raises(TrustsNotMadeError, match="mainstem stack up"):
        _make_trusts(tmp_path, 1, 1)

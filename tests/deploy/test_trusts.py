"""Making the synthetic trusts that a whole Mainstem runs on."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.platform import trusts


def test_trusts_that_cannot_be_made_are_told_with_the_reason(tmp_path: Path) -> None:
    """Nothing runs there: `seeds make` says what to start."""
    with pytest.raises(trusts.TrustsNotMadeError, match=r"exit code \d+\): .*mainstem stack up"):
        trusts.make(tmp_path, 1, "--seed", "1")


def test_where_it_is_shown_the_error_points_there(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(trusts.TrustsNotMadeError, match="above"):
        trusts.make(tmp_path, 1, shown=True)
    assert "mainstem stack up" in capfd.readouterr().err

"""Fixtures of the tests of reconciliation."""

from __future__ import annotations

import pytest

from tests.processors.reconcile.fed import Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()

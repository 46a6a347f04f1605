"""Acknowledged writes against what was found of them."""

from __future__ import annotations

import pytest

from deploy.chaos.registers import _same, due

WRITTEN = {"a": [1, 3, 5], "b": [2, 4]}


def test_the_same_agrees() -> None:
    assert _same("", WRITTEN, dict(WRITTEN)).passed


@pytest.mark.parametrize(("found", "said"), [
    ({"a": [1, 5], "b": [2, 4]}, "missing [3]"),
    ({"a": [1, 3, 3, 5], "b": [2, 4]}, "doubled [3]"),
    ({"a": [1, 5, 3], "b": [2, 4]}, "in order: False"),
    ({"a": [1, 3, 5], "b": [2, 4, 6]}, "not acknowledged [6]"),
    ({"b": [2, 4]}, "missing [1, 3, 5]"),
])
def test_a_difference_is_named(found: dict[str, list[int]], said: str) -> None:
    check = _same("", WRITTEN, found)
    assert len(check.differences) == 1
    assert said in next(iter(check.differences))


def test_a_write_nobody_was_told_of_must_be_found_once_if_at_all() -> None:
    acknowledged, unsure = {"a": [1, 5]}, {"a": [3], "b": [2]}
    assert due(acknowledged, unsure, {"a": [1, 5]}, "a") == [1, 5]
    assert due(acknowledged, unsure, {"a": [1, 3, 5]}, "a") == [1, 3, 5]
    assert due(acknowledged, unsure, {"a": [1, 3, 3, 5]}, "a") == [1, 3, 5]
    assert due(acknowledged, unsure, {"b": [2]}, "b") == [2]
    assert due(acknowledged, unsure, {"a": [1, 7]}, "a") == [1, 5], "neither acknowledged nor begun"

"""Conditions of a mapping as functions of a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from producers.mapping import rules
from producers.mapping.values import measured, text

Row = Mapping[str, Any]
Test = Callable[[Row], bool]


def compiled(condition: rules.Condition, columns: set[str]) -> Test:
    """`columns` gathers the columns read. The function raises KeyError where the row lacks one."""
    if condition.column is None:
        return _combined(condition, columns)
    column = condition.column
    columns.add(column)
    if condition.equals is not None:
        wanted = folded(condition.equals)
        return lambda row: folded(row[column]) == wanted
    if condition.one_of is not None:
        several = frozenset(folded(value) for value in condition.one_of)
        return lambda row: folded(row[column]) in several
    if condition.present is not None:
        present = condition.present
        return lambda row: (text(row[column]) is not None) == present
    numeric = condition.numeric
    return lambda row: (measured(text(row[column]) or "") is not None) == numeric


def folded(cell: Any) -> str | None:
    """As words are compared: without case and surrounding space. True and 1 differ from `true` and `1` in nothing."""
    given = text(cell)
    return given.casefold() if given is not None else None


def _combined(condition: rules.Condition, columns: set[str]) -> Test:
    tests = [compiled(each, columns) for each in condition.all or condition.any or condition.none or ()]
    if condition.all is not None:
        return lambda row: all(test(row) for test in tests)
    if condition.any is not None:
        return lambda row: any(test(row) for test in tests)
    return lambda row: not any(test(row) for test in tests)

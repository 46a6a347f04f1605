"""What the rules of one file may name, and where mistakes and the columns read are gathered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from producers.mapping.conditions import Row, Test, compiled
from producers.mapping.document import Vocabulary
from producers.mapping.rules import Condition

Value = Callable[[Row], Any]
"""None: the row says nothing of it. Raises KeyError where the row lacks a column."""


class Scope:
    """Of one table of a file."""

    def __init__(self, source: str, vocabularies: dict[str, Vocabulary], systems: dict[str, dict[str, str | None]]) -> None:
        self.source = source
        self.vocabularies = vocabularies
        self.systems = systems
        self.columns: set[str] = set()
        self.problems: list[tuple[str, str]] = []

    def problem(self, place: str, what: str) -> None:
        self.problems.append((place, what))

    def read(self, column: str) -> str:
        self.columns.add(column)
        return column

    def test(self, condition: Condition | None) -> Test | None:
        return None if condition is None else compiled(condition, self.columns)

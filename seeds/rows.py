"""Rows as a trust's view makes them, and the ids they get."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any, NamedTuple

from seeds.errors import UnknownColumnError
from seeds.trusts import Table

Coding = tuple[str | None, ...]
"""A code, its system as the source names it, and what else goes with it."""


class Row(NamedTuple):
    table: str
    values: dict[str, Any]
    new: bool = True
    """False: a row made before, named again because another fact rests on it too (an order and its next result)."""

    def key(self, table: Table) -> dict[str, Any]:
        return {column: self.values[column] for column in table.key}

    def copied(self, table: Table) -> tuple[Any, ...]:
        """Values in the order of the table's columns. Raises UnknownColumnError."""
        if unknown := self.values.keys() - set(table.columns):
            raise UnknownColumnError(table.name, unknown)
        return tuple(self.values[column] if column in self.values else table.defaults.get(column) for column in table.columns)


@dataclass(slots=True)
class RowIds:
    """Ids for the rows of one source patient: deterministic, unique within the source."""

    source: str
    base: int
    _used: int = 0
    _sequences: dict[str, int] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)
    """Business identifier -> id, of rows that several facts share."""

    def number(self) -> int:
        self._used += 1
        return self.base + self._used

    def guid(self) -> uuid.UUID:
        return uuid.UUID(bytes=md5(f"{self.source}|{self.number()}".encode(), usedforsecurity=False).digest(), version=4)

    def sequence(self, name: str) -> int:
        """1, 2, 3 ... for each name."""
        self._sequences[name] = self._sequences.get(name, 0) + 1
        return self._sequences[name]


class Making(NamedTuple):
    """What a view's makers get beside the truth."""

    ids: RowIds
    who: dict[str, Any]
    """The patient column and its value."""
    coding: str
    """`national`, `local`, or `text`."""
    wording: str
    """The profile's (`seeds.wording`)."""

    def coded(self, national: Coding, local: Coding, text: Coding) -> Coding:
        """The coding that this telling has; the source's own where the catalogue has no national code."""
        return {"national": national if national[0] else local, "local": local, "text": text}[self.coding]

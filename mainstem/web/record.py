"""A record as the live cache holds it, decoded: what the pages and `mainstem record` show."""

from __future__ import annotations

from typing import Any

import msgspec

from mainstem.model import RawRef, SourceState


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One assertion behind an entry."""

    source: str
    patient: str
    record: str
    part: str = ""
    position: str
    known: int
    raw: RawRef
    recorded: str | None = None
    fields: tuple[str, ...] = ()
    lost: dict[str, Any] = {}
    """Field -> the value this assertion gave and the entry does not show."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One entry, its content decoded."""

    fact: str
    kind: str
    status: str = "current"
    version: int
    content: dict[str, Any]
    known: int
    committed: int | None = None
    sources: tuple[str, ...] = ()
    provenance: tuple[Said, ...] = ()
    rules: dict[str, str] = {}
    conflict: bool = False
    labels: tuple[str, ...] = ()


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """All that is shown of one person."""

    person: str
    nhs_numbers: tuple[str, ...] = ()
    digest: str
    sequence: int
    known: int
    sources: tuple[SourceState, ...] = ()
    entries: tuple[Item, ...] = ()
    settled: bool = True
    """False for the moment in which entries have arrived and the record's head has not, or the other way round."""

    @property
    def current(self) -> list[Item]:
        return [item for item in self.entries if item.status == "current"]

"""A record as the live cache holds it, decoded: what the pages and `mainstem record` show."""

from __future__ import annotations

import base64
import binascii
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

    @property
    def current(self) -> list[Item]:
        return [item for item in self.entries if item.status == "current"]


def decode(data: bytes | str | dict[str, Any]) -> Record:
    """Raises msgspec.ValidationError where the cache holds something else."""
    if isinstance(data, dict):
        return msgspec.convert(data, Record)
    return msgspec.json.decode(data, type=Record)


def plain(value: Any) -> Any:
    """A losing value, which JSON carries as base64 of canonical JSON or as it is."""
    if isinstance(value, str):
        try:
            return msgspec.json.decode(base64.b64decode(value, validate=True))
        except (binascii.Error, ValueError):
            return value
    return value

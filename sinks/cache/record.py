"""A record as the cache keeps and gives it: JSON, with every entry's content byte for byte as it was published."""

from __future__ import annotations

import hashlib
from typing import Generic, TypeVar

import msgspec

from mainstem.model import Entry, RawRef, SourceState, Summary
from sinks.contract import CURRENT

Content = TypeVar("Content")
Value = TypeVar("Value")
Each = TypeVar("Each")


class Said(msgspec.Struct, Generic[Value], frozen=True, kw_only=True):
    """One assertion behind an entry: `mainstem.model.Provenance`."""

    source: str
    patient: str
    record: str
    part: str = ""
    position: str
    known: int
    raw: RawRef
    recorded: str | None = None
    fields: tuple[str, ...] = ()
    lost: dict[str, Value] = {}
    """Field -> the value this assertion gave and the entry does not show."""


class EntryOf(msgspec.Struct, Generic[Content, Value], frozen=True, kw_only=True):
    """An entry, its content and lost values as bytes or decoded."""

    fact: str
    kind: str
    status: str = "current"
    version: int
    content: Content
    known: int
    committed: int | None = None
    sources: tuple[str, ...] = ()
    provenance: tuple[Said[Value], ...] = ()
    rules: dict[str, str] = {}
    conflict: bool = False
    labels: tuple[str, ...] = ()
    unnamed: int = 0


class RecordOf(msgspec.Struct, Generic[Each], frozen=True, kw_only=True):
    """All entries of a person, and the record's head."""

    person: str
    nhs_numbers: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    """Those that hold for the person, also where no entry is left to bear them."""
    digest: str
    """Of the head. Entries and head travel in two topics: for some milliseconds one may be ahead of the other."""
    sequence: int
    known: int
    sources: tuple[SourceState, ...] = ()
    entries: tuple[Each, ...] = ()


class CachedEntry(EntryOf[msgspec.Raw, msgspec.Raw], frozen=True, kw_only=True):
    """Content and lost values as plain JSON."""

    @property
    def digest(self) -> str:
        """SHA-256 of the content, hex."""
        return hashlib.sha256(memoryview(self.content)).hexdigest()


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A `Summary` without its person, whose key it lies under."""

    digest: str
    sequence: int
    known: int
    nhs_numbers: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    sources: tuple[SourceState, ...] = ()


class RecordView(RecordOf[CachedEntry], frozen=True, kw_only=True):
    """All current entries of a person. `json` is what other programs read."""

    def json(self) -> bytes:
        return msgspec.json.encode(self)


def of_entry(entry: Entry) -> bytes:
    provenance = tuple(
        Said(source=p.source, patient=p.patient, record=p.record, part=p.part, position=p.position, known=p.known, raw=p.raw,
             recorded=p.recorded, fields=p.fields, lost={name: msgspec.Raw(value) for name, value in p.lost.items()})
        for p in entry.provenance)
    return msgspec.json.encode(CachedEntry(
        fact=entry.fact, kind=entry.kind, status=entry.status, version=entry.version, content=msgspec.Raw(entry.content), known=entry.known,
        committed=entry.committed, sources=entry.sources, provenance=provenance, rules=entry.rules, conflict=entry.conflict,
        labels=entry.labels, unnamed=entry.unnamed))


def of_summary(summary: Summary) -> bytes:
    return msgspec.json.encode(Head(digest=summary.digest, sequence=summary.sequence, known=summary.known, nhs_numbers=summary.nhs_numbers,
                                    labels=summary.labels, sources=summary.sources))


def versioned(entry: Entry) -> tuple[str, str, str]:
    """Fact, version and JSON, which is empty where the entry was withdrawn. All of it texts: Redis unpacks no bytes."""
    return entry.fact, str(entry.version), of_entry(entry).decode() if entry.status == CURRENT else ""


def split(data: bytes) -> tuple[int, bytes]:
    """`<version>|<json>` -> both; the JSON is empty where a tombstone lies."""
    version, _, body = data.partition(b"|")
    return int(version), body


decode_entry = msgspec.json.Decoder(CachedEntry).decode
decode_head = msgspec.json.Decoder(Head).decode

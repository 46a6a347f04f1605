"""The tantivy index: its directory, its fields, and the document of an entry.

Each indexed field is a term dictionary of its own in each segment, and a commit makes a segment: most of what a commit costs. So what is
asked for exactly shares one field, and what is only shown is one stored value.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import tantivy

from mainstem.model import Entry
from sinks.search.documents import LAYOUT, WORDS, Shown, analyzer, indexed, key

POSITIONS = "positions"
"""Key of the one document that holds the positions: committed with what they stand for."""


def directory(home: Path) -> Path:
    return home / "stores" / "search" / LAYOUT


@cache
def schema() -> tantivy.Schema:
    build = tantivy.SchemaBuilder()
    for name in ("key", "exact"):
        build.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("title", "name", "body"):
        build.add_text_field(name, tokenizer_name=WORDS, index_option="freq")
    build.add_unsigned_field("version", fast=True)
    build.add_bytes_field("shown", stored=True)
    return build.build()


def open_index(path: Path, *, create: bool) -> tantivy.Index:
    index = tantivy.Index(schema(), path=str(path)) if create else tantivy.Index.open(str(path))
    index.register_tokenizer(WORDS, analyzer())
    return index


def of_entry(entry: Entry) -> tuple[str, tantivy.Document]:
    """Its key, and a document. A withdrawn entry leaves a tombstone: its key and version, none of its content."""
    at = key(entry.person, entry.fact)
    document: dict[str, Any] = {"key": at, "version": entry.version}
    if (made := indexed(entry)) is not None:
        document |= {"title": made.title, "name": made.names, "body": made.body, "exact": made.exact, "shown": _encode(made.shown)}
    return at, tantivy.Document.from_dict(document, schema())


def of_positions(text: str) -> tantivy.Document:
    return tantivy.Document.from_dict({"key": POSITIONS, "shown": text.encode()}, schema())


def shown(document: tantivy.Document) -> Shown:
    return _decode(_held(document))


def positions(document: tantivy.Document) -> str:
    return _held(document).decode()


def _held(document: tantivy.Document) -> bytes:
    held: Any = document.get_first("shown")
    return bytes(held)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Shown).decode

"""Entries as documents of a tantivy index; versions and positions are documents too, so that one commit holds all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import orjson
import tantivy

from mainstem import faults
from mainstem.model import Entry
from schemas.topics import Purpose
from sinks import policy
from sinks.contract import Batch, Held, Place, Positions
from sinks.errors import StoreHeldError, StoreUnavailableError
from sinks.search.embedded import index as layout
from sinks.search.embedded.engine import EmbeddedEngine
from sinks.search.reader import SearchReader

_HEAP = 64_000_000


class SearchStore:
    """The one writer of `home/stores/search`."""

    name = "search"
    purpose = Purpose.DIRECT_CARE
    pace = 0.2

    def __init__(self, home: Path) -> None:
        self._path = layout.directory(home)
        self._index: tantivy.Index | None = None
        self._writer: tantivy.IndexWriter | None = None

    def open(self) -> Positions:
        self.close()
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            self._index = layout.open_index(self._path, create=True)
        except (OSError, ValueError) as fault:
            raise StoreUnavailableError(self.name, type(fault).__name__) from None
        try:
            self._writer = self._index.writer(_HEAP, 1)
        except ValueError as fault:
            if "lock" in str(fault).lower():
                raise StoreHeldError(self.name, str(self._path)) from None
            raise StoreUnavailableError(self.name, type(fault).__name__) from None
        return self._positions(self._index)

    def apply(self, batch: Batch, positions: Positions) -> None:
        index, writer = self._opened()
        entering = [entry for entry in batch.latest_entries() if policy.enters(self.purpose, entry.kind, entry.labels)]
        made = [(entry.version, *layout.of_entry(entry)) for entry in entering]
        try:
            searcher = index.searcher()
            for version, key, document in made:
                held = _version(searcher, key)
                if version > held:
                    if held:  # each segment is searched for each key that is deleted
                        writer.delete_documents_by_term("key", key)
                    writer.add_document(document)
            faults.at("sink half applied")
            writer.delete_documents_by_term("key", layout.POSITIONS)
            writer.add_document(layout.of_positions(orjson.dumps({str(place): n for place, n in positions.items()}).decode()))
            writer.commit()
            index.reload()
        except (OSError, ValueError) as fault:
            raise StoreUnavailableError(self.name, type(fault).__name__) from None

    def fits(self, entry: Entry) -> None:
        layout.of_entry(entry)

    def contents(self) -> Iterator[Held]:
        return SearchReader(EmbeddedEngine(self._path)).contents()

    def damaged(self) -> bool:
        return False

    def clear(self) -> None:
        index, writer = self._opened()
        writer.delete_all_documents()
        writer.commit()
        index.reload()

    def close(self) -> None:
        writer, self._writer, self._index = self._writer, None, None
        if writer is not None:
            with contextlib.suppress(ValueError):  # a writer that has failed has nothing to wait for
                writer.wait_merging_threads()

    def _opened(self) -> tuple[tantivy.Index, tantivy.IndexWriter]:
        if self._index is None or self._writer is None:
            raise StoreUnavailableError(self.name, "not opened")
        return self._index, self._writer

    def _positions(self, index: tantivy.Index) -> Positions:
        index.reload()
        searcher = index.searcher()
        hits = searcher.search(_by_key(layout.POSITIONS), 1, count=False).hits
        if not hits:
            return {}
        held = orjson.loads(layout.positions(searcher.doc(hits[0][1])))
        return {Place.parse(text): offset for text, offset in held.items()}


def _by_key(key: str) -> tantivy.Query:
    return tantivy.Query.term_query(layout.schema(), "key", key, "basic")


def _version(searcher: tantivy.Searcher, key: str) -> int:
    """0 where the key is not held."""
    hits = searcher.search(_by_key(key), 1, count=False).hits
    if not hits:
        return 0
    return int(searcher.fast_field_values("version", [hits[0][1]])[0] or 0)

"""Questions as tantivy queries, answered by what was last committed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import tantivy
from tantivy import Occur

from sinks.errors import NotBuiltError
from sinks.search import documents, queries
from sinks.search.documents import Shown
from sinks.search.embedded import index
from sinks.search.queries import Beginning, Every, Exactly, Nearly, Query, Some, Term


class EmbeddedEngine:
    """Of an index directory. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Raises NotBuiltError."""
        try:
            if not tantivy.Index.exists(str(path)):
                raise NotBuiltError("search", str(path))
            self._index = index.open_index(path, create=False)
        except (ValueError, OSError):
            raise NotBuiltError("search", str(path)) from None

    def begin(self) -> None:
        self._index.reload()

    def ask(self, asked: Sequence[Query], limit: int) -> list[list[tuple[Shown, float]]]:
        searcher = self._index.searcher()
        return [[(index.shown(searcher.doc(address)), float(score))
                 for score, address in searcher.search(said(query), max(limit, 1), count=False).hits] for query in asked]

    def every(self) -> Iterator[Shown]:
        searcher = self._index.searcher()
        if not searcher.num_docs:
            return
        for _, address in searcher.search(said(queries.current()), searcher.num_docs, count=False).hits:
            yield index.shown(searcher.doc(address))


def said(query: Query) -> tantivy.Query:
    schema, of = index.schema(), tantivy.Query
    match query:
        case Exactly(field, value):
            return of.const_score_query(of.term_query(schema, "exact", documents.exact(field, value), "basic"), 0.0)
        case Term(field, word, boost):
            return of.boost_query(of.term_query(schema, field, word), boost)
        case Beginning(field, word, boost):
            return of.boost_query(of.fuzzy_term_query(schema, field, word, distance=0, prefix=True), boost)
        case Nearly(field, word):
            return of.fuzzy_term_query(schema, field, word, distance=1, transposition_cost_one=True)
        case Every(parts):
            return of.boolean_query([(Occur.Must, said(part)) for part in parts])
        case Some(parts):
            return of.boolean_query([(Occur.Should, said(part)) for part in parts])

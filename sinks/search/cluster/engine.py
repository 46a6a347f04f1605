"""Questions in OpenSearch's query language, answered by what was last refreshed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import msgspec
import orjson
from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from sinks.errors import NotBuiltError, StoreUnavailableError
from sinks.search import documents, queries
from sinks.search.cluster import client as clients
from sinks.search.cluster import index
from sinks.search.documents import Shown
from sinks.search.queries import Beginning, Every, Exactly, Nearly, Query, Some, Term
from sinks.settings import SinkSettings

_MOST = 10_000
"""Documents of an answer: more a cluster refuses (`index.max_result_window`)."""
_PAGE = 2000
_KEPT = "2m"
"""For how long a cluster keeps a moment for who reads page after page."""
_ANSWER = "responses.status,responses.error.type,responses.timed_out,responses._shards.failed,responses.hits.hits._score," \
          "responses.hits.hits._source"
_SCROLLED = "_scroll_id,timed_out,_shards.failed,hits.hits._source"


class ClusterEngine:
    """Of the index that an alias names. Safe to share between threads."""

    def __init__(self, client: OpenSearch, alias: str, where: str) -> None:
        self._client = client
        self._alias = alias
        self._where = where

    @classmethod
    def of(cls, settings: SinkSettings, client: OpenSearch | None = None) -> ClusterEngine:
        return cls(client or clients.connect(settings), index.alias(settings), clients.where(settings))

    def begin(self) -> None:
        """Every question is answered by what was last refreshed."""

    def ask(self, asked: Sequence[Query], limit: int) -> list[list[tuple[Shown, float]]]:
        """All in one request: the questions about each of a page of people would else be a request each."""
        if not asked:
            return []
        size = min(max(limit, 1), _MOST)
        lines = [line for query in asked for line in (
            _to(query), {"query": said(query), "size": size, "_source": ["shown"], "track_total_hits": False})]
        with clients.answering(self._missing):
            answers = self._client.msearch(body=b"".join(orjson.dumps(line) + b"\n" for line in lines), index=self._alias,
                                           params={"filter_path": _ANSWER})["responses"]
        return [self._found(answer) for answer in answers]

    def every(self) -> Iterator[Shown]:
        """Scrolled through, since the pages of a search from a value on need one that each document has alone, and that is kept sorted."""
        scroll = None
        try:
            with clients.answering(self._missing):
                answer = self._client.search(
                    index=self._alias, body={"query": said(queries.current()), "size": _PAGE, "_source": ["shown"], "sort": ["_doc"]},
                    params={"scroll": _KEPT, "allow_partial_search_results": "false", "filter_path": _SCROLLED})
            while hits := clients.whole(answer).get("hits", {}).get("hits", ()):
                scroll = answer["_scroll_id"]
                yield from (_shown(hit) for hit in hits)
                with clients.answering(lambda: StoreUnavailableError(clients.NAME, "it forgot the moment that was being read")):
                    answer = self._client.scroll(body={"scroll_id": scroll, "scroll": _KEPT}, params={"filter_path": _SCROLLED})
        finally:
            if scroll is not None:
                with suppress(OpenSearchException):  # it is forgotten by itself, later
                    self._client.clear_scroll(body={"scroll_id": [scroll]})

    def _found(self, answer: Any) -> list[tuple[Shown, float]]:
        if error := answer.get("error"):
            if clients.kind(error) == "index_not_found_exception":
                raise self._missing()
            raise StoreUnavailableError(clients.NAME, f"{answer.get('status')} {clients.kind(error)}")
        return [(_shown(hit), float(hit["_score"])) for hit in clients.whole(answer).get("hits", {}).get("hits", ())]

    def _missing(self) -> Exception:
        return NotBuiltError(clients.NAME, f"{self._where} ({self._alias})")


def said(query: Query) -> dict[str, Any]:
    match query:
        case Exactly():
            return {"constant_score": {"filter": _exactly(query), "boost": 0}}
        case Term(field, word, boost):
            return {"term": {field: {"value": word, "boost": boost}}}
        case Beginning(field, word, boost):
            return {"prefix": {field: {"value": word, "boost": boost}}}
        case Nearly(field, word):
            return {"fuzzy": {field: {"value": word, "fuzziness": 1, "transpositions": True, "rewrite": "constant_score"}}}
        case Every(parts):
            return {"bool": {"filter": [_exactly(part) for part in parts if isinstance(part, Exactly)],
                             "must": [said(part) for part in parts if not isinstance(part, Exactly)]}}
        case Some(parts):
            return {"bool": {"should": [said(part) for part in parts]}}


def _exactly(query: Exactly) -> dict[str, Any]:
    return {"term": {"exact": documents.exact(query.field, query.value)}}


def _to(query: Query) -> dict[str, Any]:
    """Where it is to be answered: what is asked of one person by the shard that holds the person. A shard that no node has counts as none
    that failed: unless that is refused, the others' answer comes as a whole one."""
    persons = [part.value for part in query.of if isinstance(part, Exactly) and part.field == "person"] if isinstance(query, Every) else []
    return {"allow_partial_search_results": False, **({"routing": persons[0]} if persons else {})}


def _shown(hit: Any) -> Shown:
    return msgspec.convert(hit["_source"]["shown"], Shown)

"""Entries as documents of an OpenSearch index, one a fact, each with the entry's version: an older one is refused by the cluster itself."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import orjson
from opensearchpy.exceptions import ConflictError, NotFoundError

from mainstem import faults
from mainstem.model import Entry
from schemas.topics import Purpose
from sinks import policy
from sinks.contract import Batch, Held, Place, Positions
from sinks.errors import StoreMovedError, StoreUnavailableError, UnfitError
from sinks.search import documents
from sinks.search.cluster import client as clients
from sinks.search.cluster import index
from sinks.search.cluster.engine import ClusterEngine
from sinks.search.cluster.index import Generation
from sinks.search.reader import SearchReader
from sinks.settings import SinkSettings

log = logging.getLogger(__name__)
_POSITIONS = "positions"
"""Id of the one document that holds them. It lies in the index, so that who removes the index removes them too."""
_PIECE = 5_000_000
"""Bytes of a request, or a document more."""
_CONTENT = "mapper_parsing_exception"
"""The one refusal of a document that is about what is in it, once the fields are known to be ours."""


@dataclass(frozen=True, slots=True)
class _Written:
    """The positions as this sink left them, and where the cluster has them: whoever writes them again changes it."""

    positions: dict[str, int]
    """None where a shard has lost what it held."""
    sequence: int
    term: int


@dataclass(frozen=True, slots=True)
class _Document:
    id: str
    version: int
    lines: bytes
    """Of a bulk request."""


class ClusterStore:
    """Positions are written when the batch has been acknowledged and can be found, and only over those this sink left there: another
    sink, or a cluster that was emptied or restored, is noticed, before a batch is sent and again before its positions are.

    A withdrawn entry leaves a document that holds its version and is found by nothing.
    """

    name = clients.NAME
    purpose = Purpose.DIRECT_CARE
    pace = 0.5

    def __init__(self, settings: SinkSettings) -> None:
        """Raises StoreUnavailableError where the address that the settings name is none."""
        self._settings = settings
        self._client = clients.connect(settings)
        self._at: Generation | None = None
        self._written: _Written | None = None
        self._histories: dict[str, str] = {}
        """Of the shards (`index.histories`), as they were when the positions were read."""
        self._refused: set[tuple[str, int]] = set()
        """Id and version of documents that the cluster did not take for what is in them."""

    def open(self) -> Positions:
        self._at = None
        with clients.answering(self._moved):
            at = index.opened(self._client, self._settings)
            found = self._read(at)
        self._at = at
        if self._written is not None and not found:
            log.warning("the search store lost what a shard of %s held; reading again from the beginning", at.index)
        return {Place.parse(text): offset for text, offset in found.items()}

    def apply(self, batch: Batch, positions: Positions) -> None:
        at = self._opened()
        entering = [entry for entry in batch.latest_entries() if policy.enters(self.purpose, entry.kind, entry.labels)]
        made = [_document(entry) for entry in entering]
        with clients.answering(self._moved):
            written = self._written
            self._read(at)
            if self._written != written:
                raise StoreMovedError(self.name)
            for piece in _pieces(made):
                self._send(at, piece)
            faults.at("sink half applied")
            if made:
                clients.whole(self._client.indices.refresh(index=at.write))
            self._write(at, positions)

    def fits(self, entry: Entry) -> None:
        made = _document(entry)
        if (made.id, made.version) in self._refused:
            raise UnfitError(self.name, 1)

    def contents(self) -> Iterator[Held]:
        return SearchReader(ClusterEngine.of(self._settings, self._client)).contents()

    def damaged(self) -> bool:
        return False

    def clear(self) -> None:
        at = self._opened()
        with clients.answering(self._moved):
            self._at = index.renewed(self._client, self._settings, at)
        self._written = None
        self._refused.clear()

    def close(self) -> None:
        self._at = None
        self._client.close()

    def _opened(self) -> Generation:
        if self._at is None:
            raise StoreUnavailableError(self.name, "not opened")
        return self._at

    def _moved(self) -> Exception:
        """What it means that the index this sink writes to is not there."""
        return StoreMovedError(self.name)

    def _read(self, at: Generation) -> dict[str, int]:
        """The positions as they are now, kept as those that this sink left. Where they were written for other shards than there are, what
        these held is lost: then there are none, and the topics are read again over what is still there."""
        self._histories = index.histories(self._client, at)
        try:
            found = self._client.get(index=at.write, id=_POSITIONS, params={"routing": _POSITIONS})
        except NotFoundError as fault:
            if not (isinstance(fault.info, dict) and fault.info.get("found") is False):  # not of the document: of the index, or of a proxy
                raise
            self._written = None
            return {}
        standing = found["_source"]["positions"]
        told: dict[str, str] = standing.get("histories", {})
        if told.keys() - self._histories.keys():
            raise StoreUnavailableError(self.name, "a part of its index is not served")
        held: dict[str, int] = standing["at"] if told == self._histories else {}
        self._written = _Written(held, found["_seq_no"], found["_primary_term"])
        return held

    def _write(self, at: Generation, positions: Positions) -> None:
        held = {str(place): offset for place, offset in positions.items()}
        before = self._written
        expected = {"if_seq_no": before.sequence, "if_primary_term": before.term} if before else {"op_type": "create"}
        try:
            answer = self._client.index(index=at.write, id=_POSITIONS, body={"positions": {"at": held, "histories": self._histories}},
                                        params={"routing": _POSITIONS, "require_alias": "true", **expected})
        except ConflictError:
            raise StoreMovedError(self.name) from None
        self._written = _Written(held, answer["_seq_no"], answer["_primary_term"])

    def _send(self, at: Generation, piece: Sequence[_Document]) -> None:
        """Raises StoreUnavailableError, StoreMovedError, UnfitError: no document is passed over without a word."""
        answer = self._client.bulk(body=b"".join(each.lines for each in piece), index=at.write, params={
            "require_alias": "true", "filter_path": "errors,items.index.status,items.index.error.type"})
        if not answer["errors"]:
            return
        refused: list[_Document] = []
        if len(answer["items"]) != len(piece):
            raise StoreUnavailableError(self.name, "an answer to some documents of a batch")
        for document, item in zip(piece, answer["items"], strict=True):
            status, kind = item["index"]["status"], clients.kind(item["index"].get("error"))
            if kind == "version_conflict_engine_exception" or status < 300:  # what is held is as new, or newer
                continue
            if kind == "index_not_found_exception":
                raise StoreMovedError(self.name)
            if kind != _CONTENT:
                raise StoreUnavailableError(self.name, f"{status} {kind}")
            refused.append(document)
        if refused:
            index.check(self._client, at)
            self._refused.update((each.id, each.version) for each in refused)
            raise UnfitError(self.name, len(refused))


def _document(entry: Entry) -> _Document:
    """Routed by person: all of a person is in one shard, and who asks of one person asks one shard."""
    at = documents.key(entry.person, entry.fact)
    made = documents.indexed(entry)
    body: dict[str, Any] = {} if made is None else {
        "title": _words(made.title), "name": [_words(each) for each in made.names], "body": _words(made.body), "exact": made.exact,
        "shown": msgspec.to_builtins(made.shown)}
    action = {"index": {"_id": at, "routing": entry.person, "version": entry.version, "version_type": "external"}}
    return _Document(at, entry.version, orjson.dumps(action) + b"\n" + orjson.dumps(body) + b"\n")


def _words(text: str) -> str:
    return " ".join(documents.analyzer().analyze(text))


def _pieces(made: Iterable[_Document]) -> Iterator[list[_Document]]:
    piece: list[_Document] = []
    size = 0
    for each in made:
        piece.append(each)
        size += len(each.lines)
        if size >= _PIECE:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece

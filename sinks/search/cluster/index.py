"""The index in a cluster: its fields, and how one generation of it takes the place of another.

Readers ask the alias `mainstem-search-v2`, which names one index, `mainstem-search-v2.7`. Emptying the store is making the next one and
handing the alias over, in one step of the cluster. A generation is written to by an alias of its own, `mainstem-search-v2.7.write`, and
only by alias: so a writer of an index that is gone is refused, instead of making it anew without its fields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import RequestError

from sinks.errors import StoreUnavailableError
from sinks.search.cluster.client import NAME
from sinks.search.documents import LAYOUT
from sinks.settings import SinkSettings

_WORDS = {"type": "text", "analyzer": "whitespace", "index_options": "freqs"}
"""Words come cut as `documents.analyzer` cuts them: found alike in every engine, and no plug-in for languages is needed."""
_KEPT = {"type": "object", "enabled": False}
"""Given back as it came, not looked into."""
FIELDS = {
    "exact": {"type": "keyword", "doc_values": False, "ignore_above": 8000},  # Lucene refuses a term of more than 32,766 bytes
    "title": _WORDS, "name": _WORDS, "body": _WORDS, "shown": _KEPT, "positions": _KEPT,
}
MAPPING: dict[str, Any] = {"dynamic": "strict", "_source": {"includes": ["shown", "positions"]}, "properties": FIELDS}
"""A field that is not here is refused, not guessed at; words are searched, not kept a second time."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One index of the store, from when it is made until it is emptied."""

    alias: str
    """Of the store, for readers."""
    number: int

    @property
    def index(self) -> str:
        return f"{self.alias}.{self.number}"

    @property
    def write(self) -> str:
        return f"{self.index}.write"


def alias(settings: SinkSettings) -> str:
    return f"{settings.search_index}-{LAYOUT}"


def opened(client: OpenSearch, settings: SinkSettings) -> Generation:
    """The generation that stands, made if there is none; one whose making or removal was cut short is removed."""
    name = alias(settings)
    standing, others = _generations(client, name)
    if not standing:
        first = Generation(name, 1 + max((each.number for each in others), default=0))
        try:
            _make(client, settings, first, {name: {}, first.write: {}})
        except RequestError as fault:
            if fault.error != "resource_already_exists_exception":  # another sink has made it
                raise
        standing, others = _generations(client, name)
    if len(standing) != 1:
        raise StoreUnavailableError(NAME, f"its alias {name} names {len(standing)} indices; leave it on one of {name}.*")
    for each in others:
        client.indices.delete(index=each.index, params={"ignore_unavailable": "true"})
    check(client, standing[0])
    return standing[0]


def renewed(client: OpenSearch, settings: SinkSettings, old: Generation) -> Generation:
    """An empty one in its place: cut short at any moment, either the old or the new one stands."""
    new = Generation(old.alias, old.number + 1)
    _make(client, settings, new, {new.write: {}})
    client.indices.update_aliases(body={"actions": [
        {"remove_index": {"index": old.index}}, {"add": {"index": new.index, "alias": new.alias}}]})
    return new


def check(client: OpenSearch, generation: Generation) -> None:
    """Raises StoreUnavailableError where its fields are not ours: what it then refused would not be the entries' fault."""
    found = client.indices.get_mapping(index=generation.index)[generation.index]["mappings"]
    if found != MAPPING:
        raise StoreUnavailableError(NAME, f"the fields of {generation.index} are not those that a sink makes; remove it, and the store is "
                                          "built anew")


def histories(client: OpenSearch, generation: Generation) -> dict[str, str]:
    """Shard -> which history it holds, of those that are served. A copy that takes over goes on with its own; a shard that is forced to
    begin empty or with an old copy, or is restored, begins another (OpenSearch: `history_uuid`)."""
    found = client.indices.stats(index=generation.index, metric="docs", params={
        "level": "shards", "filter_path": "indices.*.shards.*.routing.primary,indices.*.shards.*.commit.user_data.history_uuid"})
    shards = found.get("indices", {}).get(generation.index, {}).get("shards", {})
    return {shard: copy["commit"]["user_data"]["history_uuid"]
            for shard, copies in shards.items() for copy in copies if copy["routing"]["primary"] and "commit" in copy}


def _make(client: OpenSearch, settings: SinkSettings, new: Generation, aliases: dict[str, Any]) -> None:
    client.indices.create(index=new.index, body={"mappings": MAPPING, "aliases": aliases, "settings": {"index": {
        "number_of_shards": settings.search_shards, "number_of_replicas": settings.search_replicas,
        "translog.durability": "request",  # an acknowledged write is on disk: positions say so
        "refresh_interval": "1s"}}})


def _generations(client: OpenSearch, name: str) -> tuple[list[Generation], list[Generation]]:
    """Those the alias names, and the others."""
    standing: list[Generation] = []
    others: list[Generation] = []
    for index, found in client.indices.get_alias(index=f"{name}.*").items():
        if re.fullmatch(rf"{re.escape(name)}\.\d+", index):
            (standing if name in found["aliases"] else others).append(Generation(name, int(index.rpartition(".")[2])))
    return standing, others

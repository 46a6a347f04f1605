"""What an entry is in the index: its document, the fields of all documents, and how text is cut into words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import tantivy

from mainstem import canonical, kinds
from mainstem.model import Entry
from sinks import policy
from sinks.contract import CURRENT

LAYOUT = "v1"
"""Of the documents. A change of `schema` or `of_entry` needs another name: the store is then built anew beside the old one."""
POSITIONS = "positions"
"""Key of the one document that holds the positions: committed with what they stand for."""
WORDS = "mainstem-words"
_WHEN = ("taken", "given", "performed", "start", "onset", "recorded", "created", "referred", "last_issued", "reported", "requested",
         "birth_date")
"""Fields that date an entry, the telling one first."""
_STATUS = ("clinical_status", "status", "encounter_class")
_NO_WORDS = frozenset({"system", "mime_type", "verification"})


def directory(home: Path) -> Path:
    return home / "stores" / "search" / LAYOUT


@cache
def schema() -> tantivy.Schema:
    build = tantivy.SchemaBuilder()
    for name in ("key", "person", "fact", "kind", "organisation", "number", "birth"):
        build.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("heading", "date", "status", "positions"):
        build.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    build.add_unsigned_field("version", stored=True, fast=True)
    build.add_boolean_field("current", stored=False, indexed=True, fast=True)
    build.add_boolean_field("restricted", stored=False, indexed=True)
    build.add_bytes_field("digest", stored=True)
    build.add_text_field("title", stored=True, tokenizer_name=WORDS)
    build.add_text_field("name", stored=True, tokenizer_name=WORDS)
    build.add_text_field("body", stored=False, tokenizer_name=WORDS)
    return build.build()


@cache
def analyzer() -> tantivy.TextAnalyzer:
    """Words in lower case without accents, as indexed and as asked for."""
    build = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    return build.filter(tantivy.Filter.remove_long(60)).filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.ascii_fold()).build()


def open_index(path: Path, *, create: bool) -> tantivy.Index:
    index = tantivy.Index(schema(), path=str(path)) if create else tantivy.Index.open(str(path))
    index.register_tokenizer(WORDS, analyzer())
    return index


def key(person: str, fact: str) -> str:
    return f"{person}|{fact}"


def of_entry(entry: Entry) -> tantivy.Document:
    """A withdrawn entry leaves a tombstone: its key and version, none of its content."""
    document: dict[str, Any] = {"key": key(entry.person, entry.fact), "person": entry.person, "fact": entry.fact, "version": entry.version,
                                "current": entry.status == CURRENT}
    if entry.status == CURRENT:
        document |= {"kind": entry.kind, "digest": canonical.digest(entry.content),
                     "organisation": sorted({source.partition("/")[0] for source in entry.sources}) or [""]}
        document["restricted"] = policy.PDS_RESTRICTED in entry.labels
        document |= _shown(entry.kind, policy.searchable(canonical.decode(entry.content), entry.labels))
    return tantivy.Document.from_dict(document, schema())


def of_positions(text: str) -> tantivy.Document:
    return tantivy.Document.from_dict({"key": POSITIONS, "positions": text, "current": False}, schema())


def _shown(name: str, content: dict[str, Any]) -> dict[str, Any]:
    kind = kinds.BY_NAME.get(name)
    shown = {
        "heading": kind.heading if kind else name,
        "title": kind.title(content) if kind else name,
        "date": next((content[f] for f in _WHEN if isinstance(content.get(f), str)), ""),
        "status": next((content[f] for f in _STATUS if isinstance(content.get(f), str)), ""),
    }
    if name == "patient":
        shown["name"] = [_full(one) for one in content.pop("names", ())] or [""]
        numbers = [content.pop("nhs_number", None), *(one.get("value") for one in content.pop("identifiers", ()))]
        shown["number"] = [_digits(one) for one in numbers if one] or [""]
        shown["birth"] = content.get("birth_date") or ""
    shown["body"] = " \n".join(_texts(content))
    return shown


def _full(name: Mapping[str, Any]) -> str:
    return " ".join(part for part in (*name.get("given", ()), name.get("family")) if part)


def _digits(number: str) -> str:
    return number.replace(" ", "").replace("-", "")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for field, inner in value.items():
            if field not in _NO_WORDS:
                yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)

"""What an entry is in the index: its document, the fields of all documents, and how text is cut into words.

Each indexed field is a term dictionary of its own in each segment, and a commit makes a segment: most of what a commit costs. So what is
asked for exactly shares one field, and what is only shown is one stored value.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import tantivy

from mainstem import canonical, kinds
from mainstem.model import Entry
from sinks import policy
from sinks.contract import CURRENT

LAYOUT = "v2"
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
    for name in ("key", "exact"):
        build.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("title", "name", "body"):
        build.add_text_field(name, tokenizer_name=WORDS, index_option="freq")
    build.add_unsigned_field("version", fast=True)
    build.add_bytes_field("shown", stored=True)
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


class Shown(msgspec.Struct, array_like=True, omit_defaults=True):
    """What a document gives back. Of a withdrawn entry nothing."""

    person: str
    fact: str
    version: int
    digest: str
    kind: str
    organisations: list[str]
    heading: str = ""
    title: str = ""
    date: str = ""
    status: str = ""
    numbers: list[str] = []
    birth: str = ""


def key(person: str, fact: str) -> str:
    """Short, since a term dictionary costs by the letter. 120 bits of a digest: no two entries share one."""
    return base64.b64encode(hashlib.blake2b(f"{person}|{fact}".encode(), digest_size=15).digest()).decode()


def exact(field: str, value: str) -> str:
    """A term of the field `exact`."""
    return f"{_LETTER[field]}{value}"


def of_entry(entry: Entry, at: str) -> tantivy.Document:
    """`at`: its key. A withdrawn entry leaves a tombstone: its key and version, none of its content."""
    document: dict[str, Any] = {"key": at, "version": entry.version}
    if entry.status == CURRENT:
        shown = Shown(entry.person, entry.fact, entry.version, canonical.digest(entry.content).hex(), entry.kind,
                      sorted({source.partition("/")[0] for source in entry.sources}))
        document |= _words(shown, policy.searchable(canonical.decode(entry.content), entry.labels))
        document["exact"] = [exact(field, value) for field, value in _asked(shown, policy.PDS_RESTRICTED in entry.labels)]
        document["shown"] = _encode(shown)
    return tantivy.Document.from_dict(document, schema())


def of_positions(text: str) -> tantivy.Document:
    return tantivy.Document.from_dict({"key": POSITIONS, "shown": text.encode()}, schema())


def shown(document: tantivy.Document) -> Shown:
    return _decode(_held(document))


def positions(document: tantivy.Document) -> str:
    return _held(document).decode()


def _held(document: tantivy.Document) -> bytes:
    held: Any = document.get_first("shown")
    return bytes(held)


def _asked(shown: Shown, restricted: bool) -> Iterator[tuple[str, str]]:
    """Fields and values by which a current entry is found exactly."""
    yield from (("person", shown.person), ("kind", shown.kind), ("current", ""))
    yield from (("organisation", each) for each in shown.organisations)
    yield from (("number", each) for each in shown.numbers)
    if shown.birth:
        yield "birth", shown.birth
    if restricted:
        yield "restricted", ""


def _words(shown: Shown, content: dict[str, Any]) -> dict[str, Any]:
    """The fields of words; `shown` is filled with what an entry is shown by."""
    kind, found = kinds.BY_NAME.get(shown.kind), dict[str, Any]()
    shown.heading = kind.heading if kind else shown.kind
    found["title"] = shown.title = kind.title(content) if kind else shown.kind
    shown.date = next((content[f] for f in _WHEN if isinstance(content.get(f), str)), "")
    shown.status = next((content[f] for f in _STATUS if isinstance(content.get(f), str)), "")
    if shown.kind == "patient":
        found["name"] = [_full(one) for one in content.pop("names", ())]
        numbers = [content.pop("nhs_number", None), *(one.get("value") for one in content.pop("identifiers", ()))]
        shown.numbers = [_digits(one) for one in numbers if one]
        shown.birth = content.get("birth_date") or ""
    texts: list[str] = []
    _gather(content, texts)
    found["body"] = " \n".join(texts)
    return found


def _full(name: Mapping[str, Any]) -> str:
    return " ".join(part for part in (*name.get("given", ()), name.get("family")) if part)


def _digits(number: str) -> str:
    return number.replace(" ", "").replace("-", "")


def _gather(value: Any, texts: list[str]) -> None:
    """Add the texts in a value, in its order."""
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, dict):
        for field, inner in value.items():
            if field not in _NO_WORDS:
                _gather(inner, texts)
    elif isinstance(value, list):
        for inner in value:
            _gather(inner, texts)


_LETTER = {"person": "p", "kind": "k", "current": "c", "organisation": "o", "number": "n", "birth": "b", "restricted": "r"}
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Shown).decode

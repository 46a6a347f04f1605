"""What an entry is in the search store: the words it is found by, what is asked for exactly, what is shown. One for all engines."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
import tantivy

from mainstem import canonical, kinds
from mainstem.labels import PDS_RESTRICTED
from mainstem.model import Entry
from sinks import policy
from sinks.contract import CURRENT

LAYOUT = "v2"
"""Of the documents. A change of what is indexed needs another name: the store is then built anew beside the old one."""
WORDS = "mainstem-words"
_WHEN = ("taken", "given", "performed", "start", "onset", "recorded", "created", "referred", "last_issued", "reported", "requested",
         "birth_date")
"""Fields that date an entry, the telling one first."""
_STATUS = ("clinical_status", "status", "encounter_class")
_NO_WORDS = frozenset({"system", "mime_type", "verification"})


@cache
def analyzer() -> tantivy.TextAnalyzer:
    """Words in lower case without accents, as indexed and as asked for."""
    build = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    return build.filter(tantivy.Filter.remove_long(60)).filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.ascii_fold()).build()


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


@dataclass(frozen=True, slots=True)
class Indexed:
    """A current entry as it is found and shown."""

    title: str
    names: list[str]
    """Of a patient entry, each in one text."""
    body: str
    exact: list[str]
    """Terms by which it is found exactly, see `exact`."""
    shown: Shown


def key(person: str, fact: str) -> str:
    """Short, since a term dictionary costs by the letter. 120 bits of a digest: no two entries share one."""
    return base64.b64encode(hashlib.blake2b(f"{person}|{fact}".encode(), digest_size=15).digest()).decode()


def exact(field: str, value: str) -> str:
    """A term of the field `exact`."""
    return f"{_LETTER[field]}{value}"


def indexed(entry: Entry) -> Indexed | None:
    """None of a withdrawn entry: only its version is kept."""
    if entry.status != CURRENT:
        return None
    shown = Shown(entry.person, entry.fact, entry.version, canonical.digest(entry.content).hex(), entry.kind,
                  sorted({source.partition("/")[0] for source in entry.sources}))
    names, body = _words(shown, policy.searchable(canonical.decode(entry.content), entry.labels))
    asked = [exact(field, value) for field, value in _asked(shown, PDS_RESTRICTED in entry.labels)]
    return Indexed(shown.title, names, body, asked, shown)


def _asked(shown: Shown, restricted: bool) -> Iterator[tuple[str, str]]:
    """Fields and values by which a current entry is found exactly."""
    yield from (("person", shown.person), ("kind", shown.kind), ("current", ""))
    yield from (("organisation", each) for each in shown.organisations)
    yield from (("number", each) for each in shown.numbers)
    if shown.birth:
        yield "birth", shown.birth
    if restricted:
        yield "restricted", ""


def _words(shown: Shown, content: dict[str, Any]) -> tuple[list[str], str]:
    """Names and all other text; `shown` is filled with what an entry is shown by."""
    kind, names = kinds.BY_NAME.get(shown.kind), list[str]()
    shown.heading = kind.heading if kind else shown.kind
    shown.title = kind.title(content) if kind else shown.kind
    shown.date = next((content[f] for f in _WHEN if isinstance(content.get(f), str)), "")
    shown.status = next((content[f] for f in _STATUS if isinstance(content.get(f), str)), "")
    if shown.kind == "patient":
        names = [_full(one) for one in content.pop("names", ())]
        numbers = [content.pop("nhs_number", None), *(one.get("value") for one in content.pop("identifiers", ()))]
        shown.numbers = [_digits(one) for one in numbers if one]
        shown.birth = content.get("birth_date") or ""
    texts: list[str] = []
    _gather(content, texts)
    return names, " \n".join(texts)


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

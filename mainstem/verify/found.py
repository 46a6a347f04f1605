"""`verify --deep`: the search store asked as its users ask it: each entry is found by the words of its title, and shown under that title.

The digest that the store tells is one that it keeps beside its words; this looks at the words themselves. Those of no title are not
asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from mainstem import canonical, kinds
from mainstem.labels import PDS_RESTRICTED
from mainstem.model import Entry
from mainstem.verify.report import Check, named
from processors.reconcile.folded import Record
from sinks import policy
from sinks.search import documents
from sinks.search.reader import EntryHit

_PATIENT = "patient"


class Search(Protocol):
    """`sinks.search.SearchReader`."""

    def entries(self, text: str, *, person: str | None = None, kind: str | None = None, limit: int = 20) -> Sequence[EntryHit]: ...


def check(search: Search, records: Iterable[Record]) -> Check:
    check = Check("entries are found by their titles in the search store")
    for record in records:
        of_kind = Counter(entry.kind for entry in record.entries)
        titled: dict[tuple[str, str], list[Entry]] = {}
        for entry in record.entries:
            titled.setdefault((entry.kind, _title(entry)), []).append(entry)
        for (kind, title), entries in titled.items():
            if not documents.analyzer().analyze(title) or (kind == _PATIENT and _hidden(record)):
                continue
            check.compared += len(entries)
            hits = {hit.fact: hit for hit in search.entries(title, person=record.person, kind=kind, limit=of_kind[kind])}
            for entry in entries:
                fact = (record.person, entry.fact)
                if (hit := hits.get(entry.fact)) is None:
                    check.differs(f"{named(fact)} is not found by the words of its title", fact)
                elif (hit.title, sorted(hit.organisations)) != (title, sorted({each.partition("/")[0] for each in entry.sources})):
                    check.differs(f"{named(fact)} is shown under another title, or of other organisations", fact)
    return check


def _title(entry: Entry) -> str:
    known = kinds.BY_NAME.get(entry.kind)
    return known.title(policy.searchable(canonical.decode(entry.content), entry.labels)) if known else entry.kind


def _hidden(record: Record) -> bool:
    """Whether the person must not be found by words."""
    return any(PDS_RESTRICTED in entry.labels for entry in record.entries if entry.kind == _PATIENT)

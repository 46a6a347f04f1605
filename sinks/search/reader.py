"""Reading the search store from any process: people by number, name or what is known of them; entries by words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import tantivy

from sinks.contract import Held
from sinks.errors import NotBuiltError
from sinks.search import documents, queries

_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b|\b(\d{2})/(\d{2})/(\d{4})\b")
_PER_WORD = 2000
"""Documents looked at for each word when several words are found in different entries of a person."""


@dataclass(frozen=True, slots=True)
class EntryHit:
    """A current entry that matches."""

    person: str
    fact: str
    kind: str
    heading: str
    title: str
    date: str
    status: str
    organisations: tuple[str, ...]
    score: float


@dataclass(frozen=True, slots=True)
class PersonHit:
    """A person who matches, and why: `Name: ...`, `NHS number`, `Allergies and adverse reactions: Penicillin`."""

    person: str
    name: str
    """Empty where no current patient entry names the person."""
    numbers: tuple[str, ...]
    birth_date: str
    reasons: tuple[str, ...]
    score: float


class SearchReader:
    """Sees what was last committed, on every call. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """`path`: the index directory, see `SearchReader.at`. Raises NotBuiltError."""
        try:
            if not tantivy.Index.exists(str(path)):
                raise NotBuiltError("search", str(path))
            self._index = documents.open_index(path, create=False)
        except (ValueError, OSError):
            raise NotBuiltError("search", str(path)) from None

    @classmethod
    def at(cls, home: Path) -> SearchReader:
        return cls(documents.directory(home))

    def people(self, text: str, limit: int = 20) -> list[PersonHit]:
        """Best first. A ten-digit number is an NHS number; a date is a birth date; words are names, else words of entries; words found
        in no single entry may be found in several of one person (`smith penicillin`)."""
        searcher = self._fresh()
        if number := queries.number(text):
            hits = self._hits(searcher, queries.by_number(number), limit * 4)
            return self._grouped(searcher, hits, limit, "NHS number or local identifier")
        words, births = _split(text)
        if not words and not births:
            return []
        named = self._hits(searcher, queries.by_name(words, births), limit * 4)
        found = self._grouped(searcher, named, limit, "Name" if words else "Birth date")
        if len(found) < limit and not births:
            known = {hit.person for hit in found}
            hits = self._told(searcher, self._hits(searcher, queries.by_words(words), limit * 20))
            hits = [hit for hit in hits if hit.person not in known]
            if not hits and not found and len(words) > 1:
                hits = self._across(searcher, words, limit)
            found += self._grouped(searcher, hits, limit - len(found), None)
        return found

    def entries(self, text: str, *, person: str | None = None, kind: str | None = None, organisation: str | None = None,
                limit: int = 20) -> list[EntryHit]:
        """Entries that hold every word, best first; a word is found by its beginning."""
        searcher = self._fresh()
        exact = {"person": person, "kind": kind, "organisation": organisation}
        words = documents.analyzer().analyze(text)
        if not words:
            return []
        return self._told(searcher, self._hits(searcher, queries.by_words(words, {k: v for k, v in exact.items() if v is not None}), limit))

    def contents(self) -> Iterator[Held]:
        searcher = self._fresh()
        if not searcher.num_docs:
            return
        for _, address in searcher.search(queries.current(), searcher.num_docs, count=False).hits:
            shown = documents.shown(searcher.doc(address))
            yield Held(shown.person, shown.fact, shown.version, shown.digest)

    def _fresh(self) -> tantivy.Searcher:
        self._index.reload()
        return self._index.searcher()

    def _hits(self, searcher: tantivy.Searcher, query: tantivy.Query, limit: int) -> list[EntryHit]:
        hits = searcher.search(query, max(limit, 1), count=False).hits
        return [_entry(searcher.doc(address), float(score)) for score, address in hits]

    def _told(self, searcher: tantivy.Searcher, hits: Sequence[EntryHit]) -> list[EntryHit]:
        """Without patient entries found by their words (an address, a postcode) of a person whom one source says must not be found:
        the others may not have been told yet."""
        patients = {hit.person for hit in hits if hit.kind == "patient"}
        hidden = {person for person in patients if searcher.search(queries.restricted(person), 1, count=False).hits}
        return [hit for hit in hits if hit.kind != "patient" or hit.person not in hidden]

    def _across(self, searcher: tantivy.Searcher, words: Sequence[str], limit: int) -> list[EntryHit]:
        by_word: list[dict[str, EntryHit]] = []
        for word in words:
            best: dict[str, EntryHit] = {}
            for hit in self._told(searcher, self._hits(searcher, queries.by_any([word]), _PER_WORD)):
                best.setdefault(hit.person, hit)
            by_word.append(best)
        persons = set.intersection(*(set(best) for best in by_word))
        ranked = sorted(persons, key=lambda p: (-sum(best[p].score for best in by_word), p))[:limit]
        return [best[person] for person in ranked for best in by_word]

    def _grouped(self, searcher: tantivy.Searcher, hits: Sequence[EntryHit], limit: int, reason: str | None) -> list[PersonHit]:
        reasons: dict[str, list[str]] = {}
        scores: dict[str, float] = {}
        for hit in hits:
            label = hit.heading if reason is None else reason
            reasons.setdefault(hit.person, []).append(f"{label}: {hit.title}")
            scores[hit.person] = max(scores.get(hit.person, 0.0), hit.score)
        return [self._person(searcher, person, tuple(dict.fromkeys(why))[:5], scores[person])
                for person, why in list(reasons.items())[:limit]]

    def _person(self, searcher: tantivy.Searcher, person: str, reasons: tuple[str, ...], score: float) -> PersonHit:
        hits = searcher.search(queries.patient(person), 10, count=False).hits
        known = [documents.shown(searcher.doc(address)) for _, address in hits]
        numbers = sorted({number for shown in known for number in shown.numbers})
        return PersonHit(person, next((shown.title for shown in known if shown.title), ""),
                         tuple(number for number in numbers if queries.number(number)),
                         next((shown.birth for shown in known if shown.birth), ""), reasons, score)


def _split(text: str) -> tuple[list[str], list[str]]:
    """Words, and dates in ISO form."""
    births = [f"{m[1]}-{m[2]}-{m[3]}" if m[1] else f"{m[6]}-{m[5]}-{m[4]}" for m in _DATE.finditer(text)]
    return documents.analyzer().analyze(_DATE.sub(" ", text)), births


def _entry(document: tantivy.Document, score: float) -> EntryHit:
    shown = documents.shown(document)
    return EntryHit(shown.person, shown.fact, shown.kind, shown.heading, shown.title, shown.date, shown.status, tuple(shown.organisations),
                    score)

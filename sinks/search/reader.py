"""Reading the search store from any process: people by number, name or what is known of them; entries by words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sinks.contract import Held
from sinks.search import documents, queries
from sinks.search.documents import Shown
from sinks.search.queries import Query
from sinks.settings import SinkSettings

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


class Engine(Protocol):
    """What keeps the documents, as a reader asks it. Safe to share between threads. Raises NotBuiltError, StoreUnavailableError."""

    def begin(self) -> None:
        """From here on what was last committed is seen."""
        ...

    def ask(self, asked: Sequence[Query], limit: int) -> list[list[tuple[Shown, float]]]:
        """To each question what is found and how well, best first."""
        ...

    def every(self) -> Iterator[Shown]:
        """All that is current, at one moment."""
        ...


class SearchReader:
    """Sees what was last committed, on every call. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def at(cls, home: Path, settings: SinkSettings | None = None) -> SearchReader:
        """The store of this home: the cluster that the settings name, or where they name none the index in the home.

        Raises NotBuiltError; every question raises it as well, and StoreUnavailableError, of a cluster.
        """
        settings = settings or SinkSettings()
        if settings.search_url is not None:
            from sinks.search.cluster import ClusterEngine

            return cls(ClusterEngine.of(settings))
        from sinks.search.embedded import EmbeddedEngine
        from sinks.search.embedded.index import directory

        return cls(EmbeddedEngine(directory(home)))

    def people(self, text: str, limit: int = 20) -> list[PersonHit]:
        """Best first. A ten-digit number is an NHS number; a date is a birth date; words are names, else words of entries; words found
        in no single entry may be found in several of one person (`smith penicillin`)."""
        self._engine.begin()
        if number := queries.number(text):
            return self._grouped(self._hits(queries.by_number(number), limit * 4), limit, "NHS number or local identifier")
        words, births = _split(text)
        if not words and not births:
            return []
        found = self._grouped(self._hits(queries.by_name(words, births), limit * 4), limit, "Name" if words else "Birth date")
        if len(found) < limit and not births:
            known = {hit.person for hit in found}
            hits = self._told(self._hits(queries.by_words(words), limit * 20))
            hits = [hit for hit in hits if hit.person not in known]
            if not hits and not found and len(words) > 1:
                hits = self._across(words, limit)
            found += self._grouped(hits, limit - len(found), None)
        return found

    def entries(self, text: str, *, person: str | None = None, kind: str | None = None, organisation: str | None = None,
                limit: int = 20) -> list[EntryHit]:
        """Entries that hold every word, best first; a word is found by its beginning."""
        self._engine.begin()
        exact = {"person": person, "kind": kind, "organisation": organisation}
        words = documents.analyzer().analyze(text)
        if not words:
            return []
        return self._told(self._hits(queries.by_words(words, {k: v for k, v in exact.items() if v is not None}), limit))

    def contents(self) -> Iterator[Held]:
        self._engine.begin()
        for shown in self._engine.every():
            yield Held(shown.person, shown.fact, shown.version, shown.digest)

    def _hits(self, query: Query, limit: int) -> list[EntryHit]:
        return [_entry(*found) for found in self._engine.ask([query], limit)[0]]

    def _told(self, hits: Sequence[EntryHit]) -> list[EntryHit]:
        """Without patient entries found by their words (an address, a postcode) of a person whom one source says must not be found:
        the others may not have been told yet."""
        patients = list(dict.fromkeys(hit.person for hit in hits if hit.kind == "patient"))
        restricted = self._engine.ask([queries.restricted(person) for person in patients], 1)
        hidden = {person for person, found in zip(patients, restricted, strict=True) if found}
        return [hit for hit in hits if hit.kind != "patient" or hit.person not in hidden]

    def _across(self, words: Sequence[str], limit: int) -> list[EntryHit]:
        by_word: list[dict[str, EntryHit]] = []
        for found in self._engine.ask([queries.by_any([word]) for word in words], _PER_WORD):
            best: dict[str, EntryHit] = {}
            for hit in self._told([_entry(*each) for each in found]):
                best.setdefault(hit.person, hit)
            by_word.append(best)
        persons = set.intersection(*(set(best) for best in by_word))
        ranked = sorted(persons, key=lambda p: (-sum(best[p].score for best in by_word), p))[:limit]
        return [best[person] for person in ranked for best in by_word]

    def _grouped(self, hits: Sequence[EntryHit], limit: int, reason: str | None) -> list[PersonHit]:
        reasons: dict[str, list[str]] = {}
        scores: dict[str, float] = {}
        for hit in hits:
            label = hit.heading if reason is None else reason
            reasons.setdefault(hit.person, []).append(f"{label}: {hit.title}")
            scores[hit.person] = max(scores.get(hit.person, 0.0), hit.score)
        persons = list(reasons)[:limit]
        known = self._engine.ask([queries.patient(person) for person in persons], 10)
        return [_person(person, [shown for shown, _ in patients], tuple(dict.fromkeys(reasons[person]))[:5], scores[person])
                for person, patients in zip(persons, known, strict=True)]


def _split(text: str) -> tuple[list[str], list[str]]:
    """Words, and dates in ISO form."""
    births = [f"{m[1]}-{m[2]}-{m[3]}" if m[1] else f"{m[6]}-{m[5]}-{m[4]}" for m in _DATE.finditer(text)]
    return documents.analyzer().analyze(_DATE.sub(" ", text)), births


def _entry(shown: Shown, score: float) -> EntryHit:
    return EntryHit(shown.person, shown.fact, shown.kind, shown.heading, shown.title, shown.date, shown.status, tuple(shown.organisations),
                    score)


def _person(person: str, known: Sequence[Shown], reasons: tuple[str, ...], score: float) -> PersonHit:
    """`known`: patient entries of the person."""
    numbers = sorted({number for shown in known for number in shown.numbers})
    return PersonHit(person, next((shown.title for shown in known if shown.title), ""),
                     tuple(number for number in numbers if queries.number(number)),
                     next((shown.birth for shown in known if shown.birth), ""), reasons, score)

"""What is asked of the search store, as data: each engine says it in its own words (`embedded.engine`, `cluster.engine`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_FUZZY_FROM = 4
"""Letters. Shorter names have too many neighbours at one edit."""


@dataclass(frozen=True, slots=True)
class Exactly:
    """A value of a field that is asked for exactly; it does not count for the order."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Term:
    """The word as it is, the rarer the better."""

    field: str
    word: str
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Beginning:
    """Words that begin so, each as good as the other."""

    field: str
    word: str
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Nearly:
    """Words one letter away: another, none, one more, or two in each other's place."""

    field: str
    word: str


@dataclass(frozen=True, slots=True)
class Every:
    """All of them hold."""

    of: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one holds; each that does counts."""

    of: tuple[Query, ...]


Query = Exactly | Term | Beginning | Nearly | Every | Some


def number(text: str) -> str | None:
    """The ten digits of an NHS number, however spaced; None where the text is something else."""
    digits = text.replace(" ", "").replace("-", "")
    return digits if len(digits) == 10 and digits.isascii() and digits.isdigit() else None


def current() -> Query:
    return Exactly("current", "")


def by_number(digits: str) -> Query:
    return Every((Exactly("number", digits), current()))


def patient(person: str) -> Query:
    return Every((Exactly("person", person), Exactly("kind", "patient"), current()))


def restricted(person: str) -> Query:
    """Patient entries of a person whose whereabouts must not be told."""
    return Every((Exactly("person", person), Exactly("kind", "patient"), Exactly("restricted", ""), current()))


def by_name(words: Sequence[str], births: Sequence[str]) -> Query:
    """Every word begins or nearly is a name of one patient entry, born on one of the dates where there are any."""
    return Every((*(_name(word) for word in words), *(Exactly("birth", birth) for birth in births), current()))


def by_words(words: Sequence[str], exact: Mapping[str, str] | None = None) -> Query:
    """Every word begins a word of one entry."""
    return Every((*(_word(word) for word in words), *(Exactly(field, value) for field, value in (exact or {}).items()), current()))


def by_any(words: Sequence[str]) -> Query:
    """Every word is found in the names or in the words of one entry."""
    return Every((*(Some((_name(word), _word(word))) for word in words), current()))


def _name(word: str) -> Query:
    ways: tuple[Query, ...] = (Term("name", word, 4.0), Beginning("name", word, 2.0))
    return Some((*ways, Nearly("name", word)) if len(word) >= _FUZZY_FROM else ways)


def _word(word: str) -> Query:
    return Some((Term("title", word, 4.0), Beginning("title", word, 2.0), Term("body", word, 1.5), Beginning("body", word)))

"""What is asked of the index, as tantivy queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tantivy import Occur, Query

from sinks.search import documents

_FUZZY_FROM = 4
"""Letters. Shorter names have too many neighbours at one edit."""


def number(text: str) -> str | None:
    """The ten digits of an NHS number, however spaced; None where the text is something else."""
    digits = text.replace(" ", "").replace("-", "")
    return digits if len(digits) == 10 and digits.isascii() and digits.isdigit() else None


def current() -> Query:
    return _exact("current", "")


def by_number(digits: str) -> Query:
    return _all([_exact("number", digits), current()])


def patient(person: str) -> Query:
    return _all([_exact("person", person), _exact("kind", "patient"), current()])


def restricted(person: str) -> Query:
    """Patient entries of a person whose whereabouts must not be told."""
    return _all([_exact("person", person), _exact("kind", "patient"), _exact("restricted", ""), current()])


def by_name(words: Sequence[str], births: Sequence[str]) -> Query:
    """Every word begins or nearly is a name of one patient entry, born on one of the dates where there are any."""
    return _all([*(_name(word) for word in words), *(_exact("birth", birth) for birth in births), current()])


def by_words(words: Sequence[str], exact: Mapping[str, str] | None = None) -> Query:
    """Every word begins a word of one entry."""
    return _all([*(_word(word) for word in words), *(_exact(field, value) for field, value in (exact or {}).items()), current()])


def by_any(words: Sequence[str]) -> Query:
    """Every word is found in the names or in the words of one entry."""
    return _all([*(_any([_name(word), _word(word)]) for word in words), current()])


def _name(word: str) -> Query:
    ways = [_boosted("name", word, 4.0), Query.boost_query(_prefix("name", word), 2.0)]
    if len(word) >= _FUZZY_FROM:
        ways.append(Query.fuzzy_term_query(documents.schema(), "name", word, distance=1, transposition_cost_one=True))
    return _any(ways)


def _word(word: str) -> Query:
    return _any([_boosted("title", word, 4.0), Query.boost_query(_prefix("title", word), 2.0), _boosted("body", word, 1.5),
                 _prefix("body", word)])


def _boosted(field: str, word: str, by: float) -> Query:
    return Query.boost_query(Query.term_query(documents.schema(), field, word), by)


def _prefix(field: str, word: str) -> Query:
    return Query.fuzzy_term_query(documents.schema(), field, word, distance=0, prefix=True)


def _exact(field: str, value: str) -> Query:
    return Query.const_score_query(Query.term_query(documents.schema(), "exact", documents.exact(field, value), "basic"), 0.0)


def _all(queries: Sequence[Query]) -> Query:
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def _any(queries: Sequence[Query]) -> Query:
    return Query.boolean_query([(Occur.Should, query) for query in queries])

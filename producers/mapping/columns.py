"""Rules that read cells as texts: one column, several lines, with a vocabulary, under a condition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from producers.mapping import rules, values
from producers.mapping.conditions import Row, Test
from producers.mapping.errors import nearest
from producers.mapping.scope import Scope, Value


def column(given: rules.Column, place: str, scope: Scope) -> Value:
    name, convert = scope.read(given.column), _convert(given)
    words = _words(given.map, f"{place}.map", scope)
    if words is None:
        return under(lambda row: convert(row[name]), scope.test(given.when))
    table, keep, otherwise = words

    def mapped(row: Row) -> str | None:
        word = convert(row[name])
        if word is None:
            return None
        return table.get(word.casefold(), word if keep else otherwise)

    return under(mapped, scope.test(given.when))


def lines(given: rules.Lines, scope: Scope) -> Value:
    names, split = [scope.read(name) for name in given.lines], given.split

    def value(row: Row) -> tuple[str, ...] | None:
        found = [shown for shown in (values.text(row[name]) for name in names) if shown]
        if split is not None:
            found = [piece.strip() for shown in found for piece in shown.split(split) if piece.strip()]
        return tuple(found) or None

    return value


def under(value: Value, test: Test | None) -> Value:
    if test is None:
        return value
    return lambda row: value(row) if test(row) else None


def _convert(given: rules.Column) -> Callable[[Any], str | None]:
    if given.date == "day":
        return values.day
    if given.date == "instant":
        return values.instant
    if given.date == "local":
        return values.local
    if given.date is not None:
        return values.dates(given.date)
    return values.number if given.number else values.digits if given.digits else values.text


def _words(name: str | None, place: str, scope: Scope) -> tuple[dict[str, str | None], bool, str | None] | None:
    if name is None:
        return None
    vocabulary = scope.vocabularies.get(name)
    if vocabulary is None:
        scope.problem(place, f"no vocabulary '{name}'{nearest(name, scope.vocabularies)}")
        return None
    table = {word.strip().casefold(): meaning for word, meaning in vocabulary.values.items()}
    return table, vocabulary.otherwise == "keep", vocabulary.otherwise

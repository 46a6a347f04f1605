"""Field rules of a mapping as functions of a row, and the shapes of content fields they fit."""

from __future__ import annotations

import typing
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Any, NamedTuple

from msgspec import UnsetType

from mainstem.kinds.allergy import Reaction
from mainstem.kinds.base import Code, Coded, Content, Quantity
from mainstem.kinds.observation import Component
from mainstem.kinds.patient import Identifier, Name
from producers.mapping import document, values
from producers.mapping.conditions import Row, Test, compiled, folded
from producers.mapping.errors import nearest

Value = Callable[[Row], Any]
"""None: the row says nothing of it. Raises KeyError where the row lacks a column."""

RULES = {
    "text": "a column, `constant`, `join`, `moment` or `first`", "concept": "`coded`", "amount": "`quantity`",
    "flag": "`flag` or `constant`",
    "number": "`constant`", "lines": "`lines`", "names": "`names`", "identifiers": "`identifiers`", "reactions": "`reactions`",
    "components": "`components`",
}
_SHAPES: dict[Any, str] = {
    str: "text", bool: "flag", int: "number", Coded: "concept", Quantity: "amount", tuple[str, ...]: "lines", tuple[Name, ...]: "names",
    tuple[Identifier, ...]: "identifiers", tuple[Reaction, ...]: "reactions", tuple[Component, ...]: "components",
}


class Compiled(NamedTuple):
    shape: str
    value: Value


class Scope:
    """What rules of one file may name, and where mistakes and the columns read are gathered."""

    def __init__(self, source: str, vocabularies: dict[str, document.Vocabulary], systems: dict[str, dict[str, str | None]]) -> None:
        self.source = source
        self.vocabularies = vocabularies
        self.systems = systems
        self.columns: set[str] = set()
        self.problems: list[tuple[str, str]] = []

    def problem(self, place: str, what: str) -> None:
        self.problems.append((place, what))

    def read(self, column: str) -> str:
        self.columns.add(column)
        return column

    def test(self, condition: document.Condition | None) -> Test | None:
        return None if condition is None else compiled(condition, self.columns)


def shapes(content: type[Content]) -> dict[str, str]:
    """Field of a kind's content -> its shape."""
    return {name: _shape(hint) for name, hint in typing.get_type_hints(content).items()}


def rule(given: document.FieldRule, place: str, scope: Scope) -> Compiled:
    """The rule as a function. Mistakes go to the scope, with their place."""
    match given:
        case document.Column():
            return Compiled("text", column(given, place, scope))
        case document.Constant(constant=constant):
            shape = "flag" if isinstance(constant, bool) else "number" if isinstance(constant, int) else "text"
            return Compiled(shape, lambda _row: constant)
        case document.Flag():
            return Compiled("flag", _flag(given, scope))
        case document.Coded():
            return Compiled("concept", _when(coded(given.coded, f"{place}.coded", scope), scope.test(given.when)))
        case document.Quantity():
            only = given.quantity.otherwise_text is not None
            return Compiled("amount", _when(quantity(given.quantity, scope, numeric_only=only), scope.test(given.when)))
        case document.Lines():
            return Compiled("lines", _lines(given, scope))
        case document.Names():
            return Compiled("names", _several([_name(each, scope) for each in given.names]))
        case document.Identifiers():
            return Compiled("identifiers", _several([_identifier(each.system, scope.read(each.value)) for each in given.identifiers]))
        case document.Reactions():
            return Compiled("reactions", _reactions(given.reactions, f"{place}.reactions", scope))
        case document.Components():
            parts = [_component(each, f"{place}.components", scope) for each in given.components]
            return Compiled("components", _when(_several(parts), scope.test(given.when)))
        case document.Joined():
            return Compiled("text", _joined(given, scope))
        case document.Moment():
            return Compiled("text", _moment(given, scope))
        case document.First():
            return _first(given, place, scope)


def column(given: document.Column, place: str, scope: Scope) -> Value:
    name, convert = scope.read(given.column), _convert(given)
    words = _words(given.map, f"{place}.map", scope)
    if words is None:
        return _when(lambda row: convert(row[name]), scope.test(given.when))
    table, keep, otherwise = words

    def mapped(row: Row) -> str | None:
        word = convert(row[name])
        if word is None:
            return None
        return table.get(word.casefold(), word if keep else otherwise)

    return _when(mapped, scope.test(given.when))


def coded(given: document.CodedParts, place: str, scope: Scope) -> Value:
    """A concept: the coding where there is a code, and the text. A code whose system is not named is one of the source's own."""
    code = scope.read(given.code) if given.code else None
    display = scope.read(given.display) if given.display else None
    shown = scope.read(given.text) if given.text else None
    constant, selected, system = given.constant, given.user_selected, _system(given.system, f"{place}.system", scope)

    def value(row: Row) -> Coded | None:
        given_code = constant if code is None else values.text(row[code])
        given_text = values.text(row[shown]) if shown else None
        if given_code is not None:
            term = values.text(row[display]) if display else None
            return Coded(codes=(Code(system=system(row), code=given_code, display=term, user_selected=selected),), text=given_text)
        return Coded(text=given_text) if given_text is not None else None

    return value


def quantity(given: document.QuantityParts, scope: Scope, *, numeric_only: bool) -> Value:
    value, comparator = scope.read(given.value), scope.read(given.comparator) if given.comparator else None
    fixed = str(given.unit.constant) if isinstance(given.unit, document.Constant) else None
    unit = scope.read(given.unit) if isinstance(given.unit, str) else None

    def read(row: Row) -> Quantity | None:
        amount = values.number(row[value])
        if amount is None:
            return None
        found = values.measured(amount)
        if found is None and numeric_only:
            return None
        number, sign = found or (amount, None)
        stated = values.text(row[comparator]) if comparator else None
        return Quantity(value=number, unit=fixed or (values.text(row[unit]) if unit else None), comparator=stated or sign)

    return read


def text_of(given: document.QuantityParts) -> Value:
    """What `otherwise_text` names gets: the value where it is no number."""
    name = given.value

    def read(row: Row) -> str | None:
        amount = values.text(row[name])
        return amount if amount is not None and values.measured(amount) is None else None

    return read


def _shape(hint: Any) -> str:
    args = typing.get_args(hint) if isinstance(hint, UnionType) or typing.get_origin(hint) is typing.Union else (hint,)
    return next(_SHAPES[each] for each in args if each not in (NoneType, UnsetType))


def _convert(given: document.Column) -> Callable[[Any], str | None]:
    if given.date == "day":
        return values.day
    if given.date == "instant":
        return values.instant
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


def _system(given: str | document.SystemOf | None, place: str, scope: Scope) -> Callable[[Row], str]:
    own = f"urn:mainstem:codes:{scope.source}"
    if not isinstance(given, document.SystemOf):
        return lambda _row: given or own
    named = scope.systems.get(given.systems)
    if named is None:
        scope.problem(f"{place}.systems", f"no systems '{given.systems}'{nearest(given.systems, scope.systems)}")
        return lambda _row: own
    name, table = scope.read(given.column), {folded(word): uri for word, uri in named.items()}

    def system(row: Row) -> str:
        word = folded(row[name])
        return table.get(word, f"{own}:{word}" if word else own) or own

    return system


def _when(value: Value, test: Test | None) -> Value:
    if test is None:
        return value
    return lambda row: value(row) if test(row) else None


def _flag(given: document.Flag, scope: Scope) -> Value:
    name = scope.read(given.flag)
    words: dict[str | None, bool] = {folded(word): False for word in given.no} | {folded(word): True for word in given.yes}
    return lambda row: words.get(folded(row[name]))


def _several(parts: list[Value]) -> Value:
    def value(row: Row) -> tuple[Any, ...] | None:
        return tuple(found for found in (part(row) for part in parts) if found is not None) or None

    return value


def _lines(given: document.Lines, scope: Scope) -> Value:
    names, split = [scope.read(name) for name in given.lines], given.split

    def value(row: Row) -> tuple[str, ...] | None:
        found = [shown for shown in (values.text(row[name]) for name in names) if shown]
        if split is not None:
            found = [piece.strip() for shown in found for piece in shown.split(split) if piece.strip()]
        return tuple(found) or None

    return value


def _name(given: document.NameParts, scope: Scope) -> Value:
    family, first, prefix, full = (scope.read(name) if name else None for name in (given.family, given.given, given.prefix, given.full))
    use = given.use

    def value(row: Row) -> Name | None:
        surname = values.text(row[family]) if family else None
        others = (values.text(row[first]) if first else None) or ""
        if full and (whole := values.text(row[full])):
            surname, _, others = (piece.strip() for piece in whole.partition(","))
        if not surname and not others:
            return None
        return Name(family=surname or None, given=tuple(others.split()), prefix=values.text(row[prefix]) if prefix else None, use=use)

    return value


def _identifier(system: str, name: str) -> Value:
    def value(row: Row) -> Identifier | None:
        found = values.text(row[name])
        return Identifier(system=system, value=found) if found else None

    return value


def _reactions(given: document.ReactionParts, place: str, scope: Scope) -> Value:
    manifestation = coded(given.manifestation, f"{place}.manifestation", scope) if given.manifestation else None
    severity = column(given.severity, f"{place}.severity", scope) if given.severity else None

    def value(row: Row) -> tuple[Reaction, ...] | None:
        shown, how_bad = manifestation(row) if manifestation else None, severity(row) if severity else None
        return (Reaction(manifestation=shown, severity=how_bad),) if shown or how_bad else None

    return value


def _component(given: document.ComponentParts, place: str, scope: Scope) -> Value:
    code, amount = coded(given.code, f"{place}.code", scope), quantity(given.value, scope, numeric_only=False)

    def value(row: Row) -> Component | None:
        measured = amount(row)
        return Component(code=code(row), value=measured) if measured else None

    return value


def _joined(given: document.Joined, scope: Scope) -> Value:
    names, between = [scope.read(name) for name in given.join], given.between
    return lambda row: between.join(shown for shown in (values.text(row[name]) for name in names) if shown) or None


def _moment(given: document.Moment, scope: Scope) -> Value:
    on, at, read = scope.read(given.moment), scope.read(given.time), values.dates(given.date)
    return lambda row: values.clock(read(row[on]), values.text(row[at]))


def _first(given: document.First, place: str, scope: Scope) -> Compiled:
    rules = [rule(each, f"{place}.first[{number}]", scope) for number, each in enumerate(given.first)]
    if len({each.shape for each in rules}) != 1:
        scope.problem(f"{place}.first", "expected one or more rules that all give the same shape")
    options = [each.value for each in rules]

    def value(row: Row) -> Any:
        return next((found for found in (option(row) for option in options) if found is not None), None)

    return Compiled(rules[0].shape if rules else "text", value)

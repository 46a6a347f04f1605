"""Field rules of a mapping as functions of a row, and the shapes of content fields they fit."""

from __future__ import annotations

import typing
from types import NoneType, UnionType
from typing import Any, NamedTuple

from msgspec import UnsetType

from mainstem.kinds.allergy import Reaction
from mainstem.kinds.base import Coded, Content, Quantity
from mainstem.kinds.observation import Component
from mainstem.kinds.patient import Identifier, Name
from producers.mapping import columns, concepts, demographics, rules, values
from producers.mapping.conditions import Row, folded
from producers.mapping.scope import Scope, Value

RULES = {
    "text": "a column, `constant`, `join`, `moment` or `first`", "concept": "`coded`", "amount": "`quantity`",
    "flag": "`flag` or `constant`", "number": "`constant`", "lines": "`lines`", "names": "`names`", "identifiers": "`identifiers`",
    "reactions": "`reactions`", "components": "`components`",
}
_SHAPES: dict[Any, str] = {
    str: "text", bool: "flag", int: "number", Coded: "concept", Quantity: "amount", tuple[str, ...]: "lines", tuple[Name, ...]: "names",
    tuple[Identifier, ...]: "identifiers", tuple[Reaction, ...]: "reactions", tuple[Component, ...]: "components",
}


class Compiled(NamedTuple):
    shape: str
    value: Value


def shapes(content: type[Content]) -> dict[str, str]:
    """Field of a kind's content -> its shape."""
    return {name: _shape(hint) for name, hint in typing.get_type_hints(content).items()}


def rule(given: rules.FieldRule, place: str, scope: Scope) -> Compiled:
    """The rule as a function. Mistakes go to the scope, with their place."""
    match given:
        case rules.Column():
            return Compiled("text", columns.column(given, place, scope))
        case rules.Constant(constant=constant):
            shape = "flag" if isinstance(constant, bool) else "number" if isinstance(constant, int) else "text"
            return Compiled(shape, lambda _row: constant)
        case rules.Flag():
            return Compiled("flag", _flag(given, scope))
        case rules.Coded():
            return Compiled("concept", columns.under(concepts.coded(given.coded, f"{place}.coded", scope), scope.test(given.when)))
        case rules.Quantity():
            only = given.quantity.otherwise_text is not None
            return Compiled("amount", columns.under(concepts.quantity(given.quantity, scope, numeric_only=only), scope.test(given.when)))
        case rules.Lines():
            return Compiled("lines", columns.lines(given, scope))
        case rules.Names():
            return Compiled("names", _several([demographics.name(each, scope) for each in given.names]))
        case rules.Identifiers():
            parts = [demographics.identifier(each.system, scope.read(each.value)) for each in given.identifiers]
            return Compiled("identifiers", _several(parts))
        case rules.Reactions():
            return Compiled("reactions", concepts.reactions(given.reactions, f"{place}.reactions", scope))
        case rules.Components():
            parts = [concepts.component(each, f"{place}.components", scope) for each in given.components]
            return Compiled("components", columns.under(_several(parts), scope.test(given.when)))
        case rules.Joined():
            return Compiled("text", _joined(given, scope))
        case rules.Moment():
            return Compiled("text", _moment(given, scope))
        case rules.First():
            return _first(given, place, scope)


def _shape(hint: Any) -> str:
    args = typing.get_args(hint) if isinstance(hint, UnionType) or typing.get_origin(hint) is typing.Union else (hint,)
    return next(_SHAPES[each] for each in args if each not in (NoneType, UnsetType))


def _flag(given: rules.Flag, scope: Scope) -> Value:
    name = scope.read(given.flag)
    words: dict[str | None, bool] = {folded(word): False for word in given.no} | {folded(word): True for word in given.yes}
    return lambda row: words.get(folded(row[name]))


def _joined(given: rules.Joined, scope: Scope) -> Value:
    names, between = [scope.read(name) for name in given.join], given.between
    return lambda row: between.join(shown for shown in (values.text(row[name]) for name in names) if shown) or None


def _moment(given: rules.Moment, scope: Scope) -> Value:
    on, at, read = scope.read(given.moment), scope.read(given.time), values.day if given.date == "day" else values.dates(given.date)
    return lambda row: values.clock(read(row[on]), values.text(row[at]))


def _first(given: rules.First, place: str, scope: Scope) -> Compiled:
    several = [rule(each, f"{place}.first[{number}]", scope) for number, each in enumerate(given.first)]
    if len({each.shape for each in several}) != 1:
        scope.problem(f"{place}.first", "expected one or more rules that all give the same shape")
    options = [each.value for each in several]

    def value(row: Row) -> Any:
        return next((found for found in (option(row) for option in options) if found is not None), None)

    return Compiled(several[0].shape if several else "text", value)


def _several(parts: list[Value]) -> Value:
    def value(row: Row) -> tuple[Any, ...] | None:
        return tuple(found for found in (part(row) for part in parts) if found is not None) or None

    return value

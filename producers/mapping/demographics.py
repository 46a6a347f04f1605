"""Rules that read cells as names and identifiers of a patient."""

from __future__ import annotations

from mainstem.kinds.patient import Identifier, Name
from producers.mapping import rules, values
from producers.mapping.conditions import Row
from producers.mapping.scope import Scope, Value


def name(given: rules.NameParts, scope: Scope) -> Value:
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


def identifier(system: str, column: str) -> Value:
    def value(row: Row) -> Identifier | None:
        found = values.text(row[column])
        return Identifier(system=system, value=found) if found else None

    return value

"""Rules that read cells as concepts and quantities, and what is made of them: reactions, components."""

from __future__ import annotations

from collections.abc import Callable

from mainstem.kinds.allergy import Reaction
from mainstem.kinds.base import Code, Coded, Quantity
from mainstem.kinds.observation import Component
from producers.mapping import rules, values
from producers.mapping.columns import column
from producers.mapping.conditions import Row, folded
from producers.mapping.errors import nearest
from producers.mapping.scope import Scope, Value


def coded(given: rules.CodedParts, place: str, scope: Scope) -> Value:
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


def quantity(given: rules.QuantityParts, scope: Scope, *, numeric_only: bool) -> Value:
    value, comparator = scope.read(given.value), scope.read(given.comparator) if given.comparator else None
    fixed = str(given.unit.constant) if isinstance(given.unit, rules.Constant) else None
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


def text_of(given: rules.QuantityParts) -> Value:
    """What `otherwise_text` names gets: the value where it is no number."""
    name = given.value

    def read(row: Row) -> str | None:
        amount = values.text(row[name])
        return amount if amount is not None and values.measured(amount) is None else None

    return read


def reactions(given: rules.ReactionParts, place: str, scope: Scope) -> Value:
    manifestation = coded(given.manifestation, f"{place}.manifestation", scope) if given.manifestation else None
    severity = column(given.severity, f"{place}.severity", scope) if given.severity else None

    def value(row: Row) -> tuple[Reaction, ...] | None:
        shown, how_bad = manifestation(row) if manifestation else None, severity(row) if severity else None
        return (Reaction(manifestation=shown, severity=how_bad),) if shown or how_bad else None

    return value


def component(given: rules.ComponentParts, place: str, scope: Scope) -> Value:
    code, amount = coded(given.code, f"{place}.code", scope), quantity(given.value, scope, numeric_only=False)

    def value(row: Row) -> Component | None:
        measured = amount(row)
        return Component(code=code(row), value=measured) if measured else None

    return value


def _system(given: str | rules.SystemOf | None, place: str, scope: Scope) -> Callable[[Row], str]:
    own = f"urn:mainstem:codes:{scope.source}"
    if not isinstance(given, rules.SystemOf):
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

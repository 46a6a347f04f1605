"""From the document of a mapping to its compiled form, gathering every mistake with its place."""

from __future__ import annotations

from string import Formatter
from typing import Any, cast

from mainstem import kinds
from mainstem.kinds.base import Content
from mainstem.kinds.patient import PatientContent
from producers.mapping import columns, concepts, document, fields, rules
from producers.mapping.claims import Said, readers
from producers.mapping.conditions import Row
from producers.mapping.errors import MappingError, nearest
from producers.mapping.fields import RULES
from producers.mapping.rows import Mapping, RecordRule, RefusedError, Table
from producers.mapping.scope import Scope, Value
from producers.mapping.values import text
from producers.reasons import Reason

_KINDS = {name: kind for name, kind in kinds.BY_NAME.items() if kind.heading}
"""The kinds a row can speak of: not the manifest, which has no heading."""


def mapping(given: document.Document, file: str) -> Mapping:
    """Raises MappingError with all mistakes found."""
    problems: list[tuple[str, str]] = []
    tables: dict[str, Table] = {}
    seen: dict[str, dict[str, str]] = {}
    for name, table in given.tables.items():
        scope = Scope(given.source, given.vocabularies, given.systems)
        place = f"tables.{name}"
        if name.count(".") != 1:
            scope.problem(place, f"expected a table with its schema, as in 'epr.allergy', not '{name}'")
        if table.ignore is None:
            tables[name] = _table(name, table, given.patient, place, scope, seen)
        problems += scope.problems
    if problems:
        raise MappingError(file, problems)
    ignored = {name: table.ignore for name, table in given.tables.items() if table.ignore is not None}
    return Mapping(given.source, given.incarnation, tables, ignored)


def _table(name: str, given: document.Table, patient: str, place: str, scope: Scope, seen: dict[str, dict[str, str]]) -> Table:
    column = scope.read(given.patient or patient)
    rules = [_record(each, f"{place}.records[{number}]", scope) for number, each in enumerate(given.records)]
    for number, each in enumerate(given.records):
        _unique(each, f"{place}.records[{number}]", scope, seen)
    patient_rule = next((rule for rule in rules if rule and rule.kind == "patient"), None)
    if given.claims.demographics and patient_rule is None:
        scope.problem(f"{place}.claims.demographics", "expected a record of kind 'patient' in this table: its fields are the demographics")
    claims = readers(given.claims, scope, _who(patient_rule) if patient_rule else None)
    ignore = scope.test(given.ignore_when.condition if given.ignore_when else None)
    both = scope.columns & set(given.not_taken)
    if both:
        scope.problem(f"{place}.not_taken", f"{', '.join(sorted(both))} is read by a rule; take it off this list")
    return Table(name, column, tuple(rule for rule in rules if rule), tuple(claims), ignore, frozenset(scope.columns),
                 frozenset(given.not_taken))


def _who(rule: RecordRule) -> Said:
    def said(row: Row) -> PatientContent | None:
        return None if rule.retracted is not None and rule.retracted(row) else cast(PatientContent, rule.said(row))

    return said


def _record(given: document.Record, place: str, scope: Scope) -> RecordRule | None:
    kind = _KINDS.get(given.kind)
    if kind is None:
        scope.problem(f"{place}.kind", f"no kind '{given.kind}'{nearest(given.kind, _KINDS)}")
        return None
    if given.kind == "patient" and given.record != "patient":
        scope.problem(f"{place}.record", f"expected 'patient', the one record of who the patient is, not '{given.record}'")
    said = _fields(given.fields, kind.Content, f"{place}.fields", scope)
    return RecordRule(
        given.kind, kind.Content, said, _template(given.record, f"{place}.record", scope),
        _template(given.part, f"{place}.part", scope), scope.test(given.only), scope.test(given.retracted), scope.test(given.removed),
        columns.column(given.recorded, f"{place}.recorded", scope) if given.recorded else None,
        tuple(sorted((label, test) for label, condition in given.labels.items() if (test := scope.test(condition)) is not None)))


def _fields(given: dict[str, rules.FieldRule], content: type[Content], place: str, scope: Scope) -> tuple[tuple[str, Value], ...]:
    shapes = fields.shapes(content)
    found: dict[str, Value] = {}
    for name, rule in given.items():
        inside = f"{place}.{name}"
        if name not in shapes:
            scope.problem(inside, f"{content.__name__} has no field '{name}'{nearest(name, shapes)}")
            continue
        compiled = fields.rule(rule, inside, scope)
        if compiled.shape != shapes[name]:
            scope.problem(inside, f"expected {RULES[shapes[name]]} for a field of shape {shapes[name]}; this rule gives {compiled.shape}")
        found[name] = compiled.value
        if isinstance(rule, rules.Quantity) and (other := rule.quantity.otherwise_text) is not None:
            if shapes.get(other) != "text" or other in given:
                texts = [each for each, shape in shapes.items() if shape == "text" and each not in given]
                scope.problem(f"{inside}.quantity.otherwise_text",
                              f"expected a text field with no rule of its own, not '{other}'{nearest(other, texts)}")
            found[other] = concepts.text_of(rule.quantity)
    return tuple(found.items())


def _template(given: str, place: str, scope: Scope) -> Any:
    """`allergy/{allergy_id}` as a function of a row."""
    try:
        pieces = list(Formatter().parse(given))
    except ValueError:
        scope.problem(place, f"expected text with columns in braces, as in 'allergy/{{allergy_id}}', not '{given}'")
        return lambda _row: given
    if not any(column is not None for _, column, _, _ in pieces):
        return lambda _row: given
    columns = [(literal, column) for literal, column, _, _ in pieces]
    for _, column in columns:
        if column is not None:
            scope.read(column)

    def filled(row: Row) -> str:
        made = ""
        for literal, column in columns:
            made += literal
            if column is not None:
                key = text(row[column])
                if key is None:
                    raise RefusedError(Reason.NO_KEY, f"column {column}")
                made += key
        return made

    return filled


def _unique(given: document.Record, place: str, scope: Scope, seen: dict[str, dict[str, str]]) -> None:
    """One part is spoken of by one rule, and the parts of a record are of one kind."""
    parts = seen.setdefault(given.record, {})
    if given.part in parts:
        scope.problem(f"{place}.part", f"another rule gives part '{given.part}' of record '{given.record}'; give one of them another part")
    if other := next((kind for kind in parts.values() if kind != given.kind), None):
        scope.problem(f"{place}.kind", f"record '{given.record}' is of kind '{other}' elsewhere; its parts are of one kind")
    parts[given.part] = given.kind

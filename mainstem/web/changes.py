"""What is different between two records of one person, as they are shown: entries new, gone and changed, field by field. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mainstem.web.record import Item, Record


class Field(NamedTuple):
    """Values as decoded JSON; None where the entry did not have the field, which a content never says itself."""

    name: str
    before: Any
    after: Any


class Changed(NamedTuple):
    """One entry at both moments. `fields` is empty where only who says it, its labels or its conflict changed."""

    before: Item
    after: Item
    fields: tuple[Field, ...]


class Changes(NamedTuple):
    """Entries sorted by kind and fact. A fact keeps its id when its person changes, so that a merge shows as what it brought."""

    new: tuple[Item, ...]
    gone: tuple[Item, ...]
    changed: tuple[Changed, ...]
    joined: tuple[str, ...]
    """Source patients that the later record has and the earlier had not."""
    left: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        return not any(self)


def changes(before: Record, after: Record) -> Changes:
    ours, theirs = _by_fact(before), _by_fact(after)
    said, now = _subjects(before), _subjects(after)
    both = [(ours[fact], theirs[fact]) for fact in ours if fact in theirs]
    return Changes(
        tuple(item for fact, item in theirs.items() if fact not in ours),
        tuple(item for fact, item in ours.items() if fact not in theirs),
        tuple(Changed(one, other, _fields(one, other)) for one, other in both if _shown(one) != _shown(other)),
        tuple(sorted(now - said)),
        tuple(sorted(said - now)),
    )


def _by_fact(record: Record) -> Mapping[str, Item]:
    return {item.fact: item for item in sorted(record.current, key=lambda item: (item.kind, item.fact))}


def _subjects(record: Record) -> set[str]:
    return {f"{state.source}|{state.patient}" for state in record.sources}


def _shown(item: Item) -> tuple[Any, ...]:
    return item.content, item.sources, item.labels, item.conflict


def _fields(before: Item, after: Item) -> tuple[Field, ...]:
    one, other = before.content, after.content
    return tuple(Field(name, one.get(name), other.get(name)) for name in sorted({*one, *other}) if one.get(name) != other.get(name))

"""What is different between two records of one person: entries new, gone and changed, field by field. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mainstem import canonical
from mainstem.model import Entry
from processors.reconcile.fold import Record


class Field(NamedTuple):
    """Values as decoded JSON; `None` where the entry did not have the field, which a content never says itself."""

    name: str
    before: Any
    after: Any


class Changed(NamedTuple):
    """One entry at both moments. `fields` is empty where only who says it, its labels or its conflict changed."""

    before: Entry
    after: Entry
    fields: tuple[Field, ...]


class Changes(NamedTuple):
    """Entries sorted by kind and fact. A fact keeps its id when its person changes, so that a merge shows as what it brought."""

    new: tuple[Entry, ...]
    gone: tuple[Entry, ...]
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
    changed = [Changed(one, other, _fields(one, other)) for one, other in both if _shown(one) != _shown(other)]
    return Changes(
        tuple(entry for fact, entry in theirs.items() if fact not in ours),
        tuple(entry for fact, entry in ours.items() if fact not in theirs),
        tuple(changed), tuple(sorted(now - said)), tuple(sorted(said - now)))


def _by_fact(record: Record) -> Mapping[str, Entry]:
    return {entry.fact: entry for entry in sorted(record.entries, key=lambda entry: (entry.kind, entry.fact))}


def _subjects(record: Record) -> set[str]:
    return {f"{source.source}|{source.patient}" for source in record.sources}


def _shown(entry: Entry) -> tuple[Any, ...]:
    return entry.content, entry.sources, entry.labels, entry.conflict


def _fields(before: Entry, after: Entry) -> tuple[Field, ...]:
    one, other = canonical.decode(before.content), canonical.decode(after.content)
    return tuple(Field(name, one.get(name), other.get(name)) for name in sorted({*one, *other}) if one.get(name) != other.get(name))

"""What a batch changes, slot by slot: the keys of each, and the arguments of the script that writes to them (`scripts`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from mainstem.model import Entry, Summary
from sinks.cache import layout, record, slots


@dataclass(frozen=True, slots=True)
class Change:
    """Of one slot."""

    keys: tuple[str, ...]
    arguments: tuple[str | bytes, ...]


Changes = Mapping[int, Change]
"""Slot -> what changes there."""


@dataclass(slots=True)
class _Slot:
    places: dict[str, int] = field(default_factory=dict)
    """Key -> its place in the script's KEYS, the first of which is the mark."""
    items: list[tuple[int, Any]] = field(default_factory=list)
    """What is said of the key at each place."""


def records(entries: Sequence[Entry], summaries: Sequence[Summary]) -> Changes:
    """For `scripts.RECORDS`. Of both the latest of each."""
    found: dict[int, Change] = {}
    said: list[tuple[str, Any]] = [(layout.record(each.person), each) for each in entries]
    said += [(layout.record(each.person), each) for each in summaries]
    for slot, touched in _by_slot(said).items():
        facts = [(at, *record.versioned(each)) for at, each in touched.items if isinstance(each, Entry)]
        heads = [(at, str(each.revision), record.of_summary(each).decode()) for at, each in touched.items if isinstance(each, Summary)]
        found[slot] = Change(tuple(touched.places), (_pack(facts), _pack(heads)))
    return found


def members(verb: str, pairs: Iterable[tuple[str, str]]) -> Changes:
    """For `scripts.MEMBERS`: (number, person) to add (`SADD`) or take out (`SREM`)."""
    touched = _by_slot((layout.number(number), person) for number, person in pairs)
    return {slot: Change(tuple(each.places), (verb, _pack(each.items))) for slot, each in touched.items()}


def mended(left: Mapping[str, bytes]) -> Changes:
    """For `scripts.MENDED`: person -> what their field `left` held."""
    touched = _by_slot((layout.record(person), numbers) for person, numbers in left.items())
    return {slot: Change(tuple(each.places), tuple(numbers for _, numbers in each.items)) for slot, each in touched.items()}


def _by_slot(said: Iterable[tuple[str, Any]]) -> dict[int, _Slot]:
    found: dict[int, _Slot] = {}
    where: dict[str, int] = {}
    for key, what in said:
        slot = where.get(key)
        if slot is None:
            slot = where[key] = slots.of(key)
        touched = found.get(slot)
        if touched is None:
            touched = found[slot] = _Slot()
        touched.items.append((touched.places.setdefault(key, len(touched.places) + 2), what))
    return found


_pack = msgspec.msgpack.Encoder().encode

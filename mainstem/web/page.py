"""A whole record as it is shown: banner, sources and what is missing from each, headings with their entries. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from mainstem.kinds.facts import Terms
from mainstem.relations import KINDS, Relation, relations
from mainstem.web import cautions, lists, words
from mainstem.web.cautions import Caution
from mainstem.web.gaps import Gaps, gaps
from mainstem.web.headings import Heading, headings
from mainstem.web.numbers import spaced
from mainstem.web.record import Item, Record
from mainstem.web.related import Related, at_entries
from mainstem.web.shown import Shown, order, show
from mainstem.web.sources import Sources

PER_HEADING = 50
"""Entries shown under a heading of the whole record; the heading's own page shows the rest."""
PER_PAGE = 200


@dataclass(frozen=True, slots=True)
class Banner:
    """Who this is. Every list holds one value where the sources agree."""

    name: str
    other_names: tuple[str, ...]
    births: tuple[str, ...]
    numbers: tuple[str, ...]
    genders: tuple[str, ...]
    died: tuple[str, ...]

    @property
    def differ(self) -> tuple[str, ...]:
        said = (("dates of birth", self.births), ("NHS numbers", self.numbers), ("genders", self.genders), ("dates of death", self.died))
        return tuple(what for what, values in said if len(values) > 1)


@dataclass(frozen=True, slots=True)
class Section:
    heading: Heading
    entries: tuple[Shown, ...]
    total: int
    cautions: tuple[Caution, ...]
    unspoken: tuple[str, ...]
    """Sources that have said nothing under this heading: absent is not "none known"."""
    empty: tuple[str, ...]
    """Sources that have spoken under this heading and hold nothing current."""
    lists: tuple[str, ...] = ()
    """In words: which sources' lists under this heading were empty, or lack items."""
    related: Mapping[str, tuple[Related, ...]] = field(default_factory=dict)
    """Fact -> how it relates to other entries of the record."""
    relations: tuple[Relation, ...] = ()
    """The same, of the whole record, where this heading has entries that can have any."""


@dataclass(frozen=True, slots=True)
class Page:
    record: Record
    banner: Banner
    known: str
    gaps: Gaps
    sections: tuple[Section, ...]
    unfilled: tuple[str, ...]
    """Headings of the standard that no kind fills."""


def page(record: Record, sources: Sources, now: int) -> Page:
    return Page(
        record,
        banner(record),
        words.moment(record.known),
        gaps(record, sources, now),
        sections(record, sources.terms(), words.day(now)),
        tuple(heading.title for heading in headings() if not heading.kinds),
    )


def as_json(page: Page) -> bytes:
    """The record as the cache holds it, `gaps` (in words, why it may be incomplete), `cautions`, and `relations` between entries."""
    return msgspec.json.encode(msgspec.to_builtins(page.record) | {
        "gaps": page.gaps.reasons, "cautions": cautions_data(page.sections), "relations": relations_data(page.sections)})


def cautions_data(sections: Sequence[Section]) -> list[dict[str, Any]]:
    """For programs: what is said above the entries of a heading, with the entries it names."""
    return [{"heading": section.heading.title, "rule": one.rule._asdict(), "text": one.text,
             "entries": [each._asdict() for each in one.about]}
            for section in sections for one in section.cautions]


def relations_data(sections: Sequence[Section]) -> list[dict[str, Any]]:
    """For programs: `entry` is one of what `other` is of, by `code`, as the terminology `release` tells. `by_name`: which of the two it
    found by name, none of its codes being known; `code` is no source's word on that side."""
    found = sorted({one for section in sections for one in section.relations})
    return [{"rule": one.rule.id, "entry": one.fact, "other": one.other, "code": one.code, "release": one.release,
             "by_name": [side for side, named in (("entry", one.fact_by_name), ("other", one.other_by_name)) if named]} for one in found]


def sections(record: Record, terms: Terms, on: str, limit: int = PER_HEADING) -> tuple[Section, ...]:
    """Every heading that a kind fills, with its first entries. `terms`: the terminology in force when the record was so; `on`: the day;
    `limit`: so many entries of each."""
    found = relations(record.current, terms, on)
    return tuple(section(record, heading, 0, limit, terms, on, found) for heading in headings() if heading.kinds)


def section(record: Record, heading: Heading, start: int, limit: int, terms: Terms, on: str,
            found: tuple[Relation, ...] | None = None) -> Section:
    """`terms`: the terminology in force when the record was so; `on`: the day; `found`: the relations of its entries, if at hand."""
    items = [item for item in record.current if item.kind in heading.kinds]
    chosen = sorted(items, key=order, reverse=True)[start : start + limit]
    spoken = _kinds_of_sources(record)
    here = {source for item in items for source in item.sources}
    without = sorted(spoken.keys() - here - lists.empty(record.sources, heading.kinds))
    silent = tuple(source for source in without if not spoken[source] & set(heading.kinds))
    empty = tuple(source for source in without if spoken[source] & set(heading.kinds))
    if not KINDS & set(heading.kinds):
        found = ()
    elif found is None:
        found = relations(record.current, terms, on)
    cautioned = tuple(cautions.of(heading.kinds, record.current, terms, found, on))
    told, related = lists.told(record.sources, heading.kinds), at_entries(found, record.current)
    return Section(heading, tuple(map(show, chosen)), len(items), cautioned, silent, empty, told, related, found)


def banner(record: Record) -> Banner:
    """The name is the one most sources give; the others are shown as other names."""
    patients = [item for item in record.current if item.kind == "patient"]
    names = [words.person_name(name) for item in patients for name in item.content.get("names") or () if name.get("family")]
    ranked = [name for name, _ in Counter(names).most_common()]
    numbers = record.nhs_numbers or _stated(patients, "nhs_number")
    return Banner(
        ranked[0] if ranked else "Name not stated",
        tuple(ranked[1:]),
        tuple(map(words.date, _stated(patients, "birth_date"))),
        tuple(map(spaced, numbers)),
        _stated(patients, "gender"),
        tuple(map(words.date, _stated(patients, "deceased"))),
    )


def organisations(record: Record) -> tuple[str, ...]:
    return tuple(sorted({state.source for state in record.sources}))


def _stated(patients: Sequence[Item], field: str) -> tuple[str, ...]:
    found = [item.content.get(field) for item in patients]
    return tuple(value for value, _ in Counter(value for value in found if value).most_common())


def _kinds_of_sources(record: Record) -> Mapping[str, set[str]]:
    spoken: dict[str, set[str]] = {}
    for state in record.sources:
        spoken.setdefault(state.source, set()).update(state.kinds)
    return spoken

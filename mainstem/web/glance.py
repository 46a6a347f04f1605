"""What must be seen first of a record: cautions, alerts, allergies that stand, and where sources disagree. Pure, from its headings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mainstem.web.page import Section
from mainstem.web.shown import Shown

_FIRST = ("allergy", "flag")
"""Kinds of which all that stands is named."""
_MOST = 12
"""Entries named of a row; its heading has the others."""


class Row(NamedTuple):
    """A line of what is seen first. Never empty: where nothing stands, that is said, and who said nothing."""

    title: str
    slug: str
    """Of its heading; empty where the row is of several."""
    entries: tuple[Shown, ...]
    more: int
    """Further ones, not named here."""
    unspoken: tuple[str, ...] = ()
    """Sources that have said nothing of it."""


class Glance(NamedTuple):
    cautions: tuple[tuple[str, str], ...]
    """What is said above the entries of a heading, and the heading's slug."""
    rows: tuple[Row, ...]
    disagree: Row
    """About what is not named before; that it is so of those is told beside each."""


def glance(sections: Sequence[Section]) -> Glance:
    """Of each heading what it shows: conflicts are first there, then what stands."""
    rows = tuple(_row(section) for kind in _FIRST for section in sections if kind in section.heading.kinds)
    named = {shown.anchor for row in rows for shown in row.entries}
    cautions = {one.text: section.heading.slug for section in reversed(sections) for one in section.cautions if not one.quiet}
    apart = [shown for section in sections for shown in section.entries
             if (shown.item.conflict or shown.discrepancies) and shown.anchor not in named]
    return Glance(tuple(cautions.items()), rows, Row("Sources disagree about", "", tuple(apart[:_MOST]), len(apart[_MOST:])))


def _row(section: Section) -> Row:
    stand = [shown for shown in section.entries if not shown.past]
    unseen = section.total - len(section.entries)
    return Row(section.heading.title, section.heading.slug, tuple(stand[:_MOST]), len(stand[_MOST:]) + unseen, section.unspoken)

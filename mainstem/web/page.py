"""A whole record as it is shown: banner, sources and what is missing from each, headings with their entries. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from mainstem.model import SourceState
from mainstem.web import cautions, words
from mainstem.web.cautions import Caution
from mainstem.web.headings import Heading, headings
from mainstem.web.numbers import spaced
from mainstem.web.record import Item, Record
from mainstem.web.shown import Shown, order, show
from mainstem.web.sources import Quarantine, Sources, Stream
from schemas import topics

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
class SourceLine:
    """What is known of one source patient that feeds the record, and what may be missing."""

    source: str
    patient: str
    heard: str
    ago: str
    waiting: int | None
    quarantined: int
    unattributed: int
    handover: bool

    @property
    def complete(self) -> bool:
        return self.waiting == 0 and not (self.quarantined or self.unattributed or self.handover)


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


@dataclass(frozen=True, slots=True)
class Page:
    record: Record
    banner: Banner
    known: str
    sources: tuple[SourceLine, ...]
    silent_feeds: tuple[str, ...]
    """Feeds that are taken in and know nothing of this person."""
    counted: bool
    others: int
    """Other records that carry one of its NHS numbers."""
    sections: tuple[Section, ...]
    unnamed: int
    """Items in quarantine that name neither source nor patient."""
    unfilled: tuple[str, ...]
    """Headings of the standard that no kind fills."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the record may be incomplete; empty only where nothing points to it."""
        return tuple(_reasons(self))


def page(record: Record, sources: Sources, now: int) -> Page:
    stream, quarantine = sources.stream, sources.quarantine
    known = {topics.raw(state.source).name for state in record.sources}
    return Page(
        record,
        banner(record),
        words.moment(record.known),
        tuple(_source(state, stream, quarantine, now) for state in record.sources),
        tuple(feed for feed in stream.feeds() if feed not in known),
        quarantine.counted,
        sources.records.others(record),
        tuple(section(record, heading, 0, PER_HEADING) for heading in headings() if heading.kinds),
        quarantine.unattributed(""),
        tuple(heading.title for heading in headings() if not heading.kinds),
    )


def as_json(page: Page) -> bytes:
    """The record as the cache holds it, and `gaps`: in words, why it may be incomplete."""
    return msgspec.json.encode(msgspec.to_builtins(page.record) | {"gaps": page.reasons})


def section(record: Record, heading: Heading, start: int, limit: int) -> Section:
    items = [item for item in record.current if item.kind in heading.kinds]
    chosen = sorted(items, key=order, reverse=True)[start : start + limit]
    spoken = _kinds_of_sources(record)
    here = {source for item in items for source in item.sources}
    silent = sorted(source for source, names in spoken.items() if not names & set(heading.kinds) and source not in here)
    empty = sorted(source for source, names in spoken.items() if names & set(heading.kinds) and source not in here)
    return Section(heading, tuple(map(show, chosen)), len(items), tuple(cautions.of(items)), tuple(silent), tuple(empty))


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


def _source(state: SourceState, stream: Stream, quarantine: Quarantine, now: int) -> SourceLine:
    return SourceLine(
        state.source,
        state.patient,
        words.moment(state.last_heard),
        words.ago(state.last_heard, now),
        stream.waiting(state.source),
        quarantine.about(state.source, state.patient),
        quarantine.unattributed(state.source),
        state.handover,
    )


def _reasons(page: Page) -> list[str]:
    found: list[str] = []
    if not page.record.sources:
        found.append("No source says what it has sent about this person.")
    for line in page.sources:
        who = f"{line.source} (patient {line.patient})"
        if line.handover:
            found.append(f"{who} is being handed over from another record: entries may be missing here or be shown twice.")
        if line.quarantined:
            found.append(f"{_items(line.quarantined)} from {who} could not be taken in and {_is(line.quarantined)} not shown.")
        if line.waiting is None:
            found.append(f"It is not known how far behind {line.source} is.")
        elif line.waiting:
            found.append(f"{_messages(line.waiting)} from {line.source} wait to be taken in; some may be about this person.")
    for source, count in sorted({(line.source, line.unattributed) for line in page.sources if line.unattributed}):
        found.append(f"{_items(count)} from {source} could not be taken in and {_name(count)} no patient; some may be about this person.")
    if page.unnamed:
        found.append(f"{_items(page.unnamed)} from no source that could be told could not be taken in; some may be about this person.")
    for feed in page.silent_feeds:
        found.append(f"No information about this person from feed {feed}.")
    if page.others:
        found.append(f"{_others(page.others)} this NHS number: it may hold more about this person, or be about somebody else.")
    if not page.record.settled:
        found.append("Entries are arriving at this moment. Load the record again.")
    if not page.counted:
        found.append("Items in quarantine are still being counted, so that what is missing may be more than is said here.")
    return found


def _others(count: int) -> str:
    return "Another record carries" if count == 1 else f"{count} other records carry"


def _messages(count: int) -> str:
    return f"{count} message{'' if count == 1 else 's'}"


def _items(count: int) -> str:
    return f"{count} item{'' if count == 1 else 's'}"


def _name(count: int) -> str:
    return "names" if count == 1 else "name"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"

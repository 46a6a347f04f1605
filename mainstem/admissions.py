"""Medicines reconciliation on admission: what a list or a home holds active and the chart of an open inpatient stay does not have.

No single fact can tell this: it is read off the current entries of one record. Pure; nothing of it is stored, and it is never news.
It names what is missing and settles nothing: stopping a medicine on admission may be right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from mainstem.kinds import BY_NAME, courses
from mainstem.kinds.dates import days, moments
from mainstem.kinds.facts import Rule, Terms
from mainstem.kinds.statuses import word

OMITTED = Rule(
    "medicine.omitted-on-admission", "a medicine that a GP list or a home held active on admission, and that the chart of the stay, once "
    "begun, does not have", "NICE QS120, statement 4")
NOT_RECONCILED = Rule(
    "medicine.not-reconciled", "during an open inpatient stay nothing has been charted there that has reached this record; a chart that "
    "has not been begun omits nothing", "NICE QS120, statement 4: within 24 hours of admission")
RULES: tuple[Rule, ...] = (OMITTED, NOT_RECONCILED)
WITHIN = timedelta(hours=24)

_OPEN = {"in-progress", "arrived", "triaged", "onleave", "on-leave", None}
_ISSUED = timedelta(days=84)
"""How long before admission an acute issue may lie to be still taken: the longest usual supply."""


class Speaker(Protocol):
    """One assertion behind an entry."""

    @property
    def source(self) -> str: ...
    @property
    def recorded(self) -> str | None: ...


class Stated(Protocol):
    """A current entry, its content decoded."""

    @property
    def fact(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def content(self) -> dict[str, Any]: ...
    @property
    def sources(self) -> Sequence[str]: ...
    @property
    def provenance(self) -> Sequence[Speaker]: ...


@dataclass(frozen=True, slots=True)
class Omission:
    """A medicine that a chart does not have."""

    fact: str
    held: tuple[tuple[str, str], ...]
    """Who holds it active: source and view (`list`, `home`)."""
    told: bool
    """False: its product cannot be told by code or name, so that it may stand on the chart under another."""
    otherwise: tuple[str, ...]
    """Facts on the chart of the same moiety by another route, or by one that is not told; or the medicine itself, where another system of
    the organisation charts it."""

    @property
    def certain(self) -> bool:
        return self.told and not self.otherwise


@dataclass(frozen=True, slots=True)
class Admission:
    """An open inpatient stay, and its chart beside the lists. `omitted` is empty where the chart has not been begun."""

    stay: str
    source: str
    """Which tells of the stay and charts; several, with commas, where more do, or where none of those that tell of it charts."""
    since: str
    """As the source gave it."""
    charted: bool
    omitted: tuple[Omission, ...]
    unmatched: int
    """Medicines on the chart that cannot be told by code or name: any of them may be one that seems omitted."""

    @property
    def rule(self) -> Rule:
        return OMITTED if self.charted else NOT_RECONCILED

    def lasted(self, now: int) -> timedelta:
        """Since admission. `now`: milliseconds since the epoch."""
        return datetime.fromtimestamp(now / 1000, UTC) - _moment(self.since)


class _View(NamedTuple):
    view: str
    source: str
    status: str | None
    course: str | None
    start: tuple[str, str] | None
    end: tuple[str, str] | None


def admissions(entries: Sequence[Stated], terms: Terms) -> list[Admission]:
    """By source; of several open stays at one source the latest: the others were never closed. A stay that several sources tell of is one:
    its chart is what any of them charts or, where none does, another system of their organisations."""
    latest: dict[str, Stated] = {}
    for stay in sorted((entry for entry in entries if _is_open(entry)), key=lambda entry: (_moment(entry.content["start"]), entry.fact)):
        latest.update(dict.fromkeys(stay.sources, stay))
    medicines = sorted((entry for entry in entries if entry.kind == "medicine"), key=lambda entry: entry.fact)
    return [_admission(stay, sorted(source for source in latest if latest[source] is stay), medicines, terms)
            for stay in sorted({stay.fact: stay for stay in latest.values()}.values(), key=lambda stay: (sorted(stay.sources), stay.fact))]


def _admission(stay: Stated, told: Sequence[str], medicines: Sequence[Stated], terms: Terms) -> Admission:
    """`told`: the sources that tell of the stay."""
    since = stay.content["start"]
    day = _moment(since).date().isoformat()
    nearby = _of_organisations(told, medicines)
    sources = _charting(told, medicines, day) or _charting(nearby, medicines, day)
    at = [source for source in told if source in sources] or told
    there = {medicine.fact for medicine in medicines if any(_on_chart(medicine, source, day) for source in sources)}
    near = {medicine.fact for medicine in medicines if any(_on_chart(medicine, source, day) for source in nearby)} - there
    keys = {medicine.fact: _key(medicine, terms) for medicine in medicines}
    omitted = [Omission(medicine.fact, held, keys[medicine.fact] is not None,
                        tuple(fact for fact in sorted(there) if _moiety(keys[fact]) == _moiety(keys[medicine.fact]) is not None)
                        + ((medicine.fact,) if medicine.fact in near else ()))
               for medicine in medicines if medicine.fact not in there and (held := tuple(_held(medicine, day)))]
    return Admission(stay.fact, ", ".join(at), since, bool(sources), tuple(omitted) if sources else (),
                     sum(keys[fact] is None for fact in there))


def _of_organisations(told: Sequence[str], medicines: Sequence[Stated]) -> list[str]:
    """All sources of the organisations of those that tell of a stay: encounters and charts may be in two systems."""
    organisations = {source.partition("/")[0] for source in told}
    return sorted({view.source for medicine in medicines for view in _views(medicine) if view.source.partition("/")[0] in organisations})


def _charting(sources: Sequence[str], medicines: Sequence[Stated], day: str) -> list[str]:
    """Those whose chart of the stay has been begun."""
    return [source for source in sources
            if any(_on_chart(medicine, source, day) and _charted_since(medicine, source, day) for medicine in medicines)]


def _is_open(entry: Stated) -> bool:
    content = entry.content
    return (entry.kind == "encounter" and content.get("encounter_class") == "inpatient" and word(content, "status") in _OPEN
            and not content.get("end") and moments(content.get("start")) is not None)


def _held(medicine: Stated, day: str) -> Iterator[tuple[str, str]]:
    """Who held it active on the day of admission."""
    for view in _views(medicine):
        if view.course == "acute":
            issued = [last[1] for last in (days(medicine.content.get("last_issued")), view.start) if last]
            if issued and max(issued) < (date.fromisoformat(day) - _ISSUED).isoformat():
                continue
        began = view.start is None or view.start[0] <= day
        if view.view in ("list", "home") and courses.is_taken(view.status) and began and (view.end is None or view.end[1] >= day):
            yield view.source, view.view


def _on_chart(medicine: Stated, source: str, day: str) -> bool:
    """Charted at the source and not ended before the day of admission: what was stopped during the stay was seen."""
    charted = _charts(medicine, source)
    if any(view.view == "order" and not courses.is_over(view.status) and (view.end is None or view.end[1] >= day) for view in charted):
        return True
    dates = [at[1] for view in charted for at in (view.start, view.end) if at]
    return bool(charted) and (_recorded(medicine, source, day) or max(dates, default="") >= day)


def _charted_since(medicine: Stated, source: str, day: str) -> bool:
    """Of what is on the chart: begun or recorded since admission. What merely still stands from before says nothing of this stay."""
    return _recorded(medicine, source, day) or any(view.start[0] >= day for view in _charts(medicine, source) if view.start)


def _charts(medicine: Stated, source: str) -> list[_View]:
    return [view for view in _views(medicine) if view.source == source and view.view in ("order", "administration")]


def _recorded(medicine: Stated, source: str, day: str) -> bool:
    return any(said.source == source and (at := days(said.recorded)) is not None and at[0] >= day for said in medicine.provenance)


def _views(medicine: Stated) -> Iterator[_View]:
    """Those of a course told by several records stand in its content; a sole record is its own."""
    told = medicine.content.get("views") or [medicine.content | {"source": source} for source in medicine.sources]
    for each in told:
        yield _View(each.get("view") or "", each.get("source") or "", each.get("status"), each.get("course"), days(each.get("start")),
                    days(each.get("end")))


def _key(medicine: Stated, terms: Terms) -> str | None:
    return BY_NAME["medicine"].key(medicine.content, terms)


def _moiety(key: str | None) -> str | None:
    return None if key is None else key.partition("/")[0]


def _moment(since: str) -> datetime:
    """The first moment that it may be."""
    found = moments(since)
    if found is None:
        raise ValueError("no date or time")
    return found[0]

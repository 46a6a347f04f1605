"""What may be missing from a record, and why: per source, and on the way through Mainstem. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mainstem.kinds.facts import Terms
from mainstem.model import SourceState
from mainstem.observe.connect import Connector
from mainstem.web import lists, words
from mainstem.web.figures import Figures
from mainstem.web.headings import headings
from mainstem.web.health import standing
from mainstem.web.record import Record
from mainstem.web.sources import Sources
from schemas import topics

_WAY = ("capture", "linker", "identity", "reconcile", "sink-cache")
"""Stages between a trust's database and what is shown."""
_FEW, _SECONDS = 100, 5.0
"""So many messages on their way, or what is taken in within so many seconds, is the stream flowing; more is a stage behind."""


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
    lacking: tuple[str, ...] = ()
    """Headings under which its own lists are not complete."""
    flowing: bool = False
    """Its database is captured, and every stage on the way from there is heard, makes progress and is not behind."""

    @property
    def complete(self) -> bool:
        return self.flowing and self.waiting == 0 and not (self.quarantined or self.unattributed or self.handover or self.lacking)


@dataclass(frozen=True, slots=True)
class Gaps:
    lines: tuple[SourceLine, ...]
    reasons: tuple[str, ...]
    """Why the record may be incomplete; empty only where nothing points to it."""
    moving: str
    """What is on its way in the ordinary run of things; no warning, since it is so at most moments. Empty where nothing is."""
    counted: bool


def gaps(record: Record, sources: Sources, now: int) -> Gaps:
    lines = tuple(_line(state, sources, now) for state in record.sources)
    figures = sources.stream.figures()
    connectors = None if sources.connectors is None else sources.connectors()
    late, moving = _on_the_way(lines, figures)
    stages, captured = tuple(_of_stages(figures, sources)), tuple(_of_connectors(connectors, lines))
    found = (*_of_sources(lines, record), *captured, *stages, *late, *_of_others(record, sources), *untold(sources.terms()))
    counted, dead = sources.quarantine.counted, _dead(connectors)
    flows = counted and connectors != [] and not (stages or late)
    lines = tuple(replace(line, flowing=flows and topics.raw(line.source).name not in dead) for line in lines)
    return Gaps(lines, found, moving, counted)


def untold(terms: Terms) -> Iterator[str]:
    """What the terminology cannot tell, and cautions therefore lack."""
    if not terms.tells_held:
        yield (f"Terminology {terms.release} was loaded by an earlier version of Mainstem and does not tell what a medicine of several "
               "ingredients holds where it is recorded by its name alone, without strength and form: such a medicine is not held against "
               "allergies to one of them. Loading it again mends that.")


def _line(state: SourceState, sources: Sources, now: int) -> SourceLine:
    return SourceLine(
        state.source,
        state.patient,
        words.moment(state.last_heard),
        words.ago(state.last_heard, now),
        sources.stream.waiting(state.source),
        sources.quarantine.about(state.source, state.patient),
        sources.quarantine.unattributed(state.source),
        state.handover,
        tuple(heading.title for heading in headings() if lists.lacking(state, heading.kinds)),
    )


def _of_sources(lines: tuple[SourceLine, ...], record: Record) -> Iterator[str]:
    if not record.sources:
        yield "No source says what it has sent about this person."
    for line in lines:
        who = f"{line.source} (patient {line.patient})"
        if line.handover:
            yield f"{who} is being handed over from another record: entries may be missing here or be shown twice."
        if line.quarantined:
            is_ = "is" if line.quarantined == 1 else "are"
            yield f"{_count(line.quarantined, 'item')} from {who} could not be taken in and {is_} not shown."
        if line.lacking:
            yield f"{who} sent lists that are not complete: {', '.join(line.lacking)}. Each heading says why."
        if line.waiting is None:
            yield f"It is not known how far behind {line.source} is."
    for source, count in sorted({(line.source, line.unattributed) for line in lines if line.unattributed}):
        names = "names" if count == 1 else "name"
        yield f"{_count(count, 'item')} from {source} could not be taken in and {names} no patient; some may be about this person."


def _dead(connectors: Sequence[Connector] | None) -> list[str]:
    """Raw topics, or where one does not say its topic the connector, that nothing new comes to."""
    return [one.topic or one.name for one in connectors or () if not one.well]


def _of_connectors(connectors: Sequence[Connector] | None, lines: tuple[SourceLine, ...]) -> Iterator[str]:
    """Stages are up to date with what was captured: they do not tell that nothing is (docs/operations.md, MainstemCaptureDown)."""
    if connectors is not None and not connectors:
        yield "It is not known whether what organisations write in their databases reaches Mainstem."
    sources = {topics.raw(line.source).name: line.source for line in lines}
    if dead := _dead(connectors):
        yield (f"Not captured at this moment: {', '.join(sources.get(one, one) for one in dead)}. What was written there since may not be "
               "shown.")


def _of_stages(figures: Figures, sources: Sources) -> Iterator[str]:
    held = [one.stage for one in figures.stages if one.stage in _WAY and not (one.silent or one.idle or standing(one)[0])]
    silent, idle = ([stage for stage in stages if stage in _WAY] for stages in (figures.silent, figures.idle))
    if not sources.stream.heard:
        yield "It is not known yet whether Mainstem's own processes are running."
    elif silent:
        yield f"Not heard for 5 seconds or more: {', '.join(silent)}. What organisations have sent since may not be shown."
    if idle:
        yield f"Standing idle until an operator helps: {', '.join(idle)}. What organisations have sent since may not be shown."
    if held:
        yield f"Making no progress at this moment: {', '.join(held)}. What organisations have sent since may not be shown."


def _on_the_way(lines: tuple[SourceLine, ...], figures: Figures) -> tuple[list[str], str]:
    """What is late, and what is merely moving."""
    places = {f"from {line.source}": line.waiting for line in lines if line.waiting}
    places |= {f"before {one.stage}": one.lag for one in figures.stages if one.stage in _WAY and one.stage != "capture" and one.lag}
    much = max(_FEW, figures.rate * _SECONDS)
    late = [
        f"{_count(count, 'message')} {place} wait to be taken in; some may be about this person."
        for place, count in places.items()
        if count > much
    ]
    few = {place: count for place, count in places.items() if count <= much}
    return late, ", ".join(f"{_count(count, 'message')} {place}" for place, count in few.items())


def _of_others(record: Record, sources: Sources) -> Iterator[str]:
    if unnamed := sources.quarantine.unattributed(""):
        yield f"{_count(unnamed, 'item')} from no source that could be told could not be taken in; some may be about this person."
    known = {topics.raw(state.source).name for state in record.sources}
    for feed in sources.stream.feeds():
        if feed not in known:
            yield f"No information about this person from {topics.source_of(feed)}."
    if others := sources.records.others(record):
        who = "Another record carries" if others == 1 else f"{others} other records carry"
        yield f"{who} this NHS number: it may hold more about this person, or be about somebody else."
    if not record.settled:
        yield "Entries are arriving at this moment. Load the record again."
    if not sources.quarantine.counted:
        yield "Items in quarantine are still being counted, so that what is missing may be more than is said here."


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"

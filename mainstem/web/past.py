"""The record as it was known at a moment, as it is shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from mainstem import canonical
from mainstem.history import Past, iso
from mainstem.web import words
from mainstem.web.gaps import untold
from mainstem.web.page import Banner, Section, banner, cautions_data, relations_data, sections
from mainstem.web.record import Record
from mainstem.web.withheld import withhold
from schemas.topics import Purpose
from sinks import policy
from sinks.cache import RecordView
from sinks.cache.record import decode_entry, of_entry

PER_HEADING = 1000
"""Entries shown under a heading; the JSON has them all."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A source patient that the record rested on, and when it had last been heard."""

    source: str
    patient: str
    when: str


@dataclass(frozen=True, slots=True)
class PastPage:
    record: Record
    banner: Banner
    at: str
    """ISO 8601."""
    moment: str
    known: str
    """When the last was heard of what is shown; empty where nothing had been."""
    release: str
    """The terminology in force then."""
    used: str
    """The one by which this is worked out."""
    inexact: str
    """In words, where these are two: that it is so, and what to do about it."""
    heard: tuple[Heard, ...]
    sections: tuple[Section, ...]
    reasons: tuple[str, ...]
    """What has to be borne in mind."""
    elsewhere: tuple[tuple[str, str], ...]
    """Source patients of today's record that were another person's, and that person."""
    doubts: tuple[str, ...] = ()
    """Of the reasons those that are of this moment."""
    stops: tuple[int, ...] = ()

    @property
    def nothing(self) -> bool:
        return not (self.record.entries or self.record.sources)


def as_record(past: Past, label: str = "") -> Record:
    """What the live cache would have held. `label`: why today's policy, which counts for what is shown today, withholds whereabouts.

    Version and sequence are 0: how often something had been published by then is not kept.
    """
    found = past.record
    entries = [msgspec.structs.replace(decode_entry(of_entry(entry)), version=0) for entry in found.entries
               if policy.enters(Purpose.DIRECT_CARE, entry.kind, entry.labels)]
    seen = canonical.record_digest(sum(canonical.entry_digest(entry.fact, bytes(entry.content)) for entry in entries))
    view = RecordView(person=found.person, nhs_numbers=found.nhs_numbers, labels=found.labels, digest=seen, sequence=0,
                      known=past.known, sources=found.sources, entries=tuple(entries))
    return withhold(msgspec.json.decode(view.json(), type=Record), label=label)


def past_page(past: Past, record: Record) -> PastPage:
    """`record`: what `as_record` gives."""
    return PastPage(
        record,
        banner(record),
        iso(past.at),
        words.moment(past.at),
        words.moment(past.known) if past.known else "",
        past.release,
        past.terms.release,
        inexact(past),
        tuple(Heard(state.source, state.patient, words.moment(state.last_heard)) for state in record.sources),
        sections(record, past.terms, words.day(past.at), PER_HEADING),
        tuple(_reasons(past)),
        past.elsewhere,
        tuple(doubts(past)),
        past.stops,
    )


def as_data(page: PastPage) -> dict[str, Any]:
    """For programs: the record as `record.json` has it, without what a past record does not have."""
    data: dict[str, Any] = msgspec.to_builtins(page.record)
    entries = [{name: value for name, value in entry.items() if name != "version"} for entry in data["entries"]]
    kept = {name: data[name] for name in ("person", "nhs_numbers", "digest", "known")}
    sources = [{name: source[name] for name in ("source", "patient", "last_heard", "kinds", "partial")} for source in data["sources"]]
    gaps = [page.inexact, *page.reasons] if page.inexact else list(page.reasons)
    return {"as_known_at": page.at, **kept, "terminology": page.release, "worked_out_with": page.used, "inexact": page.inexact or None,
            "sources": sources, "entries": entries, "gaps": gaps, "cautions": cautions_data(page.sections),
            "relations": relations_data(page.sections)}


def moments(record: Record, now: int, stops: Iterable[int] = (), limit: int = 1000) -> tuple[str, ...]:
    """When something became known, the latest last: whole seconds in UTC, as a form has them, `2026-11-25T09:30:05`. Of what the record
    rests on today, and `stops`, which the log tells: also what has been withdrawn or taken another's place since. The second that is not
    over yet is none: at its beginning it was not known."""
    known = {said.known for item in record.current for said in item.provenance} | {state.last_heard for state in record.sources} | {*stops}
    seconds = sorted({second for at in known if (second := -(-at // 1000) * 1000) <= now})
    return tuple(iso(at)[:19] for at in seconds[-limit:])


def inexact(past: Past) -> str:
    """In words, where the terminology in force then is not at hand; else empty."""
    if past.missing is None:
        return ""
    return (f"This is not exactly what was known then. Terminology {past.missing.release} was in force and is not at hand here; "
            f"{past.terms.release} is used in its place. All that each source said is shown, but what counts as one entry, and which "
            f"cautions and relations are told, may have been otherwise. What your platform team can do: {past.missing.why}.")


def _reasons(past: Past) -> list[str]:
    found = ["This is what was known then. What was on its way, in quarantine or being handed over at that moment is not told here."]
    return [*found, *untold(past.terms), *doubts(past)]


def doubts(past: Past) -> list[str]:
    """In words, what may be otherwise than it was known then though the terminology is that of then."""
    found = []
    if past.rules:
        found.append(f"Rules of edition {past.rules} were in force then. This is worked out by those of today, and may read otherwise.")
    if past.others:
        who = "Another record" if len(past.others) == 1 else f"{len(past.others)} other records"
        found.append(f"{who} carried this NHS number then: it may have held more about this person, or be about somebody else.")
    return found

"""What was published: current entries, records' heads and changes, as the topics hold them, each against the fold or each other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from mainstem import canonical
from mainstem.model import Change, Entry, Known, RawRef, Summary
from mainstem.verify import envelope
from mainstem.verify.envelope import Envelope
from mainstem.verify.report import Check, Fact, compare, named
from processors.reconcile.folded import Record
from schemas import readable
from schemas.codec import Codec
from schemas.topics import Topic

Origin = tuple[RawRef, str, str, str, str]
"""Raw message, source, patient, record, part: where provenance points."""
_EMPTY = Record(person="", nhs_numbers=(), digest=canonical.record_digest(0), entries=(), sources=())


class Latest(NamedTuple):
    """An entry as last published."""

    version: int
    current: bool
    digest: str
    """SHA-256 of the content, hex."""
    envelope: Envelope


def read(bootstrap: str, codec: Codec, topic: Topic) -> Iterator[Any]:
    for _, value in readable.read(bootstrap, codec, topic):
        yield value


def origins(known: Iterable[Known]) -> set[Origin]:
    """Of everything received."""
    return {(a.raw, a.source, a.patient, a.record, a.part) for a in (each.assertion for each in known)}


def entries(published: Iterable[Entry], received: Collection[Origin]) -> tuple[dict[Fact, Latest], list[Check]]:
    """The latest version of each fact; whether versions rise by one, and whether every field shown names who said it, and that was
    received (design.md, promise 5)."""
    order, origin = Check("versions of each entry rise, none twice"), Check("every field shown rests on what was received")
    latest: dict[Fact, Latest] = {}
    astray: dict[Fact, str | None] = {}
    for entry in published:
        fact = (entry.person, entry.fact)
        before = latest.get(fact)
        order.compared += 1
        if before is not None and entry.version <= before.version:
            order.differs(f"{named(fact)} goes from version {before.version} to {entry.version}")
        latest[fact] = Latest(entry.version, entry.status == "current", canonical.digest(entry.content).hex(), envelope.of(entry))
        astray[fact] = _astray(entry, received)
    origin.compared = len(latest)
    for fact, why in astray.items():
        if why is not None:
            origin.differs(f"{named(fact)} {why}", fact)
    return latest, [order, origin]


def _astray(entry: Entry, received: Collection[Origin]) -> str | None:
    for each in entry.provenance:
        if (each.raw, each.source, each.patient, each.record, each.part) not in received:
            return f"names {each.raw.topic}/{each.raw.partition} offset {each.raw.offset}, of which there is no such assertion"
    try:
        shown = set(canonical.decode(entry.content))
    except (ValueError, TypeError):
        return "has a content that is none"
    if not shown <= {name for each in entry.provenance for name in each.fields}:
        return "shows a field of which it does not say where it comes from"
    return None


def check_entries(records: Iterable[Record], latest: Mapping[Fact, Latest]) -> list[Check]:
    """Contents and envelopes of the fold's entries against those last published."""
    expected = {(record.person, entry.fact): entry for record in records for entry in record.entries}
    contents = {fact: canonical.digest(entry.content).hex() for fact, entry in expected.items()}
    check = Check("labels, conflicts and provenance of entries = fold", len(expected))
    for fact, entry in expected.items():
        if (found := latest.get(fact)) is not None and found.current:
            for name in envelope.differing(envelope.of(entry), found.envelope):
                check.differs(f"{named(fact)}: {name} other than the fold's", (*fact, name))
    return [compare(Check("entries = fold"), contents, {fact: each.digest for fact, each in latest.items() if each.current}), check]


def heads(published: Iterable[Summary]) -> dict[str, Summary]:
    """Person -> the latest."""
    return {summary.person: summary for summary in published}


def check_heads(records: Mapping[str, Record], latest: Mapping[str, Summary]) -> Check:
    """What a record's head says that is a function of the set: all but times, epochs and counts of messages. No handover is pending."""
    check = Check("record digests and heads = fold", compared=len(records))
    for person in records.keys() | latest.keys():
        record, summary = records.get(person, _EMPTY), latest.get(person)
        if summary is None:
            check.differs(f"person {person}: has no summary", person)
            continue
        if record.digest != summary.digest:
            check.differs(f"person {person}: the fold gives {record.digest[:12]}, the summary says {summary.digest[:12]}", person)
        for name, wanted, said in (
            ("entries", len(record.entries), summary.entries),
            ("NHS numbers", record.nhs_numbers, summary.nhs_numbers),
            ("labels", record.labels, summary.labels),
            ("check for opt-outs", record.checked, summary.checked),
            ("sources", [(s.source, s.patient) for s in record.sources], [(s.source, s.patient) for s in summary.sources]),
            ("kinds of its sources", [s.kinds for s in record.sources], [s.kinds for s in summary.sources]),
            ("incomplete lists", *([[(p.kind, p.reasons) for p in s.partial] for s in of.sources] for of in (record, summary))),
            ("handovers", [False] * len(summary.sources), [s.handover for s in summary.sources]),
        ):
            if wanted != said:
                check.differs(f"person {person}: the summary tells otherwise of its {name}", (person, name))
    return check


def check_changes(published: Iterable[Change], latest: Mapping[Fact, Latest], heads: Mapping[str, Summary]) -> Check:
    """Subscribers are told of every entry: numbers of a person have no gap, the last word on each fact is its latest version, and the head
    names the last number. One told twice is told under the same id (design.md, promise 2)."""
    check = Check("changes = entries", len(latest))
    last: dict[str, Change] = {}
    told: dict[Fact, Change] = {}
    for change in published:
        before = last.get(change.person)
        number = 0 if before is None else before.sequence
        if change.sequence != number + 1 and (before is None or change.id != before.id):
            check.differs(f"changes of person {change.person} go from {number} to {change.sequence}")
        last[change.person] = told[change.person, change.fact] = change
    for fact in latest.keys() | told.keys():
        entry, word = latest.get(fact), told.get(fact)
        if word is None:
            check.differs(f"{named(fact)} was never told of", fact)
        elif entry is None:
            check.differs(f"{named(fact)} was told of, and never published", fact)
        elif (entry.version, entry.digest) != (word.version, word.digest):
            check.differs(f"{named(fact)} was told of last at version {word.version}, and {entry.version} is published", fact)
    for person in heads.keys() | last.keys():
        number, head = last[person].sequence if person in last else 0, heads.get(person)
        if head is None or head.sequence != number:
            check.differs(f"person {person}: the last change is number {number}, the summary says {head.sequence if head else 'nothing'}",
                          person)
    return check

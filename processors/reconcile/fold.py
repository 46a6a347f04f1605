"""The record from scratch: a pure function of the set of assertions and of who is who. What `verify` and `mainstem fold` rest on.

It knows nothing of the incremental engine's state, and shares with it only the rules: `resolve`, `news`, `absence`, `derive`, `lines`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from mainstem import canonical, versions
from mainstem.kinds.facts import Member, NoTerms, Terms
from mainstem.labels import answered
from mainstem.model import Known, SourceState, Status
from processors.identity.persons import Placed, own_person
from processors.reconcile import absence, lines, news, resolve
from processors.reconcile.derive import Group, facts, group
from processors.reconcile.entries import current, labels_of_person, last_committed, number_of
from processors.reconcile.folded import Record

_Parts = dict[str, list[Known]]
"""Part -> its versions."""


def fold(assertions: Iterable[Known], assigned: Mapping[str, Placed], person_key: bytes, terms: Terms | None = None) -> dict[str, Record]:
    """Person -> record. `assigned`: what `linker.assign` gives; a source patient not in it is a person of its own."""

    def person_of(subject: str) -> str:
        placed = assigned.get(subject)
        return own_person(person_key, subject) if placed is None else placed.person

    return fold_by(assertions, person_of, terms or NoTerms(), assigned)


def fold_by(assertions: Iterable[Known], person_of: Callable[[str], str], terms: Terms,
            assigned: Mapping[str, Placed] = MappingProxyType({})) -> dict[str, Record]:
    """`assigned`: of each source patient what was answered of its numbers; who it is, `person_of` says."""
    by_subject: dict[str, dict[str, _Parts]] = {}
    for known in assertions:
        a = known.assertion
        by_subject.setdefault(a.subject, {}).setdefault(a.record, {}).setdefault(a.part, []).append(known)
    persons: dict[str, list[str]] = {}
    for subject in sorted(by_subject):
        persons.setdefault(person_of(subject), []).append(subject)
    return {person: _record(person, {subject: by_subject[subject] for subject in subjects}, terms,
                            {subject: assigned[subject] for subject in subjects if subject in assigned})
            for person, subjects in sorted(persons.items())}


def _record(person: str, subjects: Mapping[str, dict[str, _Parts]], terms: Terms, assigned: Mapping[str, Placed]) -> Record:
    members: list[Member] = []
    sources: list[SourceState] = []
    for _, told in sorted(subjects.items()):
        records = {record: {part: _in_order(parts[part]) for part in sorted(parts)} for record, parts in told.items()}
        every = [known for parts in records.values() for said in parts.values() for known in said]
        manifests = [known for known in every if known.assertion.kind == resolve.MANIFEST]
        members += _members(records, manifests)
        sources.append(_source(every, manifests))
    groups: dict[Group, list[Member]] = {}
    for member in members:
        groups.setdefault(group(member, terms), []).append(member)
    found = lines.aligned([fact for of, together in groups.items() for fact in facts(of, together, terms)], terms)
    patients = [member for member in members if member.kind == "patient"]
    of_numbers = [answered(placed.opted_out, placed.restricted) for placed in assigned.values()]
    labels = tuple(sorted(set[str]().union(*of_numbers, *map(labels_of_person, patients))))
    entries = sorted([current(person, fact, 1, terms.release, committed=last_committed(fact.winners), labels=labels) for fact in found],
                     key=lambda e: (e.kind, e.fact))
    digest = canonical.record_digest(sum([canonical.entry_digest(e.fact, e.content) for e in entries]))
    numbered = [(member.place.subject, number) for member in patients if (number := number_of(member))]
    checked_of = {subject for subject, placed in assigned.items() if placed.opted_out is not None}
    checked = bool(checked_of) and checked_of >= {subject for subject, _ in numbered}
    return Record(person=person, nhs_numbers=tuple(sorted({number for _, number in numbered})), labels=labels, checked=checked,
                  digest=digest, entries=tuple(entries), sources=tuple(sources))


def _in_order(said: list[Known]) -> list[Known]:
    """Each version once, as the copy known first; the greatest last."""
    if len(said) == 1:
        return said
    found: dict[bytes, Known] = {}
    for known in said:
        version = versions.packed_of(known.assertion)
        found[version] = versions.earlier(found[version], known) if version in found else known
    return [found[version] for version in sorted(found)]


def _members(records: Mapping[str, _Parts], manifests: Sequence[Known]) -> list[Member]:
    """What one source patient's records say, less what its manifests make absent. `records`: their parts sorted, versions in order."""
    listings = absence.listings(manifests)
    contents = {kind: absence.content(listing.known) for kind, listing in listings.items()}
    shown = {record: [said[0] if len(said) == 1 else news.shown(enumerate(said))[1] for said in parts.values()]
             for record, parts in records.items()}
    kinds = {record: winners[0].assertion.kind for record, winners in shown.items()}
    listed = {kind: frozenset(one.records) for kind, one in contents.items()
              if not absence.lists_none(kind, one, [kinds[record] for record in one.records if record in kinds])}
    found: list[Member] = []
    for record, winners in shown.items():
        kind = kinds[record]
        if kind in listed and record not in listed[kind]:
            latest = max(versions.place(versions.packed_of(said[-1].assertion)) for said in records[record].values())
            if latest < listings[kind].place and not absence.spared(kind, contents[kind], winners):
                continue
        found += resolve.members(winners)
    return found


def _source(every: Sequence[Known], manifests: Sequence[Known]) -> SourceState:
    """`every`: all that one source patient said."""
    first = every[0].assertion
    return SourceState(source=first.source, patient=first.patient, last_heard=max([known.known for known in every]), epoch=-1,
                       kinds=tuple(sorted({known.assertion.kind for known in every if known.assertion.status is Status.ASSERTED})),
                       partial=absence.partial(manifests))

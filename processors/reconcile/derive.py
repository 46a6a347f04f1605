"""From members to facts: which members are one fact, its id, its content and its provenance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from mainstem import canonical, kinds
from mainstem.kinds import Kind
from mainstem.kinds.facts import OF_FACT, OF_LABELS, RULE_FAULT, Derived, Member, Place, Terms, latest_first
from mainstem.labels import SENSITIVE
from mainstem.model import Known, Provenance
from processors.keys import pack
from processors.reconcile import guard, shorten
from processors.reconcile.clusters import clusters
from processors.reconcile.rules import SENSITIVE_SET, SHORTENED
from processors.reconcile.sensitive import is_sensitive


class Group(NamedTuple):
    """Members that a canonical key puts together; `place` is set where the key is the record's own identity."""

    kind: str
    key: str
    place: Place | None = None


class Crowded(NamedTuple):
    """What a fact of very many members has beside the members that it is derived from."""

    behind: int
    """Sum over all assertions behind it (`entries.behind`)."""
    winners: int
    """How many assertions those are."""
    records: tuple[tuple[str, str], ...] = ()
    """Source patient and record of the members that came in this batch."""


class Fact(msgspec.Struct, frozen=True, gc=False):
    """A fact to publish; what an entry says beyond person and version."""

    fact: str
    of: Group
    content: bytes
    members: tuple[Member, ...]
    derived: Derived
    winners: tuple[Known, ...]
    """Every assertion behind it, member by member."""
    sources: tuple[str, ...]
    labels: tuple[str, ...]
    """Of all its assertions: what one source holds to be sensitive is. And `sensitive` by what it says."""
    crowd: Crowded | None = None
    """Of a crowded key: members and winners are then those that matter alone."""

    @property
    def kind(self) -> str:
        return self.of.kind


def group(member: Member, terms: Terms) -> Group:
    """The group of a member, by its kind's key. Kinds we do not know stand by themselves."""
    kind = kinds.BY_NAME.get(member.kind)
    key = guard.spared(kind.key, member.content, terms, otherwise=None) if kind is not None else None
    return Group(member.kind, "", member.place) if key is None else Group(member.kind, key)


def fact_id(of: Group, least: Place) -> str:
    """First 32 hex digits of SHA-256(kind, key, least member)."""
    return canonical.digest(pack(of.kind, of.key, *least)).hex()[:32]


def facts(of: Group, members: Sequence[Member], terms: Terms) -> list[Fact]:
    """The facts of one group: one, or one a cluster where the kind parts a key by date."""
    if not members:
        return []
    if len(members) == 1:
        return [sole(of, members[0], terms)]
    kind = kinds.BY_NAME.get(of.kind)
    ordered = sorted(members, key=_place)
    parted = [ordered] if kind is None or kind.gap is None else clusters(ordered, kind, terms)
    return [_fact(of, tuple(together), kind, terms) for together in parted]


def sole(of: Group, member: Member, terms: Terms) -> Fact:
    """The fact of a group of one member."""
    return _fact(of, (member,), kinds.BY_NAME.get(of.kind), terms)


def matters(of: Group, members: Sequence[Member], terms: Terms) -> list[Member]:
    """Of the members of one fact those that it can be derived from, sorted by place: those that its kind says, the least and the greatest,
    and for every source and label the least that bears it."""
    ordered = sorted(members, key=_place)
    if len(ordered) < 3:
        return ordered
    kind = kinds.BY_NAME[of.kind]
    found = {0, len(ordered) - 1, *guard.spared(kind.matters, ordered, terms, otherwise=set(range(len(ordered))))}
    borne: set[tuple[bool, str]] = set()
    for index, member in enumerate(ordered):
        for known in member.winners:
            said = {(True, known.assertion.source), *((False, label) for label in known.assertion.labels)}
            if not said <= borne:
                borne |= said
                found.add(index)
    return [ordered[index] for index in sorted(found)]


def crowded(of: Group, members: Sequence[Member], terms: Terms, crowd: Crowded) -> Fact:
    """The fact of all members, from those that matter."""
    return _fact(of, tuple(sorted(members, key=_place)), kinds.BY_NAME[of.kind], terms, crowd)


def _fact(of: Group, ordered: tuple[Member, ...], kind: Kind | None, terms: Terms, crowd: Crowded | None = None) -> Fact:
    derived = guard.derived(kind, ordered, terms) if kind is not None else latest_first(ordered)
    if of.place is not None and kind is not None:
        alone = RULE_FAULT if guard.fails(kind.key, ordered[0].content, terms) else kind.cannot_tell
        if alone is not None:
            derived = replace(derived, rules={OF_FACT: alone.id} | derived.rules)
    winners = ordered[0].winners if len(ordered) == 1 else tuple([known for member in ordered for known in member.winners])
    sources, labels = _sources_and_labels(winners)
    if guard.spared(is_sensitive, derived.content, terms, otherwise=True):
        labels = union((*labels, SENSITIVE))
        derived = replace(derived, rules=derived.rules | {OF_LABELS: SENSITIVE_SET.id})
    derived, content = published(derived)
    return Fact(fact_id(of, ordered[0].place), of, content, ordered, derived, winners, sources, labels, crowd)


def published(derived: Derived) -> tuple[Derived, bytes]:
    """What is derived as it can be published, and its content as canonical JSON: shortened where that would be too large."""
    content = canonical.encode(derived.content)
    if len(content) <= shorten.MOST:
        return derived, content
    said, content, fields = shorten.content(derived.content, content)
    return replace(derived, content=said, rules=derived.rules | dict.fromkeys(fields, SHORTENED.id)), content


def union(texts: Sequence[str]) -> tuple[str, ...]:
    """Each once, sorted."""
    return tuple(texts) if len(texts) < 2 else tuple(sorted(set(texts)))


def _sources_and_labels(winners: Sequence[Known]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if len(winners) == 1:
        said = winners[0].assertion
        return (said.source,), union(said.labels)
    return (union([known.assertion.source for known in winners]),
            union([label for known in winners if known.assertion.labels for label in known.assertion.labels]))


def provenance(fact: Fact) -> tuple[Provenance, ...]:
    """One per assertion behind the fact: the published fields it decided, and its values that lost. A field that a rule made out of
    others (a mark, a relation) rests on all that the members it was made from say."""
    if len(fact.winners) == 1:
        return (_behind(fact.winners[0], fact.derived.decided, None),)
    content, several = fact.derived.content, len(fact.members) > 1
    own: list[list[str]] = [[] for _ in fact.members]
    for name, indexes in fact.derived.decided.items():
        for index in indexes:
            own[index].append(name)
    fields: dict[int, list[str]] = {}
    lost: dict[int, dict[str, bytes]] = {}
    for member, names in zip(fact.members, own, strict=True):
        first, said = member.winners[0], member.said
        for known in member.winners:
            decided = [name for name in names if said.get(name, known) is known] if said else names
            fields[id(known)] = fields[id(known)] + decided if id(known) in fields else decided
        for name, known, value in member.lost:
            if content.get(name) != value:
                lost.setdefault(id(known), {})[name] = canonical.encode(value)
        if several:
            for name, value in member.content.items():
                if name not in names and content.get(name) != value:
                    lost.setdefault(id(said.get(name, first)), {})[name] = canonical.encode(value)
    fitting = shorten.lost(lost)
    return tuple([_behind(known, fields[id(known)], fitting.get(id(known))) for known in fact.winners])


def _behind(known: Known, fields: Iterable[str], lost: dict[str, bytes] | None) -> Provenance:
    a = known.assertion
    return Provenance(source=a.source, patient=a.patient, record=a.record, part=a.part, position=a.position, known=known.known, raw=a.raw,
                      recorded=a.recorded, fields=tuple(sorted(fields)), lost=lost or {})


def _place(member: Member) -> Place:
    return member.place

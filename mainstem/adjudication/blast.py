"""Blast radius of a wrong join: what was published while two were one person, who viewed it, what is put right. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from mainstem.adjudication.history import Joined
from mainstem.model import Change, Entry
from mainstem.operations import AuditEvent, View
from schemas import topics

CORRECTED, PENDING, UNTOUCHED, STANDS = "corrected", "pending", "untouched", "stands"
"""Of a fact published while they were one: told again since; still shows what is another person's; holds nothing of whoever left;
they are still one."""


class Published(msgspec.Struct, frozen=True):
    """A message of a topic."""

    value: Change
    at: int
    place: str
    """`topic/partition@offset`."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One fact of the joined person's record, as far as it was published while they were one."""

    fact: str
    kind: str
    versions: tuple[int, ...]
    first: int
    last: int
    places: tuple[str, ...]
    state: str
    corrected: str = ""
    """`withdrawn`, `updated` or `new`: how it was told again."""
    corrected_at: int | None = None
    corrected_version: int | None = None
    corrected_place: str = ""
    """Of the change that told it again."""


class Viewed(msgspec.Struct, frozen=True, kw_only=True):
    at: int
    actor: str
    action: str
    purpose: str
    digest: str
    person: str


class Radius(msgspec.Struct, frozen=True, kw_only=True):
    """Of one stretch of time in which two source patients were one person."""

    one: str
    other: str
    person: str
    since: int
    until: int | None
    """When the last of what was wrong was put right; while nothing has been, when they were parted. None: they are still one."""
    began: int
    ended: int | None
    published: dict[str, int]
    """Topic -> messages while they were one."""
    between: dict[str, tuple[int, int]]
    """Topic -> when the first and the last of them were appended."""
    facts: tuple[Fact, ...]
    states: dict[str, int]
    """State -> facts."""
    viewed: tuple[Viewed, ...]
    again: dict[str, int]
    """Other person -> entries published there by the handover that parted them."""
    compensating: dict[str, tuple[str, ...]]
    """Person -> the changes by which its subscribers were told: of the joined person those that put right, of others what is theirs."""


def radius(span: Joined, changes: Sequence[Published], entries: Iterable[Entry], audit: Iterable[AuditEvent], now: dict[str, str],
           summaries: Sequence[int] = ()) -> Radius:
    """`changes`: of the joined person and of those they are now, from when they were joined. `entries`: the latest of each of the joined
    person's facts. `now`: source patient -> person. `summaries`: when some were published while they were one."""
    here = [each for each in changes if each.value.person == span.person]
    parting = _parting(span, here)
    begun = min([each.at for each in parting], default=span.until)
    """From here on the record is being put right. What came between the claim and this was still told wrong."""
    right = {each.place for each in parting}
    while_one = [each for each in here if each.at >= span.since and (begun is None or each.at <= begun) and each.place not in right]
    latest = {entry.fact: entry for entry in entries if entry.person == span.person}
    again = {each.value.fact: each for each in sorted(parting, key=lambda each: each.value.handover in span.moved)}
    of_fact: defaultdict[str, list[Published]] = defaultdict(list)
    for each in while_one:
        of_fact[each.value.fact].append(each)
    facts = tuple(_fact(name, told, again.get(name), latest.get(name), span, now) for name, told in sorted(of_fact.items()))
    done = max([each.at for each in parting], default=span.until)
    viewed = tuple(Viewed(at=e.at, actor=e.actor, action=e.action, purpose=e.purpose, digest=e.digest, person=e.person)
                   for e in sorted(audit, key=lambda e: e.at)
                   if e.person == span.person and e.action != View.NOBODY and e.at >= span.since and (done is None or e.at <= done))
    # An entry goes with each change, in one transaction.
    times = {topics.CHANGES.name: [each.at for each in while_one], topics.ENTRIES.name: [each.at for each in while_one],
             topics.SUMMARIES.name: list(summaries)}
    published = {topic: len(told) for topic, told in times.items() if told or topic != topics.SUMMARIES.name}
    compensating: defaultdict[str, list[str]] = defaultdict(list)
    for each in changes:
        if each.place in right or (each.value.person != span.person and each.value.handover in span.moved):
            compensating[each.value.person].append(each.place)
    elsewhere = {person: len(places) for person, places in sorted(compensating.items()) if person != span.person}
    return Radius(
        one=span.one, other=span.other, person=span.person, since=span.since, until=done, began=span.began, ended=span.ended,
        published=published, between={topic: (min(told), max(told)) for topic, told in times.items() if told}, facts=facts,
        states=dict(sorted(Counter(fact.state for fact in facts).items())), viewed=viewed, again=elsewhere,
        compensating={person: tuple(places) for person, places in sorted(compensating.items())})


def _parting(span: Joined, here: Sequence[Published]) -> list[Published]:
    """The changes by which the joined person's record was put right. Where several handovers touch a fact in one turn its change names the
    latest of them: so what handovers did right before and right after counts too, and where all is such, the first that they did."""
    if span.ended is None:
        return []
    at = [place for place, each in enumerate(here) if each.value.handover in span.moved]
    after = [each.value.handover >= span.ended and (span.back is None or each.value.handover < span.back or place in at)
             for place, each in enumerate(here)]
    if not any(after):
        return []
    first, last = (at[0], at[-1]) if at else (after.index(True), after.index(True))
    while first > 0 and after[first - 1]:
        first -= 1
    while last + 1 < len(here) and after[last + 1]:
        last += 1
    return [each for each, put_right in zip(here[first:last + 1], after[first:last + 1], strict=True) if put_right]


def _fact(name: str, told: list[Published], again: Published | None, latest: Entry | None, span: Joined, now: dict[str, str]) -> Fact:
    state = STANDS if span.ended is None else CORRECTED if again is not None else PENDING if _wrong(latest, now) else UNTOUCHED
    return Fact(fact=name, kind=told[0].value.kind, versions=tuple(each.value.version for each in told), first=told[0].at, last=told[-1].at,
                places=tuple(each.place for each in told), state=state, corrected=again.value.change if again else "",
                corrected_at=again.at if again else None, corrected_version=again.value.version if again else None,
                corrected_place=again.place if again else "")


def _wrong(latest: Entry | None, now: dict[str, str]) -> bool:
    """It still rests on a source patient that is another person now."""
    return latest is not None and latest.status == "current" and any(
        now.get(f"{each.source}|{each.patient}", latest.person) != latest.person for each in latest.provenance)

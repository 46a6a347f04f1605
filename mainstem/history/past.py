"""The record as it was known at a moment: a pure function of what the topics held by then and of the release in force.

What counts is when a thing was *known*: the broker's append time, the least over duplicates, as copies carry it. So a moment is a cut
through three sets: claims, which tell who was who; assertions of their source patients; and releases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mainstem import canonical
from mainstem.history.instead import Missing
from mainstem.kinds.facts import Terms
from mainstem.model import Claim, Known, Release
from mainstem.terminology.releases import Activation, in_force
from processors.identity.activated import MATCHING
from processors.identity.answers import ABOUT_NUMBERS, RESTRICTED, Answer, answer
from processors.identity.claimed import Claimed
from processors.identity.evidence import evidence
from processors.identity.linker import assign
from processors.identity.numbers import Numbers
from processors.identity.persons import own_person
from processors.identity.scoring.release import Model
from processors.reconcile.fold import fold
from processors.reconcile.folded import Record


class Said(NamedTuple):
    """A claim, and when it was known."""

    claim: Claim
    known: int


class Log(NamedTuple):
    """What the topics hold. Any order, any duplication; anything known later than the moment asked for makes no difference."""

    claims: Sequence[Said]
    assertions: Sequence[Known] = ()
    activations: Sequence[Activation] = ()


class Past(NamedTuple):
    """A record as it was known at `at`, milliseconds since the epoch."""

    at: int
    record: Record
    """Entries at version 1: how often each had been published by then is not kept."""
    terms: Terms
    """By which it is worked out: the terminology in force then, unless that is `missing`."""
    others: tuple[str, ...] = ()
    """Further persons who carried the NHS number that was asked for, as this one did."""
    elsewhere: tuple[tuple[str, str], ...] = ()
    """Source patients, of those named with the question, that were another person's then; and that person."""
    missing: Missing | None = None
    rules: str = ""
    """The edition of the rules in force then, where that is not the one by which this is worked out."""
    stops: tuple[int, ...] = ()
    """Every moment up to now at which the record may have become another, as `stops` tells."""
    today: tuple[str, ...] = ()
    """The persons whom the record's source patients belong to now."""

    @property
    def release(self) -> str:
        """The terminology in force then, `name@digest`."""
        return self.missing.release if self.missing else self.terms.release

    @property
    def known(self) -> int:
        """When the last was heard of what the record rests on; 0 where nothing had been."""
        return max((source.last_heard for source in self.record.sources), default=0)


class Persons:
    """Who was who, by the claims known at a moment."""

    def __init__(self, claims: Iterable[Said], at: int, key: bytes, model: Model | None = None) -> None:
        """`model`: the one in force at that moment; by default the one that ships with Mainstem."""
        self._key = key
        cut = [said.claim for said in claims if said.known <= at]
        self.placed = assign(cut, key, model)
        self._view = Claimed(cut)

    def of(self, subject: str) -> str:
        placed = self.placed.get(subject)
        return own_person(self._key, subject) if placed is None else placed.person

    def carrying(self, number: str) -> tuple[str, ...]:
        """Everyone who carried the NHS number, verified, sorted."""
        return tuple(sorted({self.of(subject) for subject in self._view.carriers(number)}))

    def called(self, number: str) -> tuple[str, ...]:
        """Everyone who carried the NHS number with whatever status: those for whom it was verified first."""
        verified = self.carrying(number)
        found = {self.of(subject) for subject, said in self._view.evidence.items() if any(number == each for each, _ in said.carried)}
        return (*verified, *sorted(found.difference(verified)))

    def named(self, number: str) -> tuple[str, ...]:
        """Everyone whom the NHS number leads to: those for whom it is not verified only where it is for nobody."""
        return self.carrying(number) or self.called(number)

    def subjects(self, person: str, besides: Iterable[str] = ()) -> tuple[str, ...]:
        """The source patients of a person, sorted. `besides`: ones that may be a person without any claim saying so."""
        return tuple(sorted(subject for subject in {*self.placed, *besides} if self.of(subject) == person))


def record_at(log: Log, persons: Persons, person: str, at: int, terms: Terms, key: bytes, besides: Iterable[str] = ()) -> Record:
    """The person's record; one without entries where nothing was known of it. `persons`: who was who at that moment."""
    subjects = set(persons.subjects(person, besides))
    known = [known for known in log.assertions if known.known <= at and known.assertion.subject in subjects]
    found = fold(known, persons.placed, key, terms).get(person)
    return found or Record(person=person, nhs_numbers=(), digest=canonical.record_digest(0), entries=(), sources=())


def elsewhere_at(log: Log, persons: Persons, person: str, at: int, besides: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Of `besides` those of whom something was known, but as another person."""
    heard = {known.assertion.subject for known in log.assertions if known.known <= at}
    return tuple((subject, persons.of(subject)) for subject in sorted(set(besides) & heard) if persons.of(subject) != person)


def stops(log: Log, subjects: Iterable[str], passed: Iterable[int] = ()) -> tuple[int, ...]:
    """When something became known of these source patients, sorted: each assertion, whatever has become of it since, each claim that one
    of them made, each answer of a national service that is another than the one before it, and each release that came into force since the
    first of these. `passed`: when one of them came to the person or left it, which the claim of another may have caused."""
    named = set(subjects)
    said = {known.known for known in log.assertions if known.assertion.subject in named}
    said |= {one.known for one in log.claims if one.claim.subject in named}
    said |= _answered(log.claims, named) if said else set()
    return tuple(sorted(said.union(passed, (one.known for one in log.activations if said and one.known > min(said)))))


def _answered(claims: Sequence[Said], subjects: set[str]) -> set[int]:
    """When another answer than before became known of a number that one of them ever carried, or of one that is one with it."""
    answers = sorted((one for one in claims if one.claim.type in ABOUT_NUMBERS), key=lambda one: one.known)
    if not answers:
        return set()
    numbers = Numbers(Claimed(one.claim for one in claims))
    carried = {number for one in claims if one.claim.subject in subjects for number, _ in evidence([one.claim]).carried}
    called = {name for number in carried for name in numbers.called(number)}
    counting: dict[tuple[str, str, str], Answer] = {}
    found = set()
    for one in answers:
        of, said = (one.claim.type, one.claim.subject, one.claim.ref), answer(one.claim)
        before = counting.get(of)
        if one.claim.ref in called and (before is None or said > before):
            counting[of] = said
            if said.stands != (before is not None and before.stands) or _counts_beside_others(of[0], said, counting):
                found.add(one.known)
    return found


def _counts_beside_others(type_: str, said: Answer, counting: Mapping[tuple[str, str, str], Answer]) -> bool:
    """Whether it may lift, or give, what another number's answer gave until now: of a restriction the latest counts."""
    return type_ == RESTRICTED and any(each.stands != said.stands for (of, *_), each in counting.items() if of == type_)


def by_number(log: Log, persons: Persons, number: str, at: int, terms: Terms, key: bytes) -> tuple[Record, tuple[str, ...]] | None:
    """The record that the number led to, and who else it did. None: nobody carried it.

    Of several, as the live cache chooses: one whose patient entry carries it, then the one with most entries.
    """
    found = [record_at(log, persons, person, at, terms, key) for person in persons.named(number)]
    if not found:
        return None
    best = max(found, key=lambda record: (number in record.nhs_numbers, len(record.entries), record.person))
    return best, tuple(record.person for record in found if record is not best)


def model_at(activations: Iterable[Activation], at: int) -> Release | None:
    """The matching model in force; None: the one that ships with Mainstem."""
    return in_force(activations, MATCHING, at)


def first_known(claims: Iterable[Said], number: str) -> int | None:
    """When a claim first carried the number, with whatever status; whatever became of it since."""
    return min((said.known for said in claims if any(number == each for each, _ in evidence([said.claim]).carried)), default=None)

"""Who tells what: each truth becomes a fact, and each source that speaks of it a telling, with its habits and its disagreements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from seeds.life import model
from seeds.life.model import KINDS, Truth, When
from seeds.profiles import Profile
from seeds.registration import Registration
from seeds.trusts import BY_SOURCE

Speakers = Mapping[type, Sequence[str]]
"""Type of truth -> the sources whose views can tell it."""
LOCALLY_CODED = {"allergy", "medicine", "problem", "result", "immunisation"}
ALWAYS_LOCAL = {"referral", "careplan", "flag"}


@dataclass(frozen=True, slots=True)
class Telling:
    """One source patient's version of a fact."""

    registration: Registration
    truth: Truth
    """As this source has it: maybe undated, maybe otherwise."""
    coding: str
    """`national`, `local`, or `text`."""


@dataclass(frozen=True, slots=True)
class Fact:
    id: str
    kind: str
    truth: Truth
    tellings: tuple[Telling, ...]
    conflict: str | None
    """What about: `dose`, `status`, `severity`, `onset`, `value`, `none-known`."""

    @property
    def local(self) -> bool:
        return any(telling.coding != "national" for telling in self.tellings)

    @property
    def undated(self) -> bool:
        return any((when := dated(telling.truth)) is not None and when.precision == "none" for telling in self.tellings)


def facts(truths: list[Truth], known: list[Registration], rng: Random, profile: Profile, speakers: Speakers) -> Iterator[Fact]:
    """The facts of one person, told by the source patients that are them. A truth nobody present can tell is no fact."""
    by_source: dict[str, list[Registration]] = {}
    for registration in known:
        by_source.setdefault(registration.source, []).append(registration)
    allergic = any(isinstance(truth, model.Allergy) and truth.allergen for truth in truths)
    for number, truth in enumerate(truths):
        kind = KINDS[type(truth)]
        able = [source for source in speakers[type(truth)] if source in by_source]
        if not able:
            continue
        told = [source for source in able if rng.random() < profile.telling] or [rng.choice(able)]
        tellings = [_telling(truth, kind, _teller(by_source[source], truth, rng), rng, profile) for source in told]
        about = "none-known" if isinstance(truth, model.Allergy) and truth.allergen is None and allergic else None
        if len(tellings) > 1 and rng.random() < profile.conflict:
            about = about or _disagree(tellings, rng)
        elif isinstance(truth, model.Result) and truth.preliminary is not None:
            about = _stale(tellings)
        yield Fact(f"{known[0].person.id}/{kind}/{number}", kind, truth, tuple(tellings), about)


def dated(truth: Truth) -> When | None:
    """The one clinical date that a source may know badly; None where the truth always has a moment."""
    for name in ("onset", "start", "taken", "given", "on", "raised"):
        if isinstance(when := getattr(truth, name, None), When):
            return when
    return None


def _teller(registrations: list[Registration], truth: Truth, rng: Random) -> Registration:
    """Any of the duplicates; but contacts stay with their referral's client, whose key they carry, and results with their order's."""
    if isinstance(truth, model.Referral | model.Contact):
        return registrations[0]
    if isinstance(truth, model.Result):
        return registrations[int(truth.order[-3:-1]) % len(registrations)]
    return rng.choice(registrations)


def _telling(truth: Truth, kind: str, teller: Registration, rng: Random, profile: Profile) -> Telling:
    coding = "national"
    if kind in ALWAYS_LOCAL:
        coding = "local"
    elif kind in LOCALLY_CODED and rng.random() < profile.local.get(teller.source, 0.2):
        coding = rng.choice(("local", "local", "text"))
    if isinstance(truth, model.Condition) and truth.problem.recurs:
        return Telling(teller, truth, coding)  # which of its episodes is told of, its date alone says
    for name in ("onset", "start", "taken", "given", "on", "raised"):
        if isinstance(when := getattr(truth, name, None), When):
            known = {name: _remembered(when, kind, teller.source, rng, profile)}
            return Telling(teller, replace(truth, **known), coding)  # type: ignore[arg-type]  # the field is the truth's own
    return Telling(teller, truth, coding)


def _remembered(when: When, kind: str, source: str, rng: Random, profile: Profile) -> When:
    if rng.random() < profile.undated * (0.4 if kind == "result" else 1):
        return When(when.day, "none")
    if BY_SOURCE[source].partial_dates and kind not in ("result", "observation") and rng.random() < profile.partial:
        return When(when.day, rng.choice(("month", "year")))
    return when


def _disagree(tellings: list[Telling], rng: Random) -> str | None:
    """Makes one telling say otherwise; returns what about, or None where this truth leaves nothing to disagree on."""
    place = rng.randrange(len(tellings))
    telling = tellings[place]
    truth, about = _otherwise(telling.truth, rng)
    if about is not None:
        tellings[place] = replace(telling, truth=truth)
    return about


def _otherwise(truth: Truth, rng: Random) -> tuple[Truth, str | None]:
    match truth:
        case model.Allergy(allergen=None):
            return truth, None
        case model.Allergy():
            if rng.random() < 0.5:
                return replace(truth, status="resolved" if truth.status == "active" else "active"), "status"
            return replace(truth, severity="severe" if truth.severity != "severe" else "mild"), "severity"
        case model.Course(medicine=medicine):
            others = [dose for dose in medicine.doses if dose != truth.dose]
            if others and rng.random() < 0.7:
                return replace(truth, dose=rng.choice(others)), "dose"
            ended = None if truth.end else max(truth.start.day, model.AS_OF.replace(day=1))
            return replace(truth, end=ended), "status"
        case model.Condition(problem=problem) if problem.recurs:
            return truth, None  # one that went on for some is no other episode than the next
        case model.Condition():
            ended = None if truth.ended else max(truth.onset.day, model.AS_OF.replace(day=2))
            return replace(truth, ended=ended), "status"
        case model.Result(preliminary=None):
            return replace(truth, value=round(truth.value * rng.choice((0.9, 1.1)) + 0.1, 1)), "value"
        case _:
            return truth, None


def _stale(tellings: list[Telling]) -> str | None:
    """A corrected result: who is not the laboratory still has the first value."""
    about = None
    for place, telling in enumerate(tellings):
        truth = telling.truth
        if not BY_SOURCE[telling.registration.source].acute and isinstance(truth, model.Result) and truth.preliminary is not None:
            tellings[place] = replace(telling, truth=replace(truth, value=truth.preliminary, preliminary=None))
            about = "value" if len(tellings) > 1 else None
    return about

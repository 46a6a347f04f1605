"""What is clinically true of a person: a plausible, modest history, more of it with age."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random

from seeds.catalogue import Catalogue, Medicine, Test
from seeds.life import model
from seeds.life.model import AS_OF, Person, Truth, When


def truths(person: Person, rng: Random, catalogue: Catalogue) -> Iterator[Truth]:
    """Every truth of one life. Referrals come before the contacts that belong to them."""
    until = person.died or AS_OF
    age = person.age(until)
    problems = list(_conditions(person, rng, catalogue, until, age))
    yield from problems
    yield from _courses(person, rng, catalogue, until, problems, age)
    yield from _allergies(person, rng, catalogue, until)
    yield from _results(person, rng, catalogue, until, age)
    yield from _hospital(person, rng, catalogue, until, age)
    yield from _practice(person, rng, catalogue, until, age)
    yield from _community(person, rng, catalogue, until, age)


def _day(rng: Random, person: Person, until: date, years: int = 12) -> date:
    span = min((until - person.born).days, years * 365)
    return until - timedelta(days=rng.randint(0, max(span, 0)))


def _moment(rng: Random, day: date) -> datetime:
    return datetime.combine(day, time(rng.randint(7, 21), rng.randint(0, 59)))


def _count(rng: Random, mean: float) -> int:
    """About `mean`, never more than four times that."""
    return int(mean * 2 * rng.random() * (2 if rng.random() < 0.15 else 0.9) + rng.random())


def _conditions(person: Person, rng: Random, catalogue: Catalogue, until: date, age: int) -> Iterator[model.Condition]:
    fitting = [problem for problem in catalogue.problems if problem.from_age <= age <= problem.to_age]
    for problem in rng.sample(fitting, min(len(fitting), _count(rng, 0.5 + age / 30))):
        onset = _day(rng, person, until)
        ended = onset + timedelta(days=rng.randint(7, 90)) if rng.random() < 0.2 else None
        ended = ended if ended and ended < until else None
        yield model.Condition(problem, When(onset), ended, rng.random() < 0.7)
        if problem.recurs and ended and rng.random() < 0.5 and (again := ended + timedelta(days=rng.randint(500, 1200))) < until:
            yield model.Condition(problem, When(again), None, rng.random() < 0.7)


def _courses(person: Person, rng: Random, catalogue: Catalogue, until: date, problems: list[model.Condition],
             age: int) -> Iterator[model.Course]:
    wanted: list[tuple[Medicine, str | None]] = []
    for condition in problems:
        fitting = [medicine for medicine in catalogue.medicines if condition.problem.code in medicine.for_problems]
        if fitting:
            wanted.append((rng.choice(fitting), condition.problem.term))
    usual = [medicine for medicine in catalogue.medicines if age >= 16 or medicine.course == "A"]
    wanted += [(rng.choice(usual), None) for _ in range(_count(rng, 0.3 + age / 90))]
    seen: set[str] = set()
    for medicine, reason in wanted:
        if medicine.vtm in seen:
            continue
        seen.add(medicine.vtm)
        start = _day(rng, person, until, 6 if medicine.course == "R" else 2)
        lasts = rng.randint(200, 1500) if medicine.course == "R" else rng.randint(5, 28)
        end = start + timedelta(days=lasts) if medicine.course == "A" or rng.random() < 0.2 else None
        end = end if end and end < until else None
        yield model.Course(medicine, rng.choice(medicine.doses), rng.choice(medicine.frequencies), When(start), end, reason)


def _allergies(person: Person, rng: Random, catalogue: Catalogue, until: date) -> Iterator[model.Allergy]:
    found = rng.sample(catalogue.allergens, rng.choices((0, 1, 2, 3), (50, 33, 12, 5))[0])
    for allergen in found:
        yield model.Allergy(allergen, rng.choice(catalogue.concepts["reaction"]), rng.choice(("mild", "moderate", "severe")),
                            "active" if rng.random() < 0.92 else "resolved", When(_day(rng, person, until, 30)))
    if rng.random() < (0.03 if found else 0.6):
        # A statement of none known beside an allergy happens, and must hide nothing.
        yield model.Allergy(None, None, "mild", "active", When(_day(rng, person, until)))


def _results(person: Person, rng: Random, catalogue: Catalogue, until: date, age: int) -> Iterator[model.Result]:
    for number in range(_count(rng, 0.6 + age / 45)):
        panel = rng.choice(catalogue.panels)
        taken, order = When(_day(rng, person, until, 3)), f"{person.index:06d}{number:02d}L"
        hour = rng.randint(6, 20)
        for test in panel.tests:
            value = _value(rng, test)
            preliminary = round(value * rng.choice((0.6, 1.4)), 1) if rng.random() < 0.06 else None
            yield model.Result(order, panel, test, value, preliminary, taken, hour)


def _value(rng: Random, test: Test) -> float:
    span = test.high - test.low
    return round(max(0.1, rng.uniform(test.low - 0.15 * span, test.high + 0.25 * span)), 1)


def _hospital(person: Person, rng: Random, catalogue: Catalogue, until: date, age: int) -> Iterator[Truth]:
    words = catalogue.words
    for _ in range(_count(rng, 0.4 + age / 100)):
        admitted = _moment(rng, _day(rng, person, until, 5))
        class_ = rng.choices("IEO", (35, 30, 35))[0]
        discharged = admitted + timedelta(days=rng.randint(1, 12)) if class_ == "I" else admitted + timedelta(hours=rng.randint(1, 8))
        specialty, consultant = rng.choice(words["specialties"]), rng.choice(words["clinicians"])
        inside = class_ == "I" and discharged.date() >= AS_OF
        reason, ward = rng.choice(catalogue.concepts["presentation"]), rng.choice(words["wards"])
        yield model.Stay(class_, reason, specialty, ward, consultant, admitted, None if inside else discharged)
        if rng.random() < 0.6 and not inside:
            type_ = rng.choice(catalogue.concepts["document"])
            yield model.Letter(type_, consultant, specialty, discharged, (("Reason", "Seen as planned."), ("Plan", "Review in clinic.")))
        if rng.random() < 0.15:
            yield model.Operation(rng.choice(catalogue.concepts["procedure"]), admitted + timedelta(hours=5), consultant)


def _practice(person: Person, rng: Random, catalogue: Catalogue, until: date, age: int) -> Iterator[Truth]:
    words = catalogue.words
    for _ in range(_count(rng, 0.6 + age / 80)):
        yield model.Consultation(rng.choice(catalogue.concepts["presentation"]), rng.choice(("Surgery", "Telephone", "Home visit")),
                                 rng.choice(words["clinicians"]), When(_day(rng, person, until, 4)))
    for vaccine in catalogue.vaccines:
        if rng.random() < 0.2:
            yield model.Vaccination(vaccine, When(_day(rng, person, until, 5)), rng.random() < 0.08)
    for what in catalogue.concepts["measurement"]:
        if rng.random() < 0.15:
            yield _measurement(what, rng, When(_day(rng, person, until, 3)))


_SPANS = {"27113001": (48, 110, "kg"), "50373000": (148, 195, "cm"), "78564009": (55, 105, "/min"), "276885007": (36, 39, "Cel")}


def _measurement(what: model.Concept, rng: Random, on: When) -> model.Measurement:
    if what.code not in _SPANS:
        return model.Measurement(what, str(rng.randint(100, 175)), str(rng.randint(58, 98)), "mm[Hg]", on)
    low, high, unit = _SPANS[what.code]
    return model.Measurement(what, str(rng.randint(low, high)), None, unit, on)


def _community(person: Person, rng: Random, catalogue: Catalogue, until: date, age: int) -> Iterator[Truth]:
    words = catalogue.words
    for number in range(1, _count(rng, 0.3 + age / 120) + 1):
        code, team = rng.choice(list(words["teams"].items()))
        received = _day(rng, person, until, 3)
        reason, urgency = rng.choice(catalogue.concepts["presentation"]).term, rng.choice(("Routine", "Routine", "Urgent"))
        yield model.Referral(code, team, reason, urgency, received, rng.random() < 0.5)
        for _ in range(_count(rng, 0.8)):
            on = received + timedelta(days=rng.randint(1, 60))
            outcome = "Booked" if on > until else rng.choices(("Attended", "DNA", "Cancelled"), (80, 12, 8))[0]
            yield model.Contact(number, on, rng.randint(8, 17), rng.choice(words["nurses"]), outcome)
    if rng.random() < 0.15:
        code, title = rng.choice(list(words["plans"].items()))
        goals = tuple(zip(rng.sample(words["goals"], 2), rng.sample(words["actions"], 2), strict=True))
        yield model.Plan(code, title, _day(rng, person, until, 2), rng.choice(words["nurses"]), goals)
    if rng.random() < 0.2:
        code, (text, category) = rng.choice(list(words["alerts"].items()))
        yield model.Alert(code, text, category, When(_day(rng, person, until, 3)), rng.random() < 0.85)

"""People, household by household: streamed, each from its own seed, so that any number of them starts with the same ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

from seeds import nhs
from seeds.life.model import AS_OF, Person
from seeds.profiles import Profile


def households(persons: int, seed: int, profile: Profile, words: dict[str, Any]) -> Iterator[tuple[Random, list[Person]]]:
    """Every household with the random source its further life is made from, until there are `persons` people."""
    index = 0
    while index < persons:
        rng = Random(f"{profile.name}|{seed}|{index}")
        home = _household(index, rng, profile, words)[: persons - index]
        index += len(home)
        yield rng, home


def _household(index: int, rng: Random, profile: Profile, words: dict[str, Any]) -> list[Person]:
    first = _person(index, rng, words)
    lot = rng.random()
    if lot < profile.twins:
        return [first, _twin(first, rng, words)]
    if lot < profile.twins + profile.newborns:
        mother = _aged(replace(first, sex="F", title="Mrs", given=(rng.choice(words["female"]),)), rng, 19, 42)
        return [mother, _newborn(mother, rng, words)]
    if lot < profile.twins + profile.newborns + 0.25:
        other = _person(index + 1, rng, words)
        return [first, replace(other, address=first.address, family=first.family if rng.random() < 0.7 else other.family)]
    return [first]


def _person(index: int, rng: Random, words: dict[str, Any]) -> Person:
    sex = rng.choice("FM")
    given = tuple(rng.sample(words["female" if sex == "F" else "male"], 1 if rng.random() < 0.6 else 2))
    family = rng.choice(words["families"])
    if rng.random() < 0.03:
        family = f"{family}-{rng.choice(words['families'])}"
    born = AS_OF - timedelta(days=int(min(98.0, rng.triangular(0, 98, 58)) * 365.25))
    town, area = rng.choice(list(words["towns"].items()))
    postcode = f"{area}{rng.choice('ABDEFGHJLN')}{rng.choice('PQRSTUWXYZ')}"
    address = (f"{rng.randint(1, 180)} {rng.choice(words['streets'])}", "", town, postcode)
    died = AS_OF - timedelta(days=rng.randint(1, 400)) if AS_OF.year - born.year > 60 and rng.random() < 0.03 else None
    return Person(index, nhs.number(index), family, given, "Ms" if sex == "F" else "Mr", sex, born, died, address,
                  f"07700 9{rng.randint(0, 99999):05d}", f"{given[0].lower()}{index}@example.org")


def _aged(person: Person, rng: Random, youngest: int, oldest: int) -> Person:
    born = AS_OF - timedelta(days=rng.randint(youngest * 365, oldest * 365))
    return replace(person, born=born, died=None)


def _twin(first: Person, rng: Random, words: dict[str, Any]) -> Person:
    """Same family, address, day of birth, sex, and a first name that begins alike: what fools a matcher."""
    names = words["female" if first.sex == "F" else "male"]
    alike = [name for name in names if name[0] == first.given[0][0] and name != first.given[0]] or names
    index = first.index + 1
    return replace(first, index=index, nhs_number=nhs.number(index), given=(rng.choice(alike),), died=None, relation=f"twin-of:{first.id}")


def _newborn(mother: Person, rng: Random, words: dict[str, Any]) -> Person:
    index = mother.index + 1
    sex = rng.choice("FM")
    born: date = AS_OF - timedelta(days=rng.randint(2, 40))
    given = rng.choice(words["female" if sex == "F" else "male"]) if rng.random() < 0.5 else "Baby"
    return replace(mother, index=index, nhs_number=nhs.number(index), sex=sex, title="Baby", born=born, given=(given,),
                   relation=f"newborn-of:{mother.id}")

"""Source patients with the identity errors that synthetic trusts do not have: names and dates filled in where nobody knows, families whose
children have one first name or whose birthdays are all a first of January, foreign names as each system writes them. Seeded, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from mainstem.matching.people import Told
from seeds import nhs
from tests.matching.people_with_faults import Someone, someone
from tests.processors.identity.test_persons import claim, number

GP, EPR, OTHER = "A82038/gp", "RXA/epr", "RXB/epr"
FIRST, FURTHER = {"male": "Mohammed", "female": "Fatima"}, ("Ali", "Hassan", "Omar", "Yusuf", "Zahra", "Noor", "Amina", "Salma")
FOREIGN = (("Østergård", "Ostergard"), ("Łukasiewicz", "Lukasiewicz"), ("Yıldırım", "Yildirim"), ("Müller", "Mueller"), ("Nuñez", "Nunez"),
           ("van der Berg", "Van Der Berg"), ("Đorđević", "Dordevic"), ("Þórsson", "Thorsson"), ("O’Connor", "OConnor"))


class World:
    """`told`: what its sources claim, and who is who."""

    def __init__(self, humans: int, seed: int) -> None:
        self.told, self._rng, self._humans = Told(), Random(seed), 0
        while self._humans < humans:
            ((kind, _),) = self._rng.choices(KINDS, [often for _, often in KINDS])
            kind(self, self._rng, someone(self._rng))

    def human(self) -> str:
        self._humans += 1
        return str(self._humans)

    def known(self, human: str, source: str, who: Someone, carries: str | None, verification: str = "01") -> None:
        """A source has a patient: the human."""
        subject = f"{source}|{len(self.told.truth)}"
        self.told.truth[subject] = human
        said = {"family": who.family, "given": [each for each in (who.given, who.second) if each], "birth_date": who.born,
                "gender": who.gender, "postcode": who.postcode, "address": [each for each in (who.street, who.town) if each]}
        self.told.claims.append(claim(subject, "demographics", said))
        if carries:
            self.told.claims.append(number(subject, carries, verification))

    def everywhere(self, who: Someone, elsewhere: Someone, mistaken: str | None = None) -> str:
        """At the practice and in a hospital, where one in thirty has no verified number; the number. `mistaken`: what the hospital gave."""
        human = self.human()
        carries = nhs.number(int(human))
        self.known(human, GP, who, carries)
        self.known(human, EPR, elsewhere, mistaken or carries, "01" if mistaken or self._rng.random() > 0.03 else "02")
        return carries


def _plain(world: World, rng: Random, who: Someone) -> None:
    world.everywhere(who, who)


def _foreign(world: World, rng: Random, who: Someone) -> None:
    """Each system has its own letters, and its own place for a second given name."""
    family, written = rng.choice(FOREIGN)
    one = replace(who, family=family, second=rng.choice(FURTHER))
    world.everywhere(one, replace(one, family=written, given=f"{one.given} {one.second}", second=""))


def _unknown(world: World, rng: Random, who: Someone) -> None:
    """Brought in by ambulance, and never told who it was: nobody of whom another source knows."""
    sex = rng.choice(("Male", "Female"))
    world.known(world.human(), rng.choice((EPR, OTHER)), Someone(*rng.choice((("Unknown", sex), (sex, "Unknown"))), "", "1900-01-01",
                sex.lower(), "ZZ99 3VZ", "No fixed abode", ""), None)


def _newborns(world: World, rng: Random, mother: Someone) -> None:
    """One or two, whom the hospital has under no name of their own and, one in four, their mother's number."""
    carries = world.everywhere(mother, mother)
    several, born = rng.random() < 0.5, f"2025-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    for which in ("1", "2") if several else ("",):
        baby = replace(mother, given=someone(rng).given, second="", born=born)
        called = f"Twin {which}" if several else rng.choice(("Baby", "Baby Boy", f"Baby of {mother.given}"))
        world.everywhere(baby, replace(baby, given=called), carries if rng.random() < 0.25 else None)


def _first_names(world: World, rng: Random, who: Someone) -> None:
    """Twins with one first name; the hospital gave one in four the other's number."""
    one, other = rng.sample(FURTHER, 2)
    here = replace(who, given=FIRST[who.gender], family=rng.choice(("Khan", "Ahmed", "Begum")))
    carries = world.everywhere(*[replace(here, second=one)] * 2)
    world.everywhere(*[replace(here, second=other)] * 2, carries if rng.random() < 0.25 else None)


def _first_of_january(world: World, rng: Random, father: Someone) -> None:
    """Father and son of one name who came from where birthdays are not recorded; the hospital gave one in four the other's number."""
    father = replace(father, born=f"{rng.randint(1950, 1965)}-01-01")
    son = replace(father, born=f"{int(father.born[:4]) + rng.randint(18, 40)}-01-01")
    carries = world.everywhere(father, father)
    world.everywhere(son, son, carries if rng.random() < 0.25 else None)


def _mistyped_twins(world: World, rng: Random, who: Someone) -> None:
    """Twins, of whom one has the other's number and a slip in the family name."""
    carries = world.everywhere(who, who)
    other = replace(who, given=next(each for each in _others(rng) if each != who.given), second="")
    world.everywhere(other, replace(other, family=other.family[:3] + other.family[2:]), carries if rng.random() < 0.5 else None)


def _others(rng: Random) -> Iterator[str]:
    while True:
        yield someone(rng).given


KINDS: tuple[tuple[Callable[[World, Random, Someone], None], int], ...] = (
    (_plain, 900), (_foreign, 60), (_unknown, 20), (_newborns, 15), (_first_names, 8), (_first_of_january, 8), (_mistyped_twins, 4))
"""Each with how often it is."""

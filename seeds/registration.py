"""How each source knows each person: local ids, the NHS number as carried, and the identity errors made in carrying it.

Errors, as the truth file labels them:

| label | what happened |
|---|---|
| `typo` | two digits of the number changed places: the check digit is wrong |
| `wrong` | another person's number was taken; half the time as if verified |
| `missing` | no number was recorded |
| `shared` | a placeholder number that unrelated patients share |
| `duplicate` | a second local patient of the same source; sometimes already pointed at the first |
| `twin` | carries the number of the other twin |
| `newborn` | carries the mother's number |
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from seeds import nhs
from seeds.life.model import Person
from seeds.profiles import Profile
from seeds.trusts import BY_SOURCE, TRUSTS

PLACEHOLDER = nhs.number(nhs.LIMIT - 1)
"""Valid, and nobody's."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A source patient."""

    source: str
    patient: str
    person: Person
    ordinal: int
    """0 for the first of this person in this source, 1 for a duplicate."""
    number: str | None
    status: str
    """National verification status; only `01` may link by itself."""
    error: str | None
    merged_into: str | None = None
    family: str = ""
    given: tuple[str, ...] = ()

    @property
    def row_base(self) -> int:
        """Row ids of this source patient start here: room for 1,000, unique within the source."""
        return (self.person.index * 2 + self.ordinal) * 1000


def registrations(home: list[Person], rng: Random, profile: Profile) -> list[Registration]:
    """Every source patient of a household, person by person."""
    found: list[Registration] = []
    for person in home:
        sources = [trust.source for trust in TRUSTS if rng.random() < profile.presence.get(trust.source, 0.5)]
        if person.relation and person.relation.startswith("newborn"):
            sources = [trust.source for trust in TRUSTS if trust.acute or (trust.source == _home(profile) and rng.random() < 0.6)]
        for source in sources or [_home(profile)]:
            first = _registration(person, source, 0, home, rng, profile)
            found.append(first)
            if rng.random() < profile.errors["duplicate"]:
                found.append(_duplicate(first, rng))
    return found


def local_id(source: str, person: Person, ordinal: int) -> str:
    """As the source numbers its patients; duplicates are numbered apart."""
    number = person.index + 1 + ordinal * 5_000_000
    return BY_SOURCE[source].numbering.format(number)


def _home(profile: Profile) -> str:
    """The source that nearly everybody is known to, and those are who are known to no other."""
    return max(profile.presence, key=lambda source: profile.presence[source])


def _registration(person: Person, source: str, ordinal: int, home: list[Person], rng: Random, profile: Profile) -> Registration:
    number, status, error = _number(person, source, home, rng, profile)
    family = _spelt(person.family, rng) if rng.random() < 0.02 else person.family
    given = person.given[:1] if rng.random() < 0.3 else person.given
    return Registration(source, local_id(source, person, ordinal), person, ordinal, number, status, error, None, family, given)


def _number(person: Person, source: str, home: list[Person], rng: Random, profile: Profile) -> tuple[str | None, str, str | None]:
    relation = person.relation or ""
    if relation.startswith("newborn") and BY_SOURCE[source].acute and rng.random() < 0.7:
        return home[0].nhs_number, rng.choice(("01", "08")), "newborn"
    if relation.startswith("twin") and rng.random() < 0.25:
        return home[0].nhs_number, rng.choice(("01", "02")), "twin"
    lot = rng.random()
    for error in ("typo", "wrong", "missing", "shared"):
        if (lot := lot - profile.errors[error]) < 0:
            return _mistaken(person, error, rng)
    return person.nhs_number, "01" if rng.random() < 0.97 else rng.choice(("02", "03")), None


def _mistaken(person: Person, error: str, rng: Random) -> tuple[str | None, str, str | None]:
    if error == "typo":
        return _transposed(person.nhs_number, rng), rng.choice(("02", "03")), error
    if error == "wrong":
        other = rng.randrange(person.index) if person.index else 1
        return nhs.number(other), rng.choice(("01", "02")), error
    if error == "shared":
        return PLACEHOLDER, "02", error
    return None, rng.choice(("03", "04")), error


def _transposed(number: str, rng: Random) -> str:
    """Two unlike neighbours change places: modulus 11 finds every such slip."""
    places = [place for place in range(3, 9) if number[place] != number[place + 1]]
    if not places:
        return number[:9] + str((int(number[9]) + 1) % 10)
    place = rng.choice(places)
    return number[:place] + number[place + 1] + number[place] + number[place + 2 :]


def _spelt(family: str, rng: Random) -> str:
    place = rng.randrange(1, len(family) - 1) if len(family) > 2 else 0
    return family[:place] + family[place + 1 :] if rng.random() < 0.5 else family[: place + 1] + family[place:]


def _duplicate(first: Registration, rng: Random) -> Registration:
    number, status = (first.person.nhs_number, "02") if rng.random() < 0.4 else (None, "03")
    merged = first.patient if rng.random() < 0.4 else None
    return Registration(first.source, local_id(first.source, first.person, 1), first.person, 1, number, status, "duplicate", merged,
                        _spelt(first.person.family, rng), first.given)

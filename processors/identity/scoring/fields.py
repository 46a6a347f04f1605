"""What is compared: demographics and numbers, folded once. The columns that training reads are these too (`Fields.row`)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from processors.identity.demographics import Demographics, folded, telling

GIVEN, LINES = 3, 3
"""As many given names and lines of an address are compared as this."""


class Fields(NamedTuple):
    """Empty text and empty tuples: not said."""

    family: str = ""
    given: tuple[str, ...] = ()
    birth_date: str = ""
    gender: str = ""
    postcode: str = ""
    lines: tuple[str, ...] = ()
    nhs_number: str = ""

    def row(self) -> dict[str, str | None]:
        """As one row of a table; None where not said."""
        given, lines = (*self.given, *[""] * GIVEN)[:GIVEN], (*self.lines, *[""] * LINES)[:LINES]
        cells = {"family": self.family, "birth_date": self.birth_date, "gender": self.gender, "postcode": self.postcode,
                 "nhs_number": self.nhs_number}
        cells |= {f"given_{place}": each for place, each in enumerate(given, 1)}
        cells |= {f"line_{place}": each for place, each in enumerate(lines, 1)}
        return {column: cell or None for column, cell in cells.items()}


COLUMNS = tuple(Fields().row())


@lru_cache(maxsize=1 << 10)
def known_as(who: Demographics | None, carried: tuple[tuple[str, str], ...]) -> tuple[Fields, ...]:
    """As `fields`, which comes first, and with each former name and home in place of the present one."""
    now = fields(who, carried)
    if who is None or who.pseudo or not (who.former_names or who.former_homes):
        return (now,)
    who = telling(who)
    names = [(now.family, now.given), *((folded(family) or now.family, _folded(given, GIVEN) or now.given)
                                        for family, given in who.former_names)]
    homes = [(now.postcode, now.lines), *((folded(postcode), _folded(lines, LINES)) for postcode, lines in who.former_homes)]
    return tuple(dict.fromkeys(now._replace(family=family, given=given, postcode=postcode, lines=lines)
                               for family, given in names for postcode, lines in homes))


@lru_cache(maxsize=1 << 12)
def fields(who: Demographics | None, carried: tuple[tuple[str, str], ...]) -> Fields:
    """`carried`: numbers with their status, whether the check digit is right or not: a slip of one is evidence too. Of several none is.

    A pseudo person's name and birth date are made up: its number alone is compared.
    """
    numbers = {number for number, _ in carried if len(number) == 10 and len(set(number)) > 1}
    number = next(iter(numbers)) if len(numbers) == 1 else ""
    if who is None or who.pseudo:
        return Fields(nhs_number=number)
    who = telling(who)
    given, lines = _folded(who.given, GIVEN), _folded(who.address, LINES)
    gender = who.gender if who.gender in ("male", "female") else ""
    return Fields(folded(who.family), given, who.birth_date, gender, folded(who.postcode), lines, number)


def _folded(texts: tuple[str, ...], most: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(folded, texts))))[:most]

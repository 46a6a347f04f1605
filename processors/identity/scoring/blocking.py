"""Keys that two source patients must share, one at least, to be compared: each allows for a fault in what the others rest on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from mainstem.nhs_number import VERIFIED, verified
from processors.identity.demographics import Demographics, folded

NUMBER = "n|"
"""Begins the keys that are NHS numbers."""

_SOUNDS = {letter: sound for sound, letters in {"b": "bpfv", "c": "cgjkqsxz", "d": "dt", "l": "l", "m": "mn", "r": "r"}.items()
           for letter in letters}
_LONGEST = 4


@lru_cache(maxsize=1 << 14)
def sound(name: str) -> str:
    """The first letter, and the classes of the consonants after it, each run once: `smith` and `smyth` are one (after Soundex)."""
    found, last = name[:1], _SOUNDS.get(name[:1], "")
    for letter in name[1:]:
        now = _SOUNDS.get(letter, last if letter in "hw" else "")
        if now and now != last:
            found += now
            if len(found) == _LONGEST:
                break
        last = now
    return found


@lru_cache(maxsize=1 << 12)
def keys(who: Demographics | None, carried: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """By number of whatever status with the right check digit; birth date and a name; postcode and a name; both names and the year.

    Family and first given name are not told apart: where they changed places they still meet. A pseudo person is found by number alone.
    Each former name and home gives the keys that it would give as the present one.
    """
    found = [f"{NUMBER}{number}" for number, _ in carried if verified(number, VERIFIED)]
    if who is not None and not who.pseudo:
        for family, given in ((who.family, who.given), *who.former_names):
            for postcode, lines in ((who.postcode, who.address), *who.former_homes):
                found += _of(family, given or who.given, who.birth_date, postcode, lines)
    return tuple(dict.fromkeys(found))


def _of(family: str, given: tuple[str, ...], born: str, postcode: str, lines: tuple[str, ...]) -> Iterator[str]:
    names = [sound(name) for name in (folded(family), folded(given[0]) if given else "") if name]
    if len(born) == 10:
        yield from (f"b|{born}|{name}" for name in names)
    if postcode := folded(postcode):
        yield from (f"p|{postcode}|{name}" for name in names)
    if len(names) == 2 and len(born) >= 4:
        yield f"y|{born[:4]}|{min(names)}|{max(names)}"
    if postcode and len(born) == 10:
        yield f"w|{born}|{postcode}"
    if street := folded(lines[0]) if lines else "":
        yield from (f"s|{street}|{name}" for name in (*names, born[:4]) if name)

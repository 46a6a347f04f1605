"""Keys that two source patients must share, one at least, to be compared: each allows for a fault in what the others rest on."""

from __future__ import annotations

from functools import lru_cache

from mainstem.nhs_number import VERIFIED, verified
from processors.identity.demographics import Demographics, folded, telling

NUMBER = "n|"
"""Begins the keys that are NHS numbers."""

_SOUNDS = {letter: sound for sound, letters in {"b": "bpfv", "c": "cgjkqsxz", "d": "dt", "l": "l", "m": "mn", "r": "r"}.items()
           for letter in letters}
_LONGEST = 4
_DIGITS = "0123456789"
_BEGINS = 4
"""Letters of a line of an address, after its number: what is mistyped mostly comes later."""


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
    """By number of whatever status with the right check digit; birth date and a name; postcode and a name; both names and the year;
    birth date and postcode; first line of the address and a name; house number and what the first two lines of the address begin with.

    Family and first given name are not told apart: where they changed places they still meet. A pseudo person is found by number alone.
    Each former name and home gives the keys that it would give as the present one.
    """
    found = [f"{NUMBER}{number}" for number, _ in carried if verified(number, VERIFIED)]
    if who is not None and not who.pseudo:
        who = telling(who)
        for family, given in ((who.family, who.given), *who.former_names):
            for postcode, lines in ((who.postcode, who.address), *who.former_homes):
                found += _of(family, given or who.given, who.birth_date, postcode, lines)
    return tuple(dict.fromkeys(found))


def _of(family: str, given: tuple[str, ...], born: str, postcode: str, lines: tuple[str, ...]) -> list[str]:
    names = [sound(name) for name in (folded(family), folded(given[0]) if given else "") if name]
    dated, postcode, street = len(born) == 10, folded(postcode), folded(lines[0]) if lines else ""
    found = []
    for name in names:
        if dated:
            found.append(f"b|{born}|{name}")
        if postcode:
            found.append(f"p|{postcode}|{name}")
        if street:
            found.append(f"s|{street}|{name}")
    if len(names) == 2 and len(born) >= 4:
        found.append(f"y|{born[:4]}|{min(names)}|{max(names)}")
    if postcode and dated:
        found.append(f"w|{born}|{postcode}")
    if street and len(lines) > 1 and (house := _house(street, folded(lines[1]))):
        found.append(house)
    return found


def _house(street: str, second: str) -> str | None:
    """The same when the two lines changed places, with the number or without it."""
    one, other = street.lstrip(_DIGITS), second.lstrip(_DIGITS)
    number = street[:len(street) - len(one)] or second[:len(second) - len(other)]
    if not (number and one and other):
        return None
    one, other = one[:_BEGINS], other[:_BEGINS]
    return f"h|{number}|{one}|{other}" if one < other else f"h|{number}|{other}|{one}"

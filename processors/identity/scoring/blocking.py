"""Keys that two source patients must share, one at least, to be compared: each allows for a fault in what the others rest on."""

from __future__ import annotations

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
    """
    found = [f"{NUMBER}{number}" for number, _ in carried if verified(number, VERIFIED)]
    if who is not None and not who.pseudo:
        names = [sound(name) for name in (folded(who.family), folded(who.given[0]) if who.given else "") if name]
        if len(who.birth_date) == 10:
            found += [f"b|{who.birth_date}|{name}" for name in names]
        if postcode := folded(who.postcode):
            found += [f"p|{postcode}|{name}" for name in names]
        if len(names) == 2 and len(who.birth_date) >= 4:
            found.append(f"y|{who.birth_date[:4]}|{min(names)}|{max(names)}")
        if postcode and len(who.birth_date) == 10:
            found.append(f"w|{who.birth_date}|{postcode}")
        if street := folded(who.address[0]) if who.address else "":
            found += [f"s|{street}|{name}" for name in (*names, who.birth_date[:4]) if name]
    return tuple(dict.fromkeys(found))

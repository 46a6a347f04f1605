"""SNOMED CT identifiers: which codings carry one, and whether it is well-formed. dm+d ids are SNOMED ids."""

from __future__ import annotations

from typing import Any

from mainstem.kinds.base import DMD, SNOMED

SYSTEMS = frozenset({SNOMED, DMD})
_LONGEST = 18
"""Digits (SNOMED CT Release File Specification, 5.1 SCTID data type)."""
_MULTIPLY = ((0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 4, 0, 6, 7, 8, 9, 5), (2, 3, 4, 0, 1, 7, 8, 9, 5, 6), (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
             (4, 0, 1, 2, 3, 9, 5, 6, 7, 8), (5, 9, 8, 7, 6, 0, 4, 3, 2, 1), (6, 5, 9, 8, 7, 1, 0, 4, 3, 2), (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
             (8, 7, 6, 5, 9, 3, 2, 1, 0, 4), (9, 8, 7, 6, 5, 4, 3, 2, 1, 0))
"""Verhoeff's dihedral group D5 (SNOMED CT Release File Specification, appendix on the check digit)."""
_FIRST = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _permutations() -> tuple[tuple[int, ...], ...]:
    rows = [tuple(range(10))]
    for _ in range(7):
        rows.append(tuple(_FIRST[digit] for digit in rows[-1]))
    return tuple(rows)


_PERMUTE = _permutations()


def valid(code: str) -> bool:
    """Whether it is a SNOMED CT concept id: 6 to 18 digits, no leading zero, partition 00 or 10, Verhoeff check digit right."""
    if not (code.isascii() and code.isdigit() and 6 <= len(code) <= _LONGEST and code[0] != "0" and code[-3:-1] in ("00", "10")):
        return False
    check = 0
    for position, digit in enumerate(reversed(code)):
        check = _MULTIPLY[check][_PERMUTE[position % 8][int(digit)]]
    return check == 0


def number(coding: Any) -> int | None:
    """The code of a decoded coding as a number; None where it is of another system or no number at all."""
    code = text(coding)
    return None if code is None else read(code)


def text(coding: Any) -> str | None:
    """The code of a decoded coding as given; None where it is of another system or no text."""
    if not isinstance(coding, dict) or coding.get("system") not in SYSTEMS:
        return None
    code = coding.get("code")
    return code if isinstance(code, str) else None


def read(code: str) -> int | None:
    """A code as a number; None where it is none."""
    return int(code) if len(code) <= _LONGEST and code.isdecimal() and code.isascii() else None

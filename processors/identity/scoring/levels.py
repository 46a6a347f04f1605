"""The comparisons, and the level at which two values agree: symmetric, the first that holds. `mainstem.matching.columns` has it in SQL.

A level is its place in `levels`; None where one side says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from processors.identity.scoring.fields import Fields

ALIKE, NEAR = 0.880001, 0.920001
"""Least Jaro-Winkler similarity of names that are called alike, and of two lines of an address that are taken for one. No round numbers:
similarities are fractions that often come to those, and two libraries then round them to either side."""
OUTWARD = 5
"""Characters from which on a postcode has an inward part, of three, that may be left off."""


class Comparison(NamedTuple):
    name: str
    levels: tuple[str, ...]
    """Best first; the last is `differs`."""
    frequencies: str | None
    """Column whose term frequencies count at the best level."""
    level: Callable[[Fields, Fields], int | None]
    """Place in `levels`, or None."""


def slip(one: str, other: str) -> bool:
    """Equal, or a slip of the keyboard apart: two of eight letters, one of four; neighbours that change places are one."""
    if one == other:
        return True
    shorter = min(len(one), len(other))
    allowed = 2 if shorter >= 8 else 1 if shorter >= 4 else 0
    return allowed > 0 and DamerauLevenshtein.distance(one, other, score_cutoff=allowed) <= allowed


def _alike(one: str, other: str) -> bool:
    return JaroWinkler.similarity(one, other, score_cutoff=ALIKE) >= ALIKE


def _family(one: Fields, other: Fields) -> int | None:
    ours, theirs = one.family, other.family
    if not ours or not theirs:
        return None
    if ours == theirs:
        return 0
    if slip(ours, theirs):
        return 1
    if _crossed(one, other):
        return 2
    return 3 if ours.startswith(theirs) or theirs.startswith(ours) or _alike(ours, theirs) else 4


def _given(one: Fields, other: Fields) -> int | None:
    ours, theirs = one.given, other.given
    if not ours or not theirs:
        return None
    if ours[0] == theirs[0]:
        return 0
    if not set(ours).isdisjoint(theirs):
        return 1
    if any(slip(a, b) for a in ours for b in theirs):
        return 2
    if _crossed(one, other):
        return 3
    if any(a.startswith(b) or b.startswith(a) for a in ours for b in theirs):
        return 4
    return 5 if any(_alike(a, b) for a in ours for b in theirs) else 6


def _crossed(one: Fields, other: Fields) -> bool:
    """Family name and first given name in each other's place, on one side at least without a slip."""
    return bool(one.given and other.given and one.family and other.family) \
        and (one.family == other.given[0] or other.family == one.given[0])


def _birth_date(one: Fields, other: Fields) -> int | None:
    ours, theirs = one.birth_date, other.birth_date
    if not ours or not theirs:
        return None
    if ours == theirs:
        return 0
    if len(ours) != 10 or len(theirs) != 10:
        return 2 if ours.startswith(theirs) or theirs.startswith(ours) else 4
    if DamerauLevenshtein.distance(ours, theirs, score_cutoff=1) <= 1:
        return 1
    year, month, day = (ours[part] == theirs[part] for part in (_YEAR, _MONTH, _DAY))
    swapped = ours[_MONTH] == theirs[_DAY] and ours[_DAY] == theirs[_MONTH]
    if year and swapped:
        return 1
    return 3 if year + month + day == 2 else 4


_YEAR, _MONTH, _DAY = slice(0, 4), slice(5, 7), slice(8, 10)


def _gender(one: Fields, other: Fields) -> int | None:
    return None if not one.gender or not other.gender else int(one.gender != other.gender)


def _postcode(one: Fields, other: Fields) -> int | None:
    ours, theirs = one.postcode, other.postcode
    if not ours or not theirs:
        return None
    if ours == theirs:
        return 0
    if min(len(ours), len(theirs)) >= 4 and DamerauLevenshtein.distance(ours, theirs, score_cutoff=1) <= 1:
        return 1
    return 2 if min(len(ours), len(theirs)) >= OUTWARD and ours[:-3] == theirs[:-3] else 3


def _address(one: Fields, other: Fields) -> int | None:
    ours, theirs = one.lines, other.lines
    if not ours or not theirs:
        return None
    agreeing = [(a, b) for a in ours for b in theirs if a == b or JaroWinkler.similarity(a, b, score_cutoff=NEAR) >= NEAR]
    if agreeing:
        if min(len({a for a, _ in agreeing}), len({b for _, b in agreeing})) >= 2:
            return 0
        return 1 if any(a[0].isdigit() for pair in agreeing for a in pair) else 2
    return 3


def _nhs_number(one: Fields, other: Fields) -> int | None:
    ours, theirs = one.nhs_number, other.nhs_number
    if not ours or not theirs:
        return None
    if ours == theirs:
        return 0
    return 1 if DamerauLevenshtein.distance(ours, theirs, score_cutoff=1) <= 1 else 2


COMPARISONS: dict[str, Comparison] = {each.name: each for each in (
    Comparison("family", ("equal", "slip", "crossed", "alike", "differs"), "family", _family),
    Comparison("given", ("equal", "another", "slip", "crossed", "begins", "alike", "differs"), "given_1", _given),
    Comparison("birth_date", ("equal", "slip", "partial", "two-parts", "differs"), None, _birth_date),
    Comparison("gender", ("equal", "differs"), None, _gender),
    Comparison("postcode", ("equal", "slip", "outward", "differs"), None, _postcode),
    Comparison("address", ("two-lines", "street", "line", "differs"), None, _address),
    Comparison("nhs_number", ("equal", "slip", "differs"), None, _nhs_number),
)}

"""Where on the body: the site that a record names, and the side, which many write into the words of the code (`OA left knee`)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any

from mainstem.kinds.concepts import meaning
from mainstem.kinds.facts import Member, Terms

_SIDE = re.compile(r"(?<![\w/])(?:(?P<left>left|(?:lt|l)(?!-))|(?P<right>right|(?:rt|r)(?!-))|bilateral|both)(?![\w/])")
"""`(L)`, `Rt`, `left-sided`; not of `R/O DVT`, `L-dopa`, `L5`."""
_NOWHERE: frozenset[str] = frozenset()
_BOTH = frozenset({"left", "right"})


def site(content: dict[str, Any], terms: Terms) -> frozenset[str]:
    """What its body site means, by its codes and by each of its names: a site coded here and in words there is one where a name is the
    same. Empty where none is named."""
    concept = content.get("body_site")
    if not isinstance(concept, dict):
        return _NOWHERE
    means = {meaning(concept, terms), *(meaning({"text": name}, terms) for name in _names(concept))}
    return frozenset(each for each in means if each is not None)


def sides(content: dict[str, Any]) -> frozenset[str]:
    """`left`, `right` or both, as the words of its code and of its body site say; empty where they say none."""
    found = _NOWHERE
    for field in ("code", "body_site"):
        concept = content.get(field)
        if isinstance(concept, dict):
            for name in _names(concept):
                found |= _sides(name)
    return found


def differ(places: Collection[frozenset[str]]) -> bool:
    """Whether two of them have nothing in common. One that is not named is no other."""
    return any(one.isdisjoint(other) for one, other in combinations(set(places) - {_NOWHERE}, 2))


def parted(members: Sequence[Member], told: Callable[[dict[str, Any]], frozenset[str]]) -> Sequence[Sequence[Member]]:
    """By the places that they tell, those with a name in common together: where one source patient's own records tell of each, and every
    member names its own. One that names none may be of any: all stay together."""
    named = [told(member.content) for member in members]
    if not all(named) or not differ(named):
        return [members]
    parts: list[tuple[frozenset[str], list[Member]]] = []
    for member, names in zip(members, named, strict=True):
        same = [part for part in parts if not part[0].isdisjoint(names)]
        parts = [part for part in parts if part not in same]
        parts.append((names.union(*(each for each, _ in same)), [*(one for _, held in same for one in held), member]))
    tellers = Counter(subject for _, held in parts for subject in {one.place.subject for one in held})
    if max(tellers.values()) < len(parts):
        return [members]
    return sorted((sorted(held, key=lambda one: one.place) for _, held in parts), key=lambda held: held[0].place)


def _names(concept: dict[str, Any]) -> list[str]:
    found = [concept["text"]] if concept.get("text") else []
    found += [display for code in concept.get("codes") or () if (display := code.get("display")) and display not in found]
    return found


@lru_cache(maxsize=1 << 14)
def _sides(text: str) -> frozenset[str]:
    found = _NOWHERE
    for told in _SIDE.finditer(text.casefold()):
        found |= {told.lastgroup} if told.lastgroup else _BOTH
    return found

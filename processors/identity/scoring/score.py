"""Match weights: log2 of how much likelier two source patients are one person than two, field by field, as Splink reckons them.

Sum of: log2(prior / (1 - prior)); for each comparison log2(m / u) of its level; and at a level with term frequencies log2(u / f), f being
the greater of the two terms' frequencies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import log2
from typing import NamedTuple

from processors.identity.demographics import further_differ
from processors.identity.scoring.fields import Fields
from processors.identity.scoring.levels import COMPARISONS, slip
from processors.identity.scoring.release import Model


class Weight(NamedTuple):
    field: str
    level: str
    """Empty where one side says nothing."""
    bits: float


class _Weighed(NamedTuple):
    name: str
    levels: tuple[str, ...]
    level: Callable[[Fields, Fields], int | None]
    bits: tuple[float, ...]
    base: float
    """log2 of u of the best level."""
    frequencies: dict[str, float]
    """log2 of how often each term is."""


_EQUAL, _SLIP = 0, 1
_CROSSED = COMPARISONS["given"].levels.index("crossed")
_DIFFERS = {name: len(each.levels) - 1 for name, each in COMPARISONS.items()}
_PARTIAL = COMPARISONS["birth_date"].levels.index("partial")


class Scorer:
    """Scores by one model. Symmetric, to the last bit."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.digest = model.digest
        self.prior = log2(model.prior / (1 - model.prior))
        self._weighed = [
            _Weighed(each.comparison, known.levels, known.level, tuple(log2(level.m / level.u) for level in each.levels),
                     log2(each.levels[0].u), {term: log2(found) for term, found in each.frequencies.items()})
            for each in model.comparisons if (known := COMPARISONS[each.comparison])]
        self.score = lru_cache(maxsize=1 << 14)(self._score)

    def _score(self, one: Fields, other: Fields) -> float:
        """The match weight of a pair, in bits."""
        total = self.prior
        for each in self._weighed:
            place = each.level(one, other)
            if place is not None:
                total += each.bits[place]
                if place == 0 and each.frequencies:
                    total += _rarity(each, one)
        return total

    def best(self, ones: Sequence[Fields], others: Sequence[Fields]) -> tuple[float, Fields, Fields]:
        """The match weight of the two that are most alike, and which those are; symmetric. Of equal ones the present names and homes.

        Splink's model knows one name a person: with former ones the weight is that of the best, which chance makes likelier the more there
        are (at most `demographics.FORMER` names and homes a side). So it offers, and links nobody by itself (`alike`).
        """
        if len(ones) == len(others) == 1:
            return self.score(ones[0], others[0]), ones[0], others[0]
        pairs = [(at + to, one, other) for at, one in enumerate(ones) for to, other in enumerate(others)]
        _, one, other = min(pairs, key=lambda pair: (-self.score(*pair[1:]), pair[0], sorted(pair[1:])))
        return self.score(one, other), one, other

    def explain(self, one: Fields, other: Fields) -> list[Weight]:
        """Every comparison with its bits; with the prior they add up to the match weight."""
        found = []
        for each in self._weighed:
            place = each.level(one, other)
            bits = 0.0 if place is None else each.bits[place] + (_rarity(each, one) if place == 0 and each.frequencies else 0.0)
            found.append(Weight(each.name, "" if place is None else each.levels[place], bits))
        return found

    def relatives(self, one: Fields, other: Fields) -> bool:
        """Whether the two may be of one family, not one person: anything but the same first given name, further ones that differ, or a
        birth date that differs by more than a slip. Only a human joins them."""
        given, birth = COMPARISONS["given"].level(one, other), COMPARISONS["birth_date"].level(one, other)
        return self.model.thresholds.families and (
            given not in (_EQUAL, _CROSSED) or birth not in (_EQUAL, _SLIP) or further_differ(one.given, other.given, _agree))

    def unlike(self, one: Fields, other: Fields) -> bool:
        """Whether they are two of one family for sure enough that no human is asked: given names differ, and either birth date and family
        name agree (twins) or birth dates differ (newborn and mother); one has none yet, and nothing of the birth dates agrees; or birth
        date and gender differ."""
        if not self.model.thresholds.families:
            return False
        given, birth, family, gender = (COMPARISONS[name].level(one, other) for name in ("given", "birth_date", "family", "gender"))
        differs = birth is not None and birth > _PARTIAL
        if given == _DIFFERS["given"]:
            return differs or (birth in (_EQUAL, _SLIP) and family not in (None, _DIFFERS["family"]))
        return (differs and gender == _DIFFERS["gender"]) or (given is None and birth == _DIFFERS["birth_date"])


def _agree(one: str, other: str) -> bool:
    return slip(one, other) or one.startswith(other) or other.startswith(one)


def _rarity(weighed: _Weighed, one: Fields) -> float:
    """Of the best level both have the same term. One that training did not see says no more than the level."""
    found = weighed.frequencies.get(one.family if weighed.name == "family" else one.given[0])
    return 0.0 if found is None else weighed.base - found


@lru_cache(maxsize=8)
def scorer(model: Model) -> Scorer:
    return Scorer(model)

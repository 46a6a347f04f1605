"""Scored lookups in state on disk, in processor time: `pytest tests/processors/identity/test_lookup_rate.py -s -m slow`."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from processors.identity.demographics import Demographics
from processors.identity.evidence import NOTHING, Evidence
from processors.identity.indexes import Indexes
from processors.identity.offers import seeker
from processors.identity.persons import own_person
from processors.identity.scoring.release import built_in
from processors.identity.scoring.score import Scorer
from processors.lane.overlay import Overlay
from processors.lane.store import Store
from tests.strategies import KEY

BATCH = 20_000


class Names:
    """Names as frequent as in the built-in release, each with one of twenty endings: some thousand of each kind, as in a district."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._family, self._given = (list(each.frequencies.items()) for each in built_in().comparisons[:2])
        self._endings = [a + b for a in "bdlmt" for b in "aeio"]

    def draw(self, kind: list[tuple[str, float]]) -> str:
        (name,) = self._rng.choices([term for term, _ in kind], [weight for _, weight in kind])
        return name + self._rng.choice(self._endings)

    def person(self, size: int) -> Demographics:
        """Forty to a postcode and road, and as many of these as it takes."""
        rng, place = self._rng, self._rng.randrange(max(1, size // 40))
        born = f"{rng.randint(1930, 2025)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
        postcode = f"Z{place // 6084 % 90} {place % 9}{chr(65 + place // 9 % 26)}{chr(65 + place // 234 % 26)}"
        return Demographics(self.draw(self._family), (self.draw(self._given),), born, rng.choice(["male", "female"]), postcode, False,
                            (f"{rng.randint(1, 15)} Road {place}", f"Town {place % 40}"))


@pytest.mark.slow
@pytest.mark.parametrize("size", [100_000, 1_000_000])
def test_a_scored_lookup_takes_less_than_20_ms(size: int, tmp_path: Path) -> None:
    rng = random.Random(11)
    names, store, sample = Names(rng), Store(tmp_path / "state", "lookup", 0), []
    for start in range(0, size, BATCH):
        state = Overlay(store)
        indexes = Indexes(state)
        for place in range(start, start + BATCH):
            said = Evidence(demographics=names.person(size))
            indexes.put(f"A|{place}", NOTHING, said)
            if place % (size // 500) == 0:
                sample.append(said)
        store.apply(state.changes.items(), {}, 0, 0)
    scorer, took, found, compared = Scorer(built_in()), [], 0, 0
    for place, said in enumerate(sample):
        one = Indexes(store)
        one._said[f"B|{place}"] = said
        begun = time.process_time()
        offered = seeker(f"B|{place}", one, lambda subject: own_person(KEY, subject), KEY, scorer)
        took.append(1000 * (time.process_time() - begun))
        compared += len(one._said) - 1
        found += bool(offered and offered.offers)
    store.close()
    took.sort()
    print(f"\n{size:,} persons: {took[len(took) // 2]:.2f} ms in the middle, {took[int(len(took) * 0.99)]:.2f} ms at 99 %, "
          f"{compared / len(sample):.1f} compared on average")
    assert found == len(sample)
    assert took[int(len(took) * 0.99)] < 20

"""A model release: the comparisons with their weights, term frequencies and thresholds, frozen as JSON under a digest.

`mainstem identity train` makes one, `activate` puts it in force. Scoring reads nothing else.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import msgspec

from mainstem import canonical
from mainstem.shelf import ReleaseError
from processors.identity.scoring.levels import COMPARISONS

FORMAT = 1
BUILT_IN = Path(__file__).parent / "seeds-1.json"
"""Trained on synthetic trusts: `mainstem identity train seeds-1.json --learn seeds:5000 --seed 7 --name seeds-1`, before training took off
what random pairs of one person add to the chances among two: trained anew, equal fields would weigh more."""


class Level(msgspec.Struct, frozen=True):
    """`m`, `u`: the chance of this level where both are one person, and where they are two."""

    level: str
    m: float
    u: float


class Weighed(msgspec.Struct, frozen=True):
    """A comparison as trained, its levels in the order of `levels.COMPARISONS`."""

    comparison: str
    levels: tuple[Level, ...]
    frequencies: dict[str, float] = {}
    """Term -> how often a source patient has it; those not in it get the weight of the level."""

    def __hash__(self) -> int:
        return hash((self.comparison, self.levels))


class Thresholds(msgspec.Struct, frozen=True):
    """Match weights, in bits."""

    review: float
    """From here on a pair is offered to a human."""
    automatic: float
    """From here on it is linked, where `link` says so."""
    link: bool = False
    families: bool = True
    """Families share names, addresses and birth dates, which weights take for independent: what tells twins, father and son, mother and
    newborn apart (`score.Scorer.relatives`) then holds a pair apart whatever its weight. Off only for sets known to have none."""


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """`prior`: the chance that any two source patients are one person."""

    format: int = FORMAT
    name: str
    trained_on: str
    source_patients: int
    prior: float
    comparisons: tuple[Weighed, ...]
    thresholds: Thresholds

    @property
    def digest(self) -> str:
        """SHA-256 of the content, however the file is laid out."""
        return canonical.digest(msgspec.json.encode(self, order="sorted")).hex()


def load(path: Path) -> Model:
    """Raises ReleaseError; OSError where there is no such file."""
    try:
        model = msgspec.json.decode(path.read_bytes(), type=Model)
    except (msgspec.DecodeError, msgspec.ValidationError) as fault:
        raise ReleaseError(f"{path} is no model release ({fault}): give a file that `mainstem identity train` wrote") from fault
    if model.format != FORMAT:
        raise ReleaseError(f"{path} has format {model.format}, this version reads {FORMAT}: train it again")
    for each in model.comparisons:
        known = COMPARISONS.get(each.comparison)
        if known is None or known.levels != tuple(level.level for level in each.levels):
            raise ReleaseError(f"{path} was trained for another comparison of {each.comparison}: train it again")
        if not all(0 < level.m <= 1 and 0 < level.u <= 1 for level in each.levels) or not 0 < model.prior < 1:
            raise ReleaseError(f"{path} has a chance that is none (comparison {each.comparison})")
    return model


def dump(model: Model, path: Path) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(model), indent=1) + b"\n")


@lru_cache(maxsize=1)
def built_in() -> Model:
    """The one that ships with Mainstem: in force until another is."""
    return load(BUILT_IN)

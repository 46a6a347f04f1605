"""The floor of difficulty holds on every profile, measured from the truth file as anyone would."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from seeds.load import make
from seeds.profiles import PROFILES, Profile
from seeds.truth import FLOOR, difficulty, read


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_floor(profile: Profile, seed: int, tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    made = make(500, seed, profile, dsn=None, truth_path=path)
    measured, floor = asdict(difficulty(read(path))), asdict(FLOOR)
    assert made.persons == 500
    assert {name: share for name, share in measured.items() if share < floor[name]} == {}


def test_profiles_differ_in_codes() -> None:
    from seeds.catalogue import catalogue

    everyday, unseen = catalogue(PROFILES["everyday"].catalogue), catalogue(PROFILES["unseen"].catalogue)
    codes = [{medicine.code for medicine in found.medicines} for found in (everyday, unseen)]
    assert codes[0] - codes[1]
    assert codes[1] - codes[0]

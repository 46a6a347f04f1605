"""Lives are deterministic, any number of them begins alike, and every row fits its schema."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from seeds import nhs
from seeds.errors import TooManyPersonsError
from seeds.generate import lives
from seeds.profiles import EVERYDAY, MESSY, PROFILES, Profile
from seeds.trusts import BY_SOURCE


def test_the_same_seed_makes_the_same_lives_whatever_their_number() -> None:
    few, many = list(lives(60, 7, MESSY)), list(itertools.islice(lives(500, 7, MESSY), 60))
    assert few[:59] == many[:59]


def test_another_seed_makes_other_lives() -> None:
    assert [life.told for life in lives(20, 1, EVERYDAY)] != [life.told for life in lives(20, 2, EVERYDAY)]


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_rows_fit_their_tables_and_keys_are_unique(profile: Profile) -> None:
    seen: Counter[tuple[str, str, str]] = Counter()
    for life in lives(400, 3, profile):
        assert len(life.registrations) >= 1
        for source, row in life.rows:
            table = BY_SOURCE[source].tables[row.table]
            row.copied(table)
            assert row.values[BY_SOURCE[source].patient_column] is not None
            seen[source, row.table, repr(row.key(table))] += 1
    assert max(seen.values()) == 1


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_every_fact_names_rows_that_were_made(profile: Profile) -> None:
    for life in lives(200, 5, profile):
        made = {(source, row.table, repr(row.key(BY_SOURCE[source].tables[row.table]))) for source, row in life.rows}
        for told in life.told:
            assert told.records, told.fact.id
            assert {(source, table, repr(key)) for source, table, key in told.records} <= made


def test_a_typo_is_always_found_by_the_check_digit() -> None:
    typos = [known.number for life in lives(1200, 1, MESSY) for known in life.registrations if known.error == "typo"]
    assert typos
    assert not any(nhs.is_valid(number or "") for number in typos)


def test_every_kind_of_identity_error_occurs() -> None:
    errors = {known.error for life in lives(1200, 1, MESSY) for known in life.registrations}
    assert errors == {None, "typo", "wrong", "missing", "shared", "duplicate", "twin", "newborn"}


def test_more_persons_than_numbers_are_refused() -> None:
    with pytest.raises(TooManyPersonsError, match="at most"):
        next(lives(nhs.LIMIT, 1, EVERYDAY))

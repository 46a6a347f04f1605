"""The generator: lives, source patients and rows, person by person, with the truth about them. Pure, streaming, deterministic."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from seeds.catalogue import catalogue
from seeds.errors import TooManyPersonsError
from seeds.life import Person
from seeds.life.clinical import truths
from seeds.life.model import KINDS
from seeds.life.people import households
from seeds.nhs import LIMIT
from seeds.profiles import Profile
from seeds.registration import Registration, registrations
from seeds.rows import Row, RowIds
from seeds.telling import Fact, facts
from seeds.trusts import BY_SOURCE, TRUSTS


@dataclass(frozen=True, slots=True)
class Told:
    """A fact with the rows that speak of it: (source, table, primary key)."""

    fact: Fact
    records: tuple[tuple[str, str, dict[str, Any]], ...]


@dataclass(frozen=True, slots=True)
class Life:
    """One person: who they are to each source, what is told of them, and the rows to load, by source."""

    person: Person
    registrations: tuple[Registration, ...]
    told: tuple[Told, ...]
    rows: tuple[tuple[str, Row], ...]


def lives(persons: int, seed: int, profile: Profile) -> Iterator[Life]:
    """`persons` lives. The first n are the same whatever the number asked for. Raises TooManyPersonsError."""
    if persons >= LIMIT:
        raise TooManyPersonsError(persons, LIMIT - 1)
    words = catalogue(profile.catalogue)
    for rng, home in households(persons, seed, profile, words.words):
        known = registrations(home, rng, profile)
        for person in home:
            mine = [registration for registration in known if registration.person is person]
            yield _life(person, mine, list(facts(list(truths(person, rng, words)), mine, rng, profile, SPEAKERS)), profile)


def _life(person: Person, known: list[Registration], found: list[Fact], profile: Profile) -> Life:
    ids = {registration.patient: RowIds(registration.source, registration.row_base) for registration in known}
    rows = [(registration.source, _VIEWS[registration.source].patient(registration, profile.wording)) for registration in known]
    told = []
    for fact in found:
        records = []
        for telling in fact.tellings:
            source = telling.registration.source
            for row in _VIEWS[source].rows(telling, ids[telling.registration.patient], profile.wording):
                records.append((source, row.table, row.key(BY_SOURCE[source].tables[row.table])))
                if row.new:
                    rows.append((source, row))
        told.append(Told(fact, tuple(records)))
    return Life(person, tuple(known), tuple(told), tuple(rows))


_VIEWS: dict[str, Any] = {trust.source: importlib.import_module(f"seeds.trusts.{trust.folder}.view") for trust in TRUSTS}
"""Source -> its view: `patient(registration, wording)`, `rows(telling, ids, wording)`, and `MAKERS` by type of truth."""
SPEAKERS = {kind: tuple(source for source, view in _VIEWS.items() if kind in view.MAKERS) for kind in KINDS}

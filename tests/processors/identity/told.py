"""Synthetic trusts in memory: what their patient rows claim, by way of the trusts' own mappings, and who is who in truth."""

from __future__ import annotations

from dataclasses import dataclass

from mainstem.model import Claim
from mainstem.truth.told import Reader
from seeds.generate import lives
from seeds.profiles import profile
from seeds.trusts import BY_SOURCE


@dataclass(frozen=True, slots=True)
class Told:
    claims: list[Claim]
    truth: dict[str, str]
    """Source patient -> human."""
    errors: dict[str, str | None]
    """Source patient -> identity error."""


def told(persons: int, seed: int, name: str) -> Told:
    reader, found = Reader(), Told([], {}, {})
    for life in lives(persons, seed, profile(name)):
        for known in life.registrations:
            subject = f"{known.source}|{known.patient}"
            found.truth[subject], found.errors[subject] = life.person.id, known.error
        for source, row in life.rows:
            if row.table == BY_SOURCE[source].patient_table:
                for item in reader.read(source, row):
                    found.claims.extend(item.claims)
    return found

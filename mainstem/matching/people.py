"""Whom a model learns from, or is measured on: synthetic trusts, a running Mainstem's claims, a table of one's own."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mainstem.model import Claim
from mainstem.truth.told import Reader
from processors.identity.claimed import Claimed
from processors.identity.demographics import Demographics
from processors.identity.scoring.fields import Fields, fields
from seeds.generate import lives
from seeds.profiles import profile
from seeds.trusts import BY_SOURCE

COLUMNS = ("family", "given", "birth_date", "gender", "postcode", "address", "nhs_number")
"""Of a table (CSV with a header); others are passed over. Several given names or lines of an address are parted by `;`; dates are
written as 1980-03-31 or 19800331."""
TRUTH = "human"
"""Column that says who is who, where that is known: for measuring, never for learning."""


class UnreadableError(Exception):
    """A table without rows, or without a column that is needed."""


@dataclass(frozen=True, slots=True)
class Told:
    """What trusts claim of their patients, and who is who in truth."""

    claims: list[Claim] = field(default_factory=list)
    truth: dict[str, str] = field(default_factory=dict)
    """Source patient -> human."""
    errors: dict[str, str | None] = field(default_factory=dict)
    """Source patient -> identity error."""


def told(persons: int, seed: int, name: str) -> Told:
    """Synthetic trusts in memory, by way of the trusts' own mappings. Raises UnknownProfileError."""
    reader, found = Reader(), Told()
    for life in lives(persons, seed, profile(name)):
        for known in life.registrations:
            subject = f"{known.source}|{known.patient}"
            found.truth[subject], found.errors[subject] = life.person.id, known.error
        for source, row in life.rows:
            if row.table == BY_SOURCE[source].patient_table:
                for item in reader.read(source, row):
                    found.claims.extend(item.claims)
    return found


def of_claims(claims: Iterable[Claim]) -> list[Fields]:
    """Those that say anything of who they are; pseudo persons teach nothing."""
    said = Claimed(claims).evidence
    return [fields(who, said[subject].carried) for subject in sorted(said)
            if (who := said[subject].demographics) is not None and not who.pseudo]


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a linkage set. `human`: empty where the set does not say."""

    who: Demographics
    carried: tuple[tuple[str, str], ...]
    human: str

    @property
    def fields(self) -> Fields:
        return fields(self.who, self.carried)


def of_table(path: Path) -> list[Row]:
    """Raises UnreadableError, OSError."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        columns = set(reader.fieldnames or ())
        if not columns & {"family", "given"}:
            raise UnreadableError(f"{path} has none of the columns {', '.join(COLUMNS)}")
        rows = [row(each) for each in reader]
    if not rows:
        raise UnreadableError(f"{path} has no rows")
    return rows


def row(cells: Mapping[str, str | None]) -> Row:
    texts = {column: (cells.get(column) or "").strip() for column in (*COLUMNS, TRUTH)}
    born = texts["birth_date"]
    if len(born) == 8 and born.isdigit():
        born = f"{born[:4]}-{born[4:6]}-{born[6:]}"
    who = Demographics(family=texts["family"], given=tuple(_parts(texts["given"])), birth_date=born,
                       gender=texts["gender"], postcode=texts["postcode"], address=tuple(_parts(texts["address"])))
    number = "".join(texts["nhs_number"].split())
    return Row(who, ((number, ""),) if number else (), texts[TRUTH])


def _parts(text: str) -> Iterator[str]:
    return (part for each in text.split(";") if (part := each.strip()))

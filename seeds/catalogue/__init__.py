"""The catalogue: genuine SNOMED CT and dm+d codes that synthetic lives are made of, and invented words around them.

Each row of the CSV files says in `source` where its code can be checked: `gp-connect`, `uk-core` and `dmd` are the corpora, `snomed` is
the published terminology; `words` has no code that could be vouched for, and is told in words or a local code. `sets` says which
profiles use it: `1` everyday and messy, `2` unseen and labelled, `3` prose; `said` is how another organisation writes the same there.
An `emis_code` is the GP supplier's own, genuine where it does not start with `LOC`; those and the community trust's are invented, as
local codes are.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Concept:
    code: str
    term: str


@dataclass(frozen=True, slots=True)
class Medicine:
    """A dm+d product (`level` VMP or AMP) of one moiety (VTM), and how it is taken."""

    moiety: str
    vtm: str
    level: str
    code: str
    name: str
    emis_code: str
    community_code: str
    doses: tuple[str, ...]
    dose_unit: str
    frequencies: tuple[str, ...]
    route: str
    course: str
    for_problems: tuple[str, ...]
    unit_strength: str
    unit_form: str
    said: str


@dataclass(frozen=True, slots=True)
class Allergen:
    """The same agent as a substance (hospital), a moiety (dm+d) and a finding (GP); empty where there is no such code."""

    name: str
    substance: str
    vtm: str
    finding: str
    finding_term: str
    emis_code: str
    community_code: str
    category: str
    said: str


@dataclass(frozen=True, slots=True)
class Problem:
    code: str
    term: str
    emis_code: str
    from_age: int
    to_age: int
    said: str = ""
    recurs: bool = False
    """May come back, years after it ended: another episode, another fact."""


@dataclass(frozen=True, slots=True)
class Test:
    code: str
    term: str
    unit: str
    low: float
    high: float
    local_code: str
    said: str = ""
    said_unit: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    code: str
    name: str
    specimen: str
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Vaccine:
    procedure: str
    term: str
    product: str
    product_term: str
    emis_code: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything of one set."""

    medicines: tuple[Medicine, ...]
    allergens: tuple[Allergen, ...]
    problems: tuple[Problem, ...]
    panels: tuple[Panel, ...]
    vaccines: tuple[Vaccine, ...]
    concepts: dict[str, tuple[Concept, ...]]
    """By use: `reaction`, `presentation`, `procedure`, `document`, `measurement`."""
    words: dict[str, Any]
    """`lists.yaml`."""


ROUTES: dict[str, Concept] = {
    "oral": Concept("26643006", "Oral"),
    "inhaled": Concept("18679011000001101", "Inhalation"),
    "subcutaneous": Concept("34206005", "Subcutaneous"),
    "ocular": Concept("54485002", "Ocular"),
    "transdermal": Concept("45890007", "Transdermal"),
    "nasal": Concept("46713006", "Nasal"),
    "sublingual": Concept("37839007", "Sublingual"),
    "intramuscular": Concept("78421000", "Intramuscular"),
}
NO_KNOWN_ALLERGY = Concept("716186003", "No known allergy")


@cache
def catalogue(which: str) -> Catalogue:
    """The catalogue of set `1`, `2` or `3`."""

    def rows(name: str) -> list[dict[str, str]]:
        with (FOLDER / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            return [row for row in csv.DictReader(file) if which in row.get("sets", which)]

    concepts: dict[str, list[Concept]] = {}
    for row in rows("concepts"):
        concepts.setdefault(row["use"], []).append(Concept(row["code"], row["term"]))
    return Catalogue(
        medicines=tuple(_medicine(row) for row in rows("medicines")),
        allergens=tuple(Allergen(*(row[name] for name in Allergen.__slots__)) for row in rows("allergens")),
        problems=tuple(Problem(row["code"], row["term"], row["emis_code"], int(row["from_age"]),
            int(row["to_age"]), row["said"], row["recurs"] == "yes") for row in rows("problems")),
        panels=_panels(rows("tests")),
        vaccines=tuple(Vaccine(*(row[name] for name in Vaccine.__slots__)) for row in rows("vaccines")),
        concepts={use: tuple(found) for use, found in concepts.items()},
        words=yaml.safe_load((FOLDER / "lists.yaml").read_text(encoding="utf-8")),
    )


def _medicine(row: dict[str, str]) -> Medicine:
    lists = {name: tuple(filter(None, row[name].split(";"))) for name in ("doses", "frequencies", "for_problems")}
    return Medicine(**{name: row[name] for name in Medicine.__slots__} | lists)  # type: ignore[arg-type]


def _panels(rows: list[dict[str, str]]) -> tuple[Panel, ...]:
    tests: dict[tuple[str, str, str], list[Test]] = {}
    for row in rows:
        test = Test(row["code"], row["term"], row["unit"], float(row["low"]), float(row["high"]), row["local_code"], row["said"],
                    row["said_unit"])
        tests.setdefault((row["panel_code"], row["panel"], row["specimen"]), []).append(test)
    return tuple(Panel(*key, tuple(found)) for key, found in tests.items())

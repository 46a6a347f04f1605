"""The ground truth file: JSON lines saying who is who and which rows are one fact; and the floor of difficulty it must show.

Lines by their `type`:

- `made`, the first line: `persons`, `seed`, `profile`.
- `person`: `person`, `nhs_number`, `relation` (`twin-of:...`, `newborn-of:...`, or null), and `source_patients`, a list of `source`,
  `patient`, `nhs_number` (as carried), `identity_error` (see `seeds.registration`), `merged_into`.
- `fact`: `person`, `fact`, `kind`, `key` (what makes it this fact), `sources`, `records` (a list of `source`, `table` and `key`, the
  primary key column by column), `conflict` (what about, or null), `undated`, `local`.
- `change`, appended by the workload player: `change` (what was done), `source`, `patient`, `records`; `into` (the survivor of a merge);
  `same_as` and `nhs_number` (a second registration with a wrong number).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import orjson

from seeds.errors import TruthFileError
from seeds.generate import Life
from seeds.life import Truth, model


def lines(life: Life) -> Iterator[dict[str, Any]]:
    """The truth about one person."""
    yield {
        "type": "person", "person": life.person.id, "nhs_number": life.person.nhs_number, "relation": life.person.relation,
        "source_patients": [
            {"source": known.source, "patient": known.patient, "nhs_number": known.number, "identity_error": known.error,
             "merged_into": known.merged_into} for known in life.registrations]}
    for told in life.told:
        fact = told.fact
        yield {
            "type": "fact", "person": life.person.id, "fact": fact.id, "kind": fact.kind, "key": meaning(fact.truth),
            "sources": sorted({source for source, _, _ in told.records}),
            "records": [{"source": source, "table": table, "key": key} for source, table, key in told.records],
            "conflict": fact.conflict, "undated": fact.undated, "local": fact.local}


def encode(line: dict[str, Any]) -> bytes:
    return orjson.dumps(line, default=str) + b"\n"


def read(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for line in file:
            yield orjson.loads(line)


def opened(path: Path, mode: Literal["ab", "wb"]) -> BinaryIO:
    """Raises TruthFileError."""
    try:
        return path.open(mode)
    except OSError as error:
        raise TruthFileError(path, error.strerror or type(error).__name__) from error


def meaning(truth: Truth) -> dict[str, str | None]:
    """What makes a fact this one, in national codes, whatever its tellings are coded in."""
    match truth:
        case model.Allergy(allergen=None):
            return {"agent": "none known"}
        case model.Allergy(allergen=agent) if agent:
            return {"agent": agent.name, "substance": agent.substance or None, "vtm": agent.vtm or None, "finding": agent.finding}
        case model.Course(medicine=medicine):
            return {"vtm": medicine.vtm, "moiety": medicine.moiety, "route": medicine.route}
        case model.Condition(problem=problem):
            return {"code": problem.code, "term": problem.term}
        case model.Result():
            return {"order": truth.order, "test": truth.test.code, "specimen": truth.panel.specimen}
        case model.Stay():
            return {"admitted": truth.admitted.isoformat()}
        case model.Vaccination():
            return {"procedure": truth.vaccine.procedure, "given": truth.given.text}
        case model.Measurement():
            return {"code": truth.what.code, "on": truth.on.text}
        case model.Letter():
            return {"type": truth.type_.code, "written": truth.written.isoformat()}
        case model.Operation():
            return {"code": truth.procedure.code, "performed": truth.performed.isoformat()}
        case model.Consultation():
            return {"reason": truth.reason.code, "on": truth.on.text}
        case model.Referral():
            return {"team": truth.team_code, "received": truth.received.isoformat()}
        case model.Contact():
            return {"referral": str(truth.referral), "on": truth.on.isoformat()}
        case model.Plan():
            return {"title": truth.title}
        case model.Alert():
            return {"code": truth.code}
    return {}


@dataclass(frozen=True, slots=True)
class Difficulty:
    """Shares of facts (the first four) and of source patients (the last), from 0 to 1."""

    several_sources: float
    conflict: float
    local: float
    undated: float
    identity_errors: float


FLOOR = Difficulty(several_sources=0.30, conflict=0.10, local=0.05, undated=0.03, identity_errors=0.02)
"""What every profile must show, else rules tried on it prove little."""


def difficulty(truth: Iterable[dict[str, Any]]) -> Difficulty:
    """Measures a truth file's lines."""
    count: Counter[str] = Counter()
    for line in truth:
        if line["type"] == "fact":
            count["facts"] += 1
            count["several"] += len(line["sources"]) > 1
            for name in ("conflict", "local", "undated"):
                count[name] += bool(line[name])
        elif line["type"] == "person":
            count["patients"] += len(line["source_patients"])
            count["errors"] += sum(known["identity_error"] is not None for known in line["source_patients"])
    facts, patients = count["facts"] or 1, count["patients"] or 1
    return Difficulty(count["several"] / facts, count["conflict"] / facts, count["local"] / facts, count["undated"] / facts,
                      count["errors"] / patients)

"""The shape of a mapping file, as pydantic reads it. What each key means is told in docs/mappings.md."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from producers.mapping.rules import Column, Condition, FieldRule, Part

Label = Literal["sensitive", "nopat", "pds-restricted", "opt-out"]
"""Those of `mainstem.labels`."""
Verification = Literal["01", "02", "03", "04", "05", "06", "07", "08"]


class Vocabulary(Part):
    """Source's words -> ours. Compared without regard to case and surrounding space."""

    values: dict[str, str | None]
    otherwise: str | None = "keep"
    """A word not listed: `keep` it as it is, null to say nothing, or this instead."""


class Record(Part):
    """What a row says in one part of one record."""

    kind: str
    record: str
    """Template, `allergy/{allergy_id}`."""
    part: str = ""
    fields: dict[str, FieldRule]
    only: Condition | None = None
    """Rows of which it holds; of others this record is removed."""
    retracted: Condition | None = None
    removed: Condition | None = None
    recorded: Column | None = None
    labels: dict[Label, Condition] = Field(default_factory=dict)


class VerificationOf(Part):
    column: str
    values: dict[str, Verification]
    otherwise: Verification = "03"


class CarriesNumber(Part):
    number: str
    verification: VerificationOf
    retracted: Condition | None = None


class MergedInto(Part):
    column: str


class Claims(Part):
    carries_number: CarriesNumber | None = None
    merged_into: MergedInto | None = None
    demographics: bool = False
    """What the table's record of kind `patient` says of names, birth date, gender and address is evidence too."""
    left: Condition | None = None
    """Rows of patients who are registered here no more: their address is where they lived then, a former home."""


class IgnoreWhen(Part):
    condition: Condition
    reason: str


class Table(Part):
    """One captured table: ignored for a reason, or mapped."""

    ignore: str | None = None
    ignore_when: IgnoreWhen | None = None
    patient: str | None = None
    """Column of the local patient id; the file's `patient` where absent."""
    records: tuple[Record, ...] = ()
    claims: Claims = Claims()
    not_taken: tuple[str, ...] = ()
    """Columns that are left on purpose."""

    @model_validator(mode="after")
    def _something(self) -> Table:
        if (self.ignore is None) == (not self.records):
            raise PydanticCustomError("table", "expected either `records`, or `ignore` with the reason why nothing is taken")
        return self


class Document(Part):
    """A whole mapping file."""

    source: str
    incarnation: int = 0
    patient: str
    systems: dict[str, dict[str, str | None]] = Field(default_factory=dict)
    vocabularies: dict[str, Vocabulary] = Field(default_factory=dict)
    tables: dict[str, Table]

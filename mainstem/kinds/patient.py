"""Who the source says the patient is."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from mainstem.kinds.base import Content, Kind, Text


class Name(Content):
    family: str | None = None
    given: tuple[str, ...] = ()
    prefix: str | None = None
    use: str | None = None


class Identifier(Content):
    system: str
    value: str


class PatientContent(Content):
    nhs_number: Text = UNSET
    verification: Text = UNSET
    """NHS number verification status, `01` to `08`."""
    names: tuple[Name, ...] | UnsetType = UNSET
    birth_date: Text = UNSET
    gender: Text = UNSET
    address: tuple[str, ...] | UnsetType | None = UNSET
    postcode: Text = UNSET
    telecom: tuple[str, ...] | UnsetType | None = UNSET
    deceased: Text = UNSET
    """Date, or `true` where no date is known."""
    gp_practice: Text = UNSET
    identifiers: tuple[Identifier, ...] | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class Patient(Kind):
    name = "patient"
    heading = "Demographics"
    Content = PatientContent

    def title(self, content: dict) -> str:
        names = content.get("names") or [{}]
        first = names[0]
        return " ".join([*first.get("given", ()), first.get("family") or ""]).strip() or "Patient"

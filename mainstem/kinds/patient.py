"""Who the source says the patient is."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from msgspec import UNSET, UnsetType

from mainstem.kinds.base import Content, Kind, Text
from mainstem.kinds.same import DATE, PARTS, by, line, prose, unordered


class Name(Content, frozen=True):
    family: str | None = None
    given: tuple[str, ...] = ()
    prefix: str | None = None
    use: str | None = None


class Identifier(Content, frozen=True):
    system: str
    value: str


class PatientContent(Content, frozen=True):
    nhs_number: Text = UNSET
    verification: Text = UNSET
    """NHS number verification status, `01` to `08`."""
    names: tuple[Name, ...] | UnsetType = UNSET
    birth_date: Text = UNSET
    gender: Text = UNSET
    address: tuple[str, ...] | UnsetType | None = UNSET
    postcode: Text = UNSET
    telecom: tuple[str, ...] | UnsetType | None = UNSET
    communication: tuple[str, ...] | UnsetType | None = UNSET
    """How to talk with them: languages, `Interpreter required`."""
    contacts: tuple[str, ...] | UnsetType | None = UNSET
    """Who to turn to: `Carer: Mr John Test, 01904 987654`."""
    deceased: Text = UNSET
    """Date, or `true` where no date is known."""
    gp_practice: Text = UNSET
    identifiers: tuple[Identifier, ...] | UnsetType = UNSET
    active: bool | UnsetType = UNSET


def _closed(text: str) -> str:
    """Postcodes and telephone numbers, however they are spaced."""
    return "".join(text.split()).upper()


def _name(name: dict[str, Any]) -> Any:
    return [line(part) for part in (name.get("prefix") or "", *name.get("given", ()), name.get("family") or "")], name.get("use")


CODE, CODES = by(_closed), by(unordered(_closed))
NAMES = by(unordered(_name))
ADDRESS = by(lambda lines: prose("\n".join(lines)))
IDENTIFIERS = by(unordered(lambda identifier: (identifier["system"].rstrip("/"), identifier["value"])))


class Patient(Kind):
    name = "patient"
    heading = "Demographics"
    Content = PatientContent
    compared = MappingProxyType({
        "names": NAMES,
        "birth_date": DATE,
        "deceased": DATE,
        "address": ADDRESS,
        "postcode": CODE,
        "telecom": CODES,
        "communication": PARTS,
        "contacts": PARTS,
        "identifiers": IDENTIFIERS,
    })

    def title(self, content: dict) -> str:
        names = content.get("names") or [{}]
        first = names[0]
        return " ".join([*first.get("given", ()), first.get("family") or ""]).strip() or "Patient"


_RANK = {"official": 0, "usual": 1, None: 2, "": 2}
"""Uses of a name, best first; nicknames, maiden and old names identify nobody."""


def identifying(content: PatientContent) -> dict[str, Any]:
    """What tells one human from another, as the body of a `demographics` claim; empty where the source says none of it."""
    names = content.names if isinstance(content.names, tuple) else ()
    known = sorted((name for name in names if name.use in _RANK), key=lambda name: _RANK[name.use])
    said: dict[str, Any] = {}
    if known:
        said = {"family": known[0].family, "given": list(known[0].given)}
    said |= {"birth_date": content.birth_date, "gender": content.gender, "postcode": content.postcode,
             "address": [each for each in content.address or () if each] if content.address is not UNSET else None}
    return {field: value for field, value in said.items() if value and value is not UNSET}

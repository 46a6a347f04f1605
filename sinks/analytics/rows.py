"""An entry as a row for secondary use: only what `sinks.policy.SECONDARY` declares, each field in its declared form. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from mainstem import canonical, nhs_number
from mainstem.model import Entry
from sinks.policy import SECONDARY, Form

_NATIONAL = ("http://snomed.info/", "https://dmd.nhs.uk", "http://read.info/", "http://loinc.org", "http://hl7.org/fhir/",
             "http://terminology.hl7.org/", "https://fhir.hl7.org.uk/", "https://fhir.nhs.uk/", "urn:oid:2.16.840.1.113883.")
"""Code systems whose displays are a terminology's, not somebody's words."""
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,39}")
_CODE = re.compile(r"[A-Za-z0-9.^_+/-]{1,40}")
_SYSTEM = re.compile(r"[A-Za-z0-9.:/_-]{1,120}")
_UNIT = re.compile(r"[^\s\d]\S{0,19}|10\*\S{1,18}")
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2}(T[0-9:.]{2,15}(Z|[+-]\d{2}:\d{2})?)?)?)?")
_DECIMAL = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?")
_FIRST, _LAST = date(1900, 1, 1), date(2299, 12, 31)
"""Of ClickHouse's Date32."""


@dataclass(slots=True)
class Content:
    """What is left of an entry's content."""

    status: str = ""
    concepts: list[tuple[str, str, str, str]] = field(default_factory=list)
    """Field, system, code, display."""
    words: dict[str, str] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    amounts: dict[str, float] = field(default_factory=dict)
    unit: str = ""
    comparator: str = ""

    @property
    def main(self) -> tuple[str, str, str]:
        """System, code, display of what the entry is about: the first national coding of its first coded field."""
        about = [concept for concept in self.concepts if concept[0] == self.concepts[0][0]]
        chosen = next((one for one in about if one[3]), about[0] if about else ("", "", "", ""))
        return chosen[1:]

    @property
    def value(self) -> float | None:
        return next(iter(self.amounts.values()), None)

    @property
    def dated(self) -> str:
        return next(iter(self.dates.values()), "")


def content_of(entry: Entry) -> Content:
    """A field that is not declared, or has not the declared form, is left out."""
    raw: Mapping[str, Any] = canonical.decode(entry.content)
    found = Content()
    for name, form in SECONDARY.get(entry.kind, {}).items():
        value = raw.get(name)
        match form:
            case Form.CODED:
                found.concepts += [(name, *coding) for coding in _codings(value)]
            case Form.WORD if isinstance(value, str) and _WORD.fullmatch(value):
                found.words[name] = value.lower()
            case Form.FLAG if isinstance(value, bool):
                found.words[name] = str(value).lower()
            case Form.DATE if isinstance(value, str) and _DATE.fullmatch(value):
                found.dates[name] = value
            case Form.YEAR if isinstance(value, str) and _DATE.fullmatch(value):
                found.words[f"{name.removesuffix('_date')}_year"] = value[:4]
            case Form.AMOUNT if isinstance(value, dict) and _DECIMAL.fullmatch(str(value.get("value"))):
                _add_amount(found, name, value)
    found.status = found.words.get("status") or found.words.get("clinical_status", "")
    return found


def day(text: str) -> date | None:
    """The first day of a date as precise as given; None where there is none or ClickHouse cannot hold it."""
    if not text:
        return None
    try:
        found = date.fromisoformat((text + "-01-01")[:10] if len(text) == 4 else (text + "-01")[:10])
    except ValueError:
        return None
    return found if _FIRST <= found <= _LAST else None


def organisations(sources: tuple[str, ...]) -> list[str]:
    return sorted({source.partition("/")[0] for source in sources})


def _codings(value: Any) -> Iterator[tuple[str, str, str]]:
    """System, code, display; an NHS number in the guise of a local code is no code."""
    codes = value.get("codes") if isinstance(value, dict) else None
    for coding in codes or ():
        system, code = str(coding.get("system", "")), str(coding.get("code", ""))
        national = system.startswith(_NATIONAL)
        if not _SYSTEM.fullmatch(system) or not _CODE.fullmatch(code):
            continue
        if not national and nhs_number.verified(code, nhs_number.VERIFIED):
            continue
        yield system, code, str(coding.get("display") or "") if national else ""


def _add_amount(found: Content, name: str, value: Mapping[str, Any]) -> None:
    if not found.amounts:
        unit, comparator = str(value.get("unit") or ""), str(value.get("comparator") or "")
        found.unit = unit if _UNIT.fullmatch(unit) else ""
        found.comparator = comparator if comparator in {"<", "<=", ">", ">=", "ad"} else ""
    found.amounts[name] = float(str(value["value"]))

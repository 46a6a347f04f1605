"""What a GP Connect structured record was complete for: the manifest that makes absence derivable.

The manifest is complete for a kind only where its section Lists are in the export, hold something, and warn of nothing: an empty
List (`no-content-recorded`) is *information not available* (GP Connect, "Using the List resource"), never "none", and a warning code
says that items are missing: kept confidential, in transit from another practice, or waiting to be filed (GP Connect, "Warning
codes"). The latter two name the day before which information may be missing: the kind is complete for what was recorded since. A
kind of which any resource was quarantined is not complete: a fault of reading must not make a record look deleted. Why a kind that
has a List is not complete is in the manifest too; one that has none is not spoken of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from mainstem.kinds.manifest import AWAITING_FILING, EMPTY, IN_TRANSIT, INCOMPLETE, WITHHELD, ManifestContent
from producers.fhir.bundle import Contents
from producers.fhir.datatypes import code, codes
from producers.fhir.elements import Resource, children, extensions, text, texts
from producers.fhir.errors import FieldError


@dataclass(frozen=True, slots=True)
class Sections:
    """SNOMED codes of the section Lists of a kind: those that must hold something, and those that must be there."""

    spoken: tuple[str, ...]
    present: tuple[str, ...] = ()


SECTIONS: dict[str, Sections] = {
    "allergy": Sections(("886921000000105",), ("1103671000000101",)),      # active; ended
    "medicine": Sections(("933361000000108",)),
    "problem": Sections(("717711000000103",)),
    "immunisation": Sections(("1102181000000102",)),
    "result": Sections(("887191000000108",)),
    "observation": Sections(("826501000000100",)),
    "encounter": Sections(("1149501000000101",)),
    "referral": Sections(("792931000000107", "714311000000108")),          # outbound referrals and diary entries are one kind
}
WARNINGS = (WITHHELD, IN_TRANSIT, AWAITING_FILING)
DATED = frozenset({IN_TRANSIT, AWAITING_FILING})
_BEFORE = re.compile(r"before (\d{2})-([A-Z][a-z]{2})-(\d{4})")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def manifest(contents: Contents, held: Iterable[tuple[str, str | None]]) -> ManifestContent | None:
    """`held`: kind and record id of every resource taken in; None for the record of one that was not."""
    sections = _sections(contents)
    records: dict[str, set[str]] = {}
    untaken = set()
    for kind, record in held:
        if record is None:
            untaken.add(kind)
        else:
            records.setdefault(kind, set()).add(record)
    kinds: list[str] = []
    since: dict[str, str] = {}
    partial: dict[str, tuple[str, ...]] = {}
    for kind, wanted in SECTIONS.items():
        here = [sections[each] for each in wanted.spoken + wanted.present if each in sections]
        spoken = [sections[each] for each in wanted.spoken if each in sections]
        reasons = _reasons(here, contents) | ({INCOMPLETE} if kind in untaken else set())
        if len(spoken) == len(wanted.spoken) and not any(map(_holds, spoken)):
            reasons.add(EMPTY)
        if spoken and reasons:
            partial[kind] = tuple(sorted(reasons))
        if len(here) < len(wanted.spoken + wanted.present) or not all(map(_holds, spoken)) or not reasons <= DATED:
            continue
        day = _complete_since(here) if reasons else ""
        if day is not None:
            kinds.append(kind)
            since |= {kind: day} if day else {}
    if not kinds and not partial:
        return None
    return ManifestContent(kinds=tuple(sorted(kinds)), records=tuple(sorted(set().union(*(records.get(kind, set()) for kind in kinds)))),
                           since=since, partial=partial)


def _sections(contents: Contents) -> dict[str, Resource]:
    """Section code -> its List. Consultation headings are Lists too, with an encounter, and are no sections."""
    found = {}
    for each in contents.of("List"):
        try:
            section = code(each, "code")
            if section and text(each, "mode") == "snapshot" and "encounter" not in each:
                found[section] = each
        except FieldError:
            continue
    return found


def _holds(section: Resource) -> bool:
    return bool(section.get("entry"))


def _reasons(sections: list[Resource], contents: Contents) -> set[str]:
    """Why Lists do not tell all that there is: what they warn of, and what they list that is not in the file."""
    found: set[str] = set()
    for section in sections:
        try:
            warned = [each for extension in extensions(section, "ListWarningCode") for each in _warnings(extension)]
            listed = [target for entry in children(section, "entry") for target in contents.named(entry, "item")]
        except FieldError:
            found.add(INCOMPLETE)
            continue
        found.update(each if each in WARNINGS else INCOMPLETE for each in warned)
        if not all(target in contents.targets for target in listed):
            found.add(INCOMPLETE)
    return found


def _warnings(extension: Resource) -> list[str]:
    """A code in STU3, a CodeableConcept in UK Core R4. One that says no code still warns."""
    return codes(extension, "valueCode") + codes(extension, "valueCodeableConcept") or [INCOMPLETE]


def _complete_since(sections: list[Resource]) -> str | None:
    """The day before which information may be missing from Lists, by their notes: "information recorded before 02-Mar-2020 may be
    missing". None where a List warns of more than its notes name days of, or a note or a day cannot be read."""
    found: list[str] = []
    try:
        for section in sections:
            notes = [said for note in children(section, "note") for said in texts(note, "text")]
            days = [_day(*each) for said in notes for each in _BEFORE.findall(said)]
            if len(days) < len(extensions(section, "ListWarningCode")):
                return None
            found += days
    except ValueError:  # FieldError is one
        return None
    return max(found)


def _day(day: str, month: str, year: str) -> str:
    """Raises ValueError where there is no such day."""
    return date(int(year), _MONTHS.index(month) + 1, int(day)).isoformat()

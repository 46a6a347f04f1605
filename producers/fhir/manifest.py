"""What a GP Connect structured record was complete for: the manifest that makes absence derivable.

A kind is in the manifest only where its section Lists are in the export, hold something, and withhold nothing: an empty List
(`no-content-recorded`) is *information not available* (GP Connect, "Using the List resource"), never "none". A kind of which
any resource was quarantined is left out: a fault of reading must not make a record look deleted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mainstem.kinds.manifest import ManifestContent
from producers.fhir.bundle import Contents
from producers.fhir.datatypes import code
from producers.fhir.elements import Resource, children, text
from producers.fhir.errors import FieldError
from producers.fhir.mapping.base import targets


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
WITHHELD = "confidential-items"


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
    kinds = [kind for kind, wanted in SECTIONS.items() if kind not in untaken
             and all(_spoken(sections.get(each)) for each in wanted.spoken)
             and all(each in sections and _complete(sections[each], contents) for each in wanted.spoken + wanted.present)]
    if not kinds:
        return None
    return ManifestContent(kinds=tuple(sorted(kinds)), records=tuple(sorted(set().union(*(records.get(kind, set()) for kind in kinds)))))


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


def _spoken(section: Resource | None) -> bool:
    return bool(section and section.get("entry"))


def _complete(section: Resource, contents: Contents) -> bool:
    """Nothing withheld, and everything it lists is in the file."""
    try:
        warned = any(text(each, "valueCode") == WITHHELD for each in children(section, "extension"))
        listed = [target for entry in children(section, "entry") for target in targets(entry, "item")]
    except FieldError:
        return False
    return not warned and all(target in contents.targets for target in listed)

"""The section Lists of a GP Connect structured record: what each kind has to be listed in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from producers.fhir.datatypes import code
from producers.fhir.elements import Resource, text
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
_CODES = frozenset(each for sections in SECTIONS.values() for each in sections.spoken + sections.present)


def sections(resources: Iterable[Resource]) -> Iterator[tuple[str, Resource]]:
    """Section code and List, of those that are in force: a List that is retired or was entered in error tells nothing.

    Consultation headings are Lists too, with an encounter, and are no sections.
    """
    for each in resources:
        try:
            if each.get("resourceType") != "List" or text(each, "mode") != "snapshot" or text(each, "status") != "current":
                continue
            section = code(each, "code")
        except FieldError:
            continue
        if section in _CODES and "encounter" not in each:
            yield section, each

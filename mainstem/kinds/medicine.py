"""A medicine as listed, ordered, given, dispensed or found in the home."""

from __future__ import annotations

from types import MappingProxyType

from msgspec import UNSET, UnsetType

from mainstem.kinds.base import Amount, Concept, Content, Kind, Text
from mainstem.kinds.same import DATE, PERSON, PROSE
from mainstem.kinds.titles import named


class MedicineContent(Content):
    view: Text = UNSET
    """`list` (GP), `order` (hospital chart), `administration`, `dispense`, `home`."""
    product: Concept = UNSET
    route: Concept = UNSET
    form: Text = UNSET
    dose: Text = UNSET
    """Dosage instruction as text."""
    dose_quantity: Amount = UNSET
    frequency: Text = UNSET
    as_needed: bool | UnsetType = UNSET
    course: Text = UNSET
    """`repeat`, `acute`, `repeat-dispensing`."""
    status: Text = UNSET
    """`active`, `stopped`, `completed`, `on-hold`, `draft`, `cancelled`."""
    start: Text = UNSET
    end: Text = UNSET
    last_issued: Text = UNSET
    quantity: Amount = UNSET
    supply: Amount = UNSET
    """How long one issue lasts: 28 days."""
    repeats_allowed: Text = UNSET
    repeats_issued: Text = UNSET
    authorised_until: Text = UNSET
    reason: Concept = UNSET
    stop_reason: Text = UNSET
    prescriber: Text = UNSET
    note: Text = UNSET


class Medicine(Kind):
    name = "medicine"
    heading = "Medications and medical devices"
    Content = MedicineContent
    compared = MappingProxyType({
        "start": DATE,
        "end": DATE,
        "last_issued": DATE,
        "authorised_until": DATE,
        "stop_reason": PROSE,
        "prescriber": PERSON,
        "note": PROSE,
    })

    def title(self, content: dict) -> str:
        return " ".join(x for x in (named(content.get("product"), "Medicine"), content.get("dose")) if x)

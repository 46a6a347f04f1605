"""What a record must not tell of a person whose whereabouts are restricted (PDS code R): the policy of the search store, applied."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from mainstem.history import Past
from mainstem.labels import PDS_RESTRICTED
from mainstem.web.record import Item, Record
from mainstem.web.sources import Records
from processors.reconcile.folded import Record as Folded
from sinks import policy

MAY_BE = "may-be-pds-restricted"
"""A label of what is shown, not of any entry that is published."""
_RESTRICTED = (PDS_RESTRICTED,)


def restricted(record: Record) -> bool:
    """By a source's word, in a patient entry, or by PDS's, in the head: also where no patient entry is left to bear the label."""
    return PDS_RESTRICTED in record.labels or any(PDS_RESTRICTED in item.labels for item in record.entries if item.kind == "patient")


def of_today(pasts: Iterable[Past], records: Records, *more: Record) -> str:
    """The label that what is known today gives to records of earlier days, one for all of them, so that no difference between two moments
    is one of policy; empty where nothing is to be withheld. `more`: of today too. Raises StoreUnavailableError.

    Their source patients may be another person's by now, under another number: who is restricted is often given a new one. Of one whose
    record of today is not held it cannot be told here."""
    pasts = tuple(pasts)
    persons, numbers = {person for past in pasts for person in past.today}, {number for past in pasts for number in past.record.nhs_numbers}
    found = [*more, *(record for person in persons if (record := records.by_person(person))),
             *(record for number in numbers for record in records.by_number(number))]
    if any(map(restricted, found)):
        return PDS_RESTRICTED
    told, held = (_subjects(each) for each in ((past.record for past in pasts), found))
    return "" if told <= held else MAY_BE


def withhold(record: Record, *, label: str = "") -> Record:
    """One restricted patient entry restricts all of them: another source may not have been told yet. The digest stays the record's own.

    `label`: why it is to be withheld though the record does not say so itself, as where it is of an earlier day."""
    label = PDS_RESTRICTED if restricted(record) else label
    if not label:
        return record
    return replace(record, entries=tuple(_withheld(item, label) if item.kind == "patient" else item for item in record.entries))


def _subjects(records: Iterable[Record | Folded]) -> set[str]:
    return {f"{state.source}|{state.patient}" for record in records for state in record.sources}


def _withheld(item: Item, label: str) -> Item:
    said = tuple(replace(one, lost=policy.searchable(one.lost, _RESTRICTED)) for one in item.provenance)
    return replace(item, content=policy.searchable(item.content, _RESTRICTED), provenance=said, labels=tuple(sorted({*item.labels, label})))

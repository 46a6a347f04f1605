"""What a record must not tell of a person whose whereabouts are restricted (PDS code R): the policy of the search store, applied."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from mainstem.history import Past
from mainstem.labels import PDS_RESTRICTED
from mainstem.web.record import Item, Record
from mainstem.web.sources import Records
from sinks import policy


def restricted(record: Record) -> bool:
    return any(PDS_RESTRICTED in item.labels for item in record.entries if item.kind == "patient")


def restricted_today(pasts: Iterable[Past], records: Records) -> bool:
    """Whether anybody is restricted now whom these records of earlier days tell of. Raises StoreUnavailableError.

    Their source patients may be another person's by now, under another number: who is restricted is often given a new one."""
    persons, numbers = {person for past in pasts for person in past.today}, {number for past in pasts for number in past.record.nhs_numbers}
    found = [*map(records.by_person, persons), *(record for number in numbers for record in records.by_number(number))]
    return any(record is not None and restricted(record) for record in found)


def withhold(record: Record, *, anyway: bool = False) -> Record:
    """One restricted patient entry restricts all of them: another source may not have been told yet. The digest stays the record's own.

    `anyway`: the person is known to be restricted from elsewhere, as where this is the record of an earlier day."""
    if not (anyway or restricted(record)):
        return record
    return replace(record, entries=tuple(_withheld(item) if item.kind == "patient" else item for item in record.entries))


def _withheld(item: Item) -> Item:
    labels = tuple(sorted({*item.labels, PDS_RESTRICTED}))
    said = tuple(replace(one, lost=policy.searchable(one.lost, labels)) for one in item.provenance)
    return replace(item, content=policy.searchable(item.content, labels), provenance=said, labels=labels)

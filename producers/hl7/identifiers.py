"""Identifiers of a PID or MRG segment: which is the local number, which the NHS number, and with what status."""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import itemgetter

from mainstem.nhs_number import VERIFIED, verified
from producers.hl7.er7 import CLEARED, Repeat, Segment

NOT_TRACED, TRACE_REQUIRED, CONFLICT = "02", "03", "05"
_NHS_TYPES = {"NH", "NHS", "NHSNMBR", "NHSNUMBER"}
"""CX-5: HL7 table 0203 has NH; NHSNMBR is what HL7 UK A.3 feeds send. Any of them under whatever authority."""
_NHS_AUTHORITIES = {"NHS", "NHSNBR", "NHSNMBR"}
_PATIENT_TYPES = ("PI", "MR")
"""CX-5, HL7 table 0203: patient internal identifier, medical record number."""
_OTHER_TYPES = frozenset({
    "VN", "AN", "ANC", "AND", "ANT",  # visit, accounts
    "SS", "DL", "PPN", "PRC", "CZ", "TAX", "MI", "BR", "BRN", "BCT",  # papers
    "HC", "JHN", "MA", "MB", "MC", "MCD", "MCN", "MCR", "MCT", "SN", "WC", "WCN", "NI", "NII",  # insurance, other countries' schemes
    "GI", "GL", "GN", "EI", "EN"})  # guarantor, employment
"""CX-5, HL7 table 0203: numbers of a visit or a paper, under which a person is no patient of this source. A word that the table does not
have is the feed's own, as `MRN`."""
_STATUS = re.compile(r"(?:NSTS)?(0[1-8])")
"""NHS number status indicator, plain or as the HL7 UK code `NSTS01`."""


@dataclass(frozen=True, slots=True)
class Number:
    value: str
    """Empty: the source takes back the number that it had."""
    verification: str


def local_ids(repeats: list[Repeat], authorities: frozenset[str]) -> list[str]:
    """Local patient numbers, those that say so by their type first. `authorities`: CX-4 values of ours; empty: whatever is no NHS number
    and numbers nothing else counts.

    A number of another authority is another source's, and means nothing here (uk-standards: the wrong trust's tag)."""
    found = []
    for each in repeats:
        value, authority, type_ = each.component(1), each.component(4), (each.component(5) or "").upper()
        if not value or value == CLEARED or _is_nhs(each) or type_ in _OTHER_TYPES:
            continue
        if not authorities or (authority or "") in authorities:
            found.append((type_ not in _PATIENT_TYPES, value))
    return list(dict.fromkeys(value for _, value in sorted(found, key=itemgetter(0))))


def nhs_number(pid: Segment) -> Number | None:
    """None: the message says nothing of it. Two different ones in one PID are in conflict, which stops either from linking.

    Spelled `^^^NHS^NH`, `^^^NHSNBR^NHSNMBR`, `^^^^NH` in PID-3 or PID-2; or bare in PID-2, where ten digits pass the check."""
    marked = [each for number in (3, 2) for each in pid.repeats(number) if _is_nhs(each)]
    bare = [each for each in pid.repeats(2) if not each.component(4) and not each.component(5)
            and verified(each.component(1), VERIFIED) and each.component(1) not in {one.component(1) for one in pid.repeats(3)}]
    found = marked or bare
    values = sorted({_digits(value) for each in found if (value := each.component(1)) and value != CLEARED})
    if not values:
        return Number("", "") if any(each.component(1) == CLEARED for each in found) else None
    if len(values) > 1:
        return Number(values[0], CONFLICT)
    status = next((stated for each in found if (stated := _stated(each.component(2)))), None) or _of_segment(pid) or NOT_TRACED
    if status == VERIFIED and not verified(values[0], VERIFIED):
        status = TRACE_REQUIRED
    return Number(values[0], status)


def _is_nhs(each: Repeat) -> bool:
    type_, authority = (each.component(5) or "").upper(), (each.component(4) or "").upper()
    return type_ in _NHS_TYPES or (authority in _NHS_AUTHORITIES and not type_)


def _of_segment(pid: Segment) -> str | None:
    return next((stated for each in pid.repeats(32) if (stated := _stated(each.component(1)))), None)


def _stated(text: str | None) -> str | None:
    found = _STATUS.fullmatch(text or "")
    return found[1] if found else None


def _digits(number: str) -> str:
    return "".join(number.split()).replace("-", "")

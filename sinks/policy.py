"""What may enter a store, by its purpose: one pure policy over labels, kinds and fields. Everything not allowed here stays out.

Direct care takes every entry; contact details of a person who must not be found (`pds-restricted`) are not made searchable.
Secondary use takes only declared fields in a form that names nobody, no entry labelled `sensitive`, and nothing of who opted out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from mainstem.labels import OPT_OUT, PDS_RESTRICTED, SENSITIVE
from schemas.topics import Purpose

_KEPT_OUT: Mapping[Purpose, frozenset[str]] = MappingProxyType({
    Purpose.DIRECT_CARE: frozenset(),
    Purpose.SECONDARY_USE: frozenset({SENSITIVE, OPT_OUT}),
    Purpose.OPERATIONS: frozenset(),
})
"""Labels that keep an entry out of a purpose."""
WHEREABOUTS = frozenset({"address", "postcode", "telecom", "gp_practice", "contacts"})
"""Fields of a patient entry that tell where the person is."""


class Form(StrEnum):
    """How a field enters secondary use. A value that does not have the form is left out."""

    CODED = "coded"
    """Codings: system and code; display only of national terminologies (a local display can be anything)."""
    WORD = "word"
    """A short lower-case word of a fixed vocabulary, `active`."""
    DATE = "date"
    YEAR = "year"
    """Only the year of a date."""
    AMOUNT = "amount"
    FLAG = "flag"


SECONDARY: Mapping[str, Mapping[str, Form]] = MappingProxyType({
    "patient": {"gender": Form.WORD, "birth_date": Form.YEAR, "deceased": Form.YEAR},
    "allergy": {"agent": Form.CODED, "category": Form.WORD, "clinical_status": Form.WORD, "verification": Form.WORD,
                "criticality": Form.WORD, "onset": Form.DATE, "recorded": Form.DATE, "last_occurrence": Form.DATE},
    "medicine": {"product": Form.CODED, "route": Form.CODED, "reason": Form.CODED, "view": Form.WORD, "course": Form.WORD,
                 "status": Form.WORD, "as_needed": Form.FLAG, "dose_quantity": Form.AMOUNT, "quantity": Form.AMOUNT,
                 "start": Form.DATE, "end": Form.DATE, "last_issued": Form.DATE},
    "problem": {"code": Form.CODED, "body_site": Form.CODED, "category": Form.WORD, "status": Form.WORD, "verification": Form.WORD,
                "significance": Form.WORD, "severity": Form.WORD, "onset": Form.DATE, "abatement": Form.DATE, "recorded": Form.DATE},
    "result": {"test": Form.CODED, "panel": Form.CODED, "specimen": Form.CODED, "value_code": Form.CODED, "status": Form.WORD,
               "interpretation": Form.WORD, "value": Form.AMOUNT, "low": Form.AMOUNT, "high": Form.AMOUNT, "taken": Form.DATE,
               "reported": Form.DATE, "requested": Form.DATE},
    "observation": {"code": Form.CODED, "value_code": Form.CODED, "category": Form.WORD, "status": Form.WORD, "value": Form.AMOUNT,
                    "taken": Form.DATE},
    "encounter": {"type": Form.CODED, "reason": Form.CODED, "encounter_class": Form.WORD, "status": Form.WORD, "start": Form.DATE,
                  "end": Form.DATE},
    "document": {"type": Form.CODED, "status": Form.WORD, "created": Form.DATE},
    "procedure": {"code": Form.CODED, "body_site": Form.CODED, "status": Form.WORD, "performed": Form.DATE},
    "immunisation": {"vaccine": Form.CODED, "procedure": Form.CODED, "site": Form.CODED, "route": Form.CODED, "reason": Form.CODED,
                     "status": Form.WORD, "given": Form.DATE},
    "flag": {"code": Form.CODED, "category": Form.WORD, "status": Form.WORD, "start": Form.DATE, "end": Form.DATE},
    "referral": {"service": Form.CODED, "reason": Form.CODED, "status": Form.WORD, "priority": Form.WORD, "referred": Form.DATE},
    "appointment": {"service": Form.CODED, "reason": Form.CODED, "status": Form.WORD, "start": Form.DATE, "end": Form.DATE},
    "careplan": {"category": Form.CODED, "status": Form.WORD, "start": Form.DATE, "end": Form.DATE},
})
"""Kind -> field -> form: all that secondary use may see. The first coded field of a kind is what it is about, the
first date that is there dates it. A kind that is not here does not enter. Names, numbers, addresses, notes, clinicians,
local identifiers and free text are not here on purpose."""


def enters(purpose: Purpose, kind: str, labels: Sequence[str]) -> bool:
    """Whether an entry of this kind with these labels may enter a store of this purpose."""
    return person_enters(purpose, labels) and (purpose is not Purpose.SECONDARY_USE or kind in SECONDARY)


def person_enters(purpose: Purpose, labels: Sequence[str]) -> bool:
    """Whether anything that is told of a person whose record bears these labels (`Summary.labels`) may enter."""
    return not _KEPT_OUT[purpose].intersection(labels)


def searchable(content: Mapping[str, object], labels: Sequence[str]) -> dict[str, object]:
    """The fields of an entry that may be searched for in direct care."""
    hidden = WHEREABOUTS if PDS_RESTRICTED in labels else frozenset()
    return {name: value for name, value in content.items() if name not in hidden}

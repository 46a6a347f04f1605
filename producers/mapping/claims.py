"""Rules of a patient row about who someone is, as functions: a number carried, a merge pointed at, demographics."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import nhs_number as standard

from mainstem import canonical
from mainstem.kinds.patient import PatientContent
from mainstem.model import Status
from producers import who
from producers.mapping import document
from producers.mapping.conditions import Row, Test, folded
from producers.mapping.scope import Scope
from producers.mapping.values import digits, text

CARRIES_NUMBER = "carries-number"
MERGED_INTO = "merged-into"
DEMOGRAPHICS = "demographics"
VERIFIED = "01"
TRACE_REQUIRED = "03"
"""A number whose check digit is wrong cannot have been traced: it stays on record, asks for a trace, and links nobody."""


class Evidence(NamedTuple):
    """A claim before it is stamped with its version."""

    type: str
    ref: str
    status: Status
    body: bytes


Reader = Callable[[Row, str], Evidence | None]
"""Of a row and its local patient id."""


Said = Callable[[Row], PatientContent | None]
"""What a row says of its patient; None where it says that this was entered in error."""


def readers(claims: document.Claims, scope: Scope, said: Said | None) -> list[Reader]:
    found: list[Reader] = []
    if claims.carries_number is not None:
        found.append(_carries_number(claims.carries_number, scope))
    if claims.merged_into is not None:
        found.append(_merged_into(claims.merged_into, scope))
    if claims.demographics and said is not None:
        found.append(_demographics(said, scope.test(claims.left)))
    return found


@lru_cache(maxsize=100_000)
def plausible(number: str) -> bool:
    """Ten digits, the check digit right (NHS Data Dictionary, NHS NUMBER), and not one digit ten times."""
    return len(number) == 10 and number.isascii() and number.isdigit() and len(set(number)) > 1 and standard.is_valid(number)


def _carries_number(given: document.CarriesNumber, scope: Scope) -> Reader:
    column, stated = scope.read(given.number), scope.read(given.verification.column)
    words: dict[str | None, str] = {folded(word): status for word, status in given.verification.values.items()}
    otherwise, withdrawn = given.verification.otherwise, scope.test(given.retracted)

    def read(row: Row, _patient: str) -> Evidence:
        number = digits(row[column])
        if number is None or (withdrawn is not None and withdrawn(row)):
            return Evidence(CARRIES_NUMBER, "", Status.RETRACTED, b"{}")
        verification = words.get(folded(row[stated]), otherwise)
        if verification == VERIFIED and not plausible(number):
            verification = TRACE_REQUIRED
        return Evidence(CARRIES_NUMBER, "", Status.ASSERTED, canonical.encode({"nhs_number": number, "verification": verification}))

    return read


def _merged_into(given: document.MergedInto, scope: Scope) -> Reader:
    column, source = scope.read(given.column), scope.source

    def read(row: Row, patient: str) -> Evidence | None:
        survivor = text(row[column])
        if survivor is None or survivor == patient:
            return None
        into = f"{source}|{survivor}"
        return Evidence(MERGED_INTO, into, Status.ASSERTED, canonical.encode({"into": into}))

    return read


def _demographics(said: Said, left: Test | None) -> Reader:
    def read(row: Row, _patient: str) -> Evidence:
        content = said(row)
        if content is None:
            return Evidence(DEMOGRAPHICS, "", Status.RETRACTED, b"{}")
        return Evidence(DEMOGRAPHICS, "", Status.ASSERTED, canonical.encode(
            who.demographics(content) if left is None or not left(row) else who.elsewhere(content)))

    return read

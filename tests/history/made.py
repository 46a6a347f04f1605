"""A story of claims and assertions, and drawn ones, for tests of the past."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from hypothesis import strategies as st

from mainstem import canonical
from mainstem.history import Reader, reading
from mainstem.history.past import Log, Persons, Said, by_number
from mainstem.model import Assertion, Claim, Known, RawRef, Status
from processors.reconcile.folded import Record
from schemas.codec import Codec
from tests.strategies import KEY, NUMBERS, Terms, assertions, claims

TERMS = Terms()
INPUTS = st.lists(st.one_of(assertions, assertions, claims), min_size=1, max_size=20)


def drawn(values: list[Assertion | Claim], rng: random.Random) -> Log:
    """Each known at a time before 60."""
    return Log([Said(value, rng.randrange(60)) for value in values if isinstance(value, Claim)],
               [Known(value, rng.randrange(60), 0, i) for i, value in enumerate(values) if isinstance(value, Assertion)])


def claim(source: str, patient: str, known: int, number: str | None, position: str, verification: str = "01") -> Said:
    body = canonical.encode({"nhs_number": number, "verification": verification})
    return Said(Claim(source=source, patient=patient, type="carries-number", position=position, body=body, raw=RawRef("r", 0, 0),
                      status=Status.ASSERTED if number else Status.RETRACTED), known)


def allergy(source: str, patient: str, known: int, agent: str, position: str = "1", **changed: Any) -> Known:
    content = canonical.encode({"agent": {"text": agent}, **changed})
    return Known(Assertion(source=source, patient=patient, record="allergy/1", kind="allergy", position=position, content=content,
                           raw=RawRef("r", 0, 0)), known, 0, known)


@contextmanager
def reading_of(held: Log) -> Iterator[Reader]:
    """A reader of a log that lies in memory."""
    class Held(reading._Question):
        claims, activations = held.claims, held.activations

        def assertions(self, subjects: set[str]) -> list[Known]:
            return [known for known in held.assertions if known.assertion.subject in subjects]

    with mock.patch.object(reading, "_Question", Held):
        yield Reader("", Codec("mock://past"), KEY, lambda _release: TERMS)


HOSPITAL, GP = "RXA/epr", "A82038/gp"
STORY = Log(
    [claim(HOSPITAL, "1", 10, NUMBERS[0], "1"), claim(GP, "7", 30, NUMBERS[0], "1"), claim(GP, "7", 50, NUMBERS[1], "2")],
    [allergy(HOSPITAL, "1", 20, "penicillin"), allergy(GP, "7", 25, "peanut"),
     allergy(HOSPITAL, "1", 40, "penicillin", "2", clinical_status="resolved")])
"""The GP's patient is joined at 30 and taken away again at 50; in between the hospital changes its allergy."""


def numbered(at: int) -> Record:
    found = by_number(STORY, Persons(STORY.claims, at, KEY), NUMBERS[0], at, TERMS, KEY)
    assert found is not None
    return found[0]

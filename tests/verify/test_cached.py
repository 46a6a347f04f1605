"""The cache passes that shows what was published; a record that tells otherwise of itself, or is not found, does not."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from mainstem import canonical
from mainstem.model import Assertion, Claim, RawRef
from mainstem.verify import cached, published
from sinks.cache import RecordView
from sinks.cache.record import decode_entry, of_entry
from tests.processors.convergence import streamed
from tests.strategies import NUMBERS
from tests.verify.views import Views, failed

RAW = RawRef("raw.x.v1", 0, 0)
WORLD = [
    Claim(source="RXA/epr", patient="1", type="carries-number", position="01", raw=RAW,
          body=canonical.encode({"nhs_number": NUMBERS[0], "verification": "01"})),
    Assertion(source="RXA/epr", patient="1", record="patient", kind="patient", position="01", raw=RAW,
              content=canonical.encode({"nhs_number": NUMBERS[0], "verification": "01"})),
    Assertion(source="RXA/epr", patient="1", record="allergy/1", kind="allergy", position="01", raw=RAW, labels=("sensitive",),
              content=canonical.encode({"agent": {"text": "penicillin"}})),
]


class Cache:
    """What a sink would have kept of everything published, to be harmed."""

    def __init__(self, views: Views) -> None:
        self.numbers: dict[str, set[str]] = {}
        self.records: dict[str, RecordView] = {}
        current = {(entry.person, entry.fact): entry for entry in views.entries}.values()
        for head in {head.person: head for head in views.heads}.values():
            for number in head.nhs_numbers:
                self.numbers.setdefault(number, set()).add(head.person)
            self.records[head.person] = RecordView(
                person=head.person, nhs_numbers=head.nhs_numbers, digest=head.digest, sequence=head.sequence, known=head.known,
                sources=head.sources, entries=tuple(decode_entry(of_entry(entry)) for entry in current
                                                    if entry.person == head.person and entry.status == "current"))

    def by_person(self, person: str) -> RecordView | None:
        return self.records.get(person)

    def persons(self, number: str) -> set[str]:
        return self.numbers.get(number, set())

    def harm(self, **fields: Any) -> None:
        self.records = {person: replace(view, **fields) for person, view in self.records.items()}

    def entries(self, **fields: Any) -> None:
        self.records = {person: replace(view, entries=tuple(replace(entry, **fields) for entry in view.entries))
                        for person, view in self.records.items()}

    def sources(self, **fields: Any) -> None:
        self.records = {person: replace(view, sources=tuple(replace(source, **fields) for source in view.sources))
                        for person, view in self.records.items()}


@pytest.mark.parametrize(("harm", "said"), [
    (lambda _: None, []),
    (lambda cache: cache.records.clear(), ["is not there"]),
    (lambda cache: cache.numbers.clear(), ["is not found by a number of theirs"]),
    (lambda cache: cache.harm(digest="f" * 64), ["digest of the record other than published"]),
    (lambda cache: cache.harm(nhs_numbers=()), ["nhs_numbers of the record other than published"]),
    (lambda cache: cache.sources(handover=True), ["sources of the record other than published"]),
    (lambda cache: cache.entries(labels=("sensitive",)), ["labels other than published"]),
    (lambda cache: cache.entries(labels=()), ["labels other than published"]),
    (lambda cache: cache.entries(conflict=True), ["conflict other than published"] * 2),
])
def test_what_the_cache_shows(harm: Callable[[Cache], None], said: list[str]) -> None:
    views = Views(streamed(WORLD, random.Random(1)))
    latest, _ = published.entries(views.entries, published.origins(views.pipeline.known()))
    cache = Cache(views)
    harm(cache)
    shown = failed([cached.check(cache, latest, published.heads(views.heads))]).get("records in the cache = as published", [])
    assert len(shown) == len(said)
    assert all(text.endswith(end) for text, end in zip(shown, said, strict=True)), shown

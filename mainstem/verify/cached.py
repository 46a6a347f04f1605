"""The live cache as those who ask it see it: each person's record whole, and found by every NHS number that it carries.

It copies what was published, so that all is compared with the topics: heads to the letter, entries by what `envelope` compares. Their
contents and versions are compared as those of every store (`stores`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from mainstem.model import Summary
from mainstem.verify import envelope
from mainstem.verify.published import Latest
from mainstem.verify.report import Check, Fact, named
from sinks.cache import RecordView


class Cache(Protocol):
    """`sinks.cache.CacheReader`."""

    def by_person(self, person: str) -> RecordView | None:
        """None where nothing is known of the person, or nothing is left."""
        ...

    def persons(self, number: str) -> Collection[str]: ...


def check(cache: Cache, latest: Mapping[Fact, Latest], heads: Mapping[str, Summary]) -> Check:
    check = Check("records in the cache = as published", len(heads))
    for person, head in heads.items():
        view = cache.by_person(person)
        if view is None:
            if head.sources:
                check.differs(f"person {person} is not there", person)
            continue
        for name in ("digest", "sequence", "known", "nhs_numbers", "sources"):
            if getattr(view, name) != getattr(head, name):
                check.differs(f"person {person}: {name} of the record other than published", (person, name))
        for entry in view.entries:
            if (published := latest.get((person, entry.fact))) is not None:
                for name in envelope.differing(published.envelope, envelope.of(entry)):
                    check.differs(f"{named((person, entry.fact))}: {name} other than published", (person, entry.fact, name))
        for number in head.nhs_numbers:
            if person not in cache.persons(number):
                check.differs(f"person {person} is not found by a number of theirs", (person, "number"))
    return check

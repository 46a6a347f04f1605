"""What verify found: per check how much was compared and what differs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from itertools import islice

SHOWN = 20
"""Differences named per check; the rest are counted."""


@dataclass(slots=True)
class Check:
    """One comparison."""

    name: str
    compared: int = 0
    differences: dict[Hashable, str] = field(default_factory=dict)
    """What it is that differs -> a text of ids, offsets and digests: never patient content."""

    def differs(self, text: str, of: Hashable = None) -> None:
        """`of`: what it is, the same in each look however it differs then; where it is not given, the text."""
        self.differences[text if of is None else of] = text

    @property
    def passed(self) -> bool:
        return not self.differences

    @property
    def shown(self) -> list[str]:
        return list(islice(self.differences.values(), SHOWN))

    def lasting(self, before: Check) -> Check:
        """What also differed in an earlier look, if in another way: a thing that is changed meanwhile may be lost all the same. Under load
        a look may see one side a moment later than the other."""
        return Check(self.name, self.compared, {of: text for of, text in self.differences.items() if of in before.differences})

    def as_dict(self) -> dict[str, object]:
        return {"name": self.name, "passed": self.passed, "compared": self.compared, "differences": len(self.differences),
                "shown": self.shown}


@dataclass(frozen=True, slots=True)
class Report:
    checks: tuple[Check, ...]
    cut: dict[str, int]
    """`topic/partition` -> end offset the proof covers."""
    persons: int
    entries: int

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    def as_dict(self) -> dict[str, object]:
        return {"passed": self.passed, "persons": self.persons, "entries": self.entries, "cut": self.cut,
                "checks": [check.as_dict() for check in self.checks]}


Fact = tuple[str, str]
"""Person, fact."""


def compare(check: Check, expected: Mapping[Fact, str], actual: Mapping[Fact, str]) -> Check:
    """Compare (person, fact) -> digest of content. Differences name both sides."""
    check.compared = len(expected)
    for of, digest in expected.items():
        other = actual.get(of)
        if other is None:
            check.differs(f"{named(of)} is missing", of)
        elif other != digest:
            check.differs(f"{named(of)} differs: expected content {digest[:12]}, found {other[:12]}", of)
    for of in actual.keys() - expected.keys():
        check.differs(f"{named(of)} should not be there", of)
    return check


def named(fact: Fact) -> str:
    return f"fact {fact[1]} of person {fact[0]}"

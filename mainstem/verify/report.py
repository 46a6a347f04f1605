"""What verify found: per check how much was compared and what differs."""

from __future__ import annotations

from dataclasses import dataclass, field

SHOWN = 20
"""Differences named per check; the rest are counted."""


@dataclass(slots=True)
class Check:
    """One comparison. `differences` are texts of ids, offsets and digests: never patient content."""

    name: str
    compared: int = 0
    differences: dict[str, None] = field(default_factory=dict)

    def differs(self, text: str) -> None:
        self.differences[text] = None

    @property
    def passed(self) -> bool:
        return not self.differences

    def lasting(self, before: Check) -> Check:
        """What also differed in an earlier look. Under load a look may see one side a moment later than the other."""
        return Check(self.name, self.compared, {text: None for text in self.differences if text in before.differences})


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
        return {
            "passed": self.passed, "persons": self.persons, "entries": self.entries, "cut": self.cut,
            "checks": [{"name": c.name, "passed": c.passed, "compared": c.compared, "differences": len(c.differences),
                        "shown": list(c.differences)[:SHOWN]}
                       for c in self.checks],
        }


def compare(check: Check, expected: dict[tuple[str, str], str], actual: dict[tuple[str, str], str]) -> Check:
    """Compare (person, fact) -> digest of content. Differences name both sides."""
    check.compared = len(expected)
    for key, digest in expected.items():
        other = actual.get(key)
        if other is None:
            check.differs(f"fact {key[1]} of person {key[0]} is missing")
        elif other != digest:
            check.differs(f"fact {key[1]} of person {key[0]} differs: expected content {digest[:12]}, found {other[:12]}")
    for key in actual.keys() - expected.keys():
        check.differs(f"fact {key[1]} of person {key[0]} should not be there")
    return check

"""What the topics hold after a world went through the stages in memory, looked at as `verify` does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mainstem.verify import published
from mainstem.verify.report import Check
from schemas import topics
from tests.processors.pipeline import Pipeline


@dataclass
class Views:
    """Each list may be harmed."""

    pipeline: Pipeline
    entries: list[Any] = field(init=False)
    heads: list[Any] = field(init=False)
    changes: list[Any] = field(init=False)

    def __post_init__(self) -> None:
        self.entries = self.pipeline.published(topics.ENTRIES)
        self.heads = self.pipeline.published(topics.SUMMARIES)
        self.changes = self.pipeline.published(topics.CHANGES)

    def checks(self) -> list[Check]:
        records = self.pipeline.folded()
        latest, of_entries = published.entries(self.entries, published.origins(self.pipeline.known()))
        heads = published.heads(self.heads)
        return [*published.check_entries(records.values(), latest), *of_entries, published.check_heads(records, heads),
                published.check_changes(self.changes, latest, heads)]

    def failed(self) -> Mapping[str, list[str]]:
        return failed(self.checks())


def failed(checks: Iterable[Check]) -> Mapping[str, list[str]]:
    """Check that failed -> what it shows."""
    return {check.name: check.shown for check in checks if not check.passed}

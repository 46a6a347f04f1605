"""What `mainstem ingest` says of what it read: outcomes by type and reason, and what to do about what was quarantined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import typer
from rich.console import Console

from mainstem.cli.options import Output, not_production
from mainstem.cli.printed import Table, as_json, plain, terminal
from producers.processing import REASON

if TYPE_CHECKING:
    from mainstem.operations import Result
    from producers.contract import RawMessage

SHOWN = 20
"""Quarantined items named in the table; JSON names all."""


class Found(Protocol):
    """An item of a message, of whichever format."""

    @property
    def item(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def result(self) -> Result: ...
    @property
    def reason(self) -> str: ...
    @property
    def detail(self) -> str: ...


class Summary:
    """What became of the items of the files so far. `unit`: what the broker has one message for each."""

    def __init__(self, unit: str = "files") -> None:
        self.unit = unit
        self.files = self.messages = 0
        self.outcomes: Counter[tuple[str, str, str]] = Counter()
        self.sources: Counter[str] = Counter()
        self.quarantined: list[dict[str, str]] = []

    def add(self, path: Path, message: RawMessage, items: Sequence[Found], source: str | None) -> None:
        """Of one message. `source`: None where nothing in it has one."""
        self.messages += 1
        if source is not None:
            self.sources[source] += 1
        for each in items:
            self.outcomes[each.type, str(each.result), str(each.reason)] += 1
            if each.detail:
                self.quarantined.append({"file": str(path), "raw": message.topic, "item": each.item, "reason": str(each.reason),
                                         "what to do": each.detail})

    def as_json(self, dry_run: bool) -> dict[str, Any]:
        return {
            "dry_run": dry_run, "files": self.files, "published": 0 if dry_run else self.messages,
            "sources": dict(sorted(self.sources.items())),
            "outcomes": [{"type": kind, "result": result, "reason": reason, "count": count}
                         for (kind, result, reason), count in sorted(self.outcomes.items())],
            "quarantined": self.quarantined,
        }

    def show(self, console: Console, dry_run: bool) -> None:
        from producers.fhir.reader import UNNAMED

        table = Table("resource" if self.unit == "files" else "message", "outcome", "reason", "count")
        for (kind, result, reason), count in sorted(self.outcomes.items()):
            table.add_row(kind, result, reason, str(count))
        console.print(table)
        for each in self.quarantined[:SHOWN]:
            place = f"{each['file']} {each['item']}".rstrip()
            console.print(plain(f"{place}: {each['what to do']}"))
        if len(self.quarantined) > SHOWN:
            console.print(f"and {len(self.quarantined) - SHOWN} more: see --output json")
        if self.sources[UNNAMED]:
            console.print(f"files that do not say whose system they come from: {self.sources[UNNAMED]}; they count as {UNNAMED}. "
                          "Where they have one origin, say it with --source ODS/system.")
        shown = ", ".join(f"{source} ({count})" for source, count in sorted(self.sources.items()))
        console.print(f"{self.unit} {'read, nothing published' if dry_run else 'published'}: {self.messages}; sources: {shown or 'none'}")

    def tell(self, output: Output, dry_run: bool) -> None:
        if output is Output.JSON:
            as_json(self.as_json(dry_run))
        else:
            self.show(terminal(), dry_run)
        if ignored := sum(count for (_, _, reason), count in self.outcomes.items() if reason == REASON):
            typer.echo(not_production(ignored, "resources" if self.unit == "files" else self.unit), err=True)

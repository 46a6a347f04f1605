"""`mainstem ingest`: files into the stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from mainstem.settings import Settings

if TYPE_CHECKING:
    from producers.contract import RawMessage
    from producers.fhir.publish import Publisher
    from producers.fhir.reader import Read

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
SHOWN = 20
"""Quarantined resources named in the table; JSON names all."""


@app.callback()
def _ingest() -> None:
    """Publish files to the stream."""


@app.command()
def fhir(
    paths: Annotated[list[Path], typer.Argument(help="Files or folders: JSON, XML or ndjson, gzipped or not.")],
    source: Annotated[str | None, typer.Option(help="Whose system they come from: ODS code and system, RXA/epr. "
                                                    "Without it each file must tell.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and report; publish nothing, need no servers.")] = False,
    home: Annotated[Path | None, typer.Option(help="Where the run keeps its data.")] = None,
    kafka: Annotated[str | None, typer.Option(help="Bootstrap servers, host:port; without it the local stack's.")] = None,
    output: Annotated[str, typer.Option(help="table or json")] = "table",
) -> None:
    """Publish FHIR files (UK Core R4, GP Connect STU3), each as one message of its source's raw topic.

    Every resource in them has one outcome: assertions, quarantined, or ignored for a reason that docs/fhir.md gives.

    Examples:

        mainstem ingest fhir exports/ --dry-run

        mainstem ingest fhir bundle.json.gz --source A82038/gpconnect
    """
    from deploy.stack import StackError
    from producers.fhir.errors import PathError, SourceNameError, TooLargeError
    from producers.fhir.files import listed
    from producers.fhir.publish import checked_source
    from schemas.errors import KafkaUnavailableError

    try:
        given, files = checked_source(source), listed(paths)
        found = Summary()
        with Progress(console=Console(stderr=True), transient=True) as progress:
            publisher = None if dry_run else _publisher(kafka, home)
            for file, message, items in _ingested(progress.track(files, description="ingesting"), given, publisher):
                found.add(file, message, items)
    except (PathError, SourceNameError, TooLargeError, KafkaUnavailableError, StackError) as fault:
        typer.echo(f"{fault}", err=True)
        raise typer.Exit(2) from None
    if output == "json":
        typer.echo(orjson.dumps(found.as_json(dry_run), option=orjson.OPT_INDENT_2).decode())
    else:
        found.show(Console(), dry_run)


def _ingested(files: Iterable[Path], source: str | None, publisher: Publisher | None) -> Iterator[tuple[Path, RawMessage, list[Read]]]:
    """Each file read, and published if there is a publisher. The broker has all of them when this ends."""
    from mainstem.model import RawRef
    from producers.fhir.files import read_file
    from producers.fhir.format import items
    from producers.fhir.publish import source_of
    from producers.fhir.reader import Origin

    for path in files:
        message = read_file(path, source)
        found = items(message.value or b"", Origin(RawRef(message.topic, 0, 0), source))
        if publisher:
            publisher.publish(message, source or source_of(found))
        yield path, message, found
    if publisher:
        publisher.close()


def _publisher(kafka: str | None, home: Path | None) -> Publisher:
    from deploy.stack import endpoints
    from producers.fhir.publish import Publisher

    return Publisher(kafka or endpoints(home or Settings().home).kafka)


class Summary:
    """What became of the resources of the files so far."""

    def __init__(self) -> None:
        self.files = 0
        self.outcomes: Counter[tuple[str, str, str]] = Counter()
        self.sources: Counter[str] = Counter()
        self.quarantined: list[dict[str, str]] = []

    def add(self, path: Path, message: RawMessage, items: list[Read]) -> None:
        from producers.fhir.publish import source_of

        self.files += 1
        if any(each.source for each in items):
            self.sources[source_of(items)] += 1
        for each in items:
            self.outcomes[each.type, str(each.result), str(each.reason)] += 1
            if each.detail:
                self.quarantined.append({"file": str(path), "raw": message.topic, "item": each.item, "reason": str(each.reason),
                                         "what to do": each.detail})

    def as_json(self, dry_run: bool) -> dict[str, Any]:
        return {
            "files": self.files, "published": 0 if dry_run else self.files, "sources": dict(sorted(self.sources.items())),
            "outcomes": [{"type": kind, "result": result, "reason": reason, "count": count}
                         for (kind, result, reason), count in sorted(self.outcomes.items())],
            "quarantined": self.quarantined,
        }

    def show(self, console: Console, dry_run: bool) -> None:
        from producers.fhir.reader import UNNAMED

        table = Table("resource", "outcome", "reason", "count")
        for (kind, result, reason), count in sorted(self.outcomes.items()):
            table.add_row(kind, result, reason, str(count))
        console.print(table)
        for each in self.quarantined[:SHOWN]:
            console.print(f"{each['file']} {each['item']}: {each['what to do']}", markup=False, highlight=False)
        if len(self.quarantined) > SHOWN:
            console.print(f"and {len(self.quarantined) - SHOWN} more: see --output json")
        if self.sources[UNNAMED]:
            console.print(f"files that do not say whose system they come from: {self.sources[UNNAMED]}; they count as {UNNAMED}. "
                          "Where they have one origin, say it with --source ODS/system.")
        shown = ", ".join(f"{source} ({count})" for source, count in sorted(self.sources.items()))
        console.print(f"files {'read, nothing published' if dry_run else 'published'}: {self.files}; sources: {shown or 'none'}")

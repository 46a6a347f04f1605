"""`mainstem ingest`: files into the stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from mainstem.cli.ingest_summary import Found, Summary
from mainstem.cli.options import Exported, Format, Home, OfFeed, Output, moment, when_exported
from mainstem.settings import Settings
from producers.processing import Processing

if TYPE_CHECKING:
    from producers.contract import RawMessage
    from producers.fhir.publish import Publisher
    from producers.items import Read

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read and report; publish nothing, need no servers.")]
Servers = Annotated[str | None, typer.Option("--kafka", help="Bootstrap servers, host:port; without it the local stack's.")]


@app.callback()
def _ingest() -> None:
    """Publish files to the stream."""


@app.command()
def fhir(
    paths: Annotated[list[Path], typer.Argument(help="Files or folders: JSON, XML or ndjson, gzipped or not.")],
    source: Annotated[str | None, typer.Option(help="Whose system they come from: ODS code and system, RXA/epr. "
                                                    "Without it each file must tell.")] = None,
    exported: Exported = None,
    processing: OfFeed = Processing.PRODUCTION,
    dry_run: DryRun = False,
    home: Home = None,
    kafka: Servers = None,
    output: Format = Output.TABLE,
) -> None:
    """Publish FHIR files (UK Core R4, GP Connect STU3), each as one message of its source's raw topic.

    Every resource in them has one outcome: assertions, quarantined, or ignored for a reason that docs/fhir.md gives.

    Examples:

        mainstem ingest fhir exports/ --dry-run

        mainstem ingest fhir bundle.json.gz --source A82038/gpconnect

        mainstem ingest fhir examples/ --source RXA/epr --exported 2026-11-25T09:30:00Z --processing training
    """
    from deploy.stack import StackError
    from producers.fhir.errors import PathError, SourceNameError, TooLargeError
    from producers.fhir.files import listed
    from producers.fhir.publish import checked_source, source_of
    from schemas.errors import KafkaUnavailableError

    try:
        given, files, at = checked_source(source), listed(paths), when_exported(exported)
        _tell_of_database(given)
        found = Summary()
        with _publisher(dry_run, kafka, home) as publisher, Progress(console=Console(stderr=True), transient=True) as progress:
            for file, message, items in _ingested(progress.track(files, description="ingesting"), given, at, processing, publisher):
                found.files += 1
                found.add(file, message, items, source_of(items) if any(each.source for each in items) else None)
    except (PathError, SourceNameError, TooLargeError, KafkaUnavailableError, StackError) as fault:
        typer.echo(f"{fault}", err=True)
        raise typer.Exit(2) from None
    found.tell(output, dry_run)


@app.command()
def hl7(
    paths: Annotated[list[Path], typer.Argument(help="Files or folders, gzipped or not; a file may hold many messages.")],
    source: Annotated[str, typer.Option(help="Whose system they come from: ODS code and system, RXA/pas.")],
    authority: Annotated[list[str] | None, typer.Option(help="Assigning authority (CX-4) of the source's own patient numbers; may be "
                                                             "given several times. Without it all but NHS numbers and those of visits, "
                                                             "accounts and papers are its own.")] = None,
    processing: OfFeed = Processing.PRODUCTION,
    dry_run: DryRun = False,
    home: Home = None,
    kafka: Servers = None,
    output: Format = Output.TABLE,
) -> None:
    """Publish HL7 v2 files, each message as one message of its source's raw topic.

    ADT messages (A01 A04 A05 A08 A24 A28 A31 A34 A37 A40 A47) say who someone is; nothing else of HL7 v2 is read yet.
    Every message has one outcome: claims, quarantined, or ignored for a reason that docs/hl7.md gives.

    Examples:

        mainstem ingest hl7 adt/ --source RXA/pas --dry-run

        mainstem ingest hl7 merges.hl7.gz --source RXA/pas --authority RXA

        mainstem ingest hl7 corpus/ --source RXA/pas --processing training
    """
    from mainstem.model import RawRef
    from producers.fhir.errors import SourceNameError
    from producers.fhir.publish import checked_source
    from producers.hl7.files import AUTHORITIES, SUFFIXES, read_file
    from producers.hl7.format import items
    from producers.hl7.identity import Feed

    try:
        given = checked_source(source) or ""
    except SourceNameError as fault:
        typer.echo(f"{fault}", err=True)
        raise typer.Exit(2) from None
    if wrong := [each for each in authority or () if not AUTHORITIES.fullmatch(each)]:
        typer.echo(f"--authority {wrong[0]}: an assigning authority is the first part of CX-4, without separators of HL7", err=True)
        raise typer.Exit(2)
    _tell_of_database(given)
    feed = Feed(given, frozenset(authority or ()), processing=processing)
    _messages(paths, SUFFIXES, given, lambda path: read_file(path, given, feed.authorities, processing),
              lambda value: items(value, feed, RawRef("file", 0, 0)), dry_run, home, kafka, output)


@app.command()
def pds(
    paths: Annotated[list[Path], typer.Argument(help="Files or folders: JSON or ndjson, gzipped or not.")],
    dry_run: DryRun = False,
    home: Home = None,
    kafka: Servers = None,
    output: Format = Output.TABLE,
) -> None:
    """Publish what the Personal Demographics Service said: signals, and Bundles of what it answered when asked for a number.

    A number that another took the place of, or that is void, becomes a claim. docs/hl7.md gives the form and every reason.

    Examples:

        mainstem ingest pds answers/ --dry-run

        mainstem ingest pds answers.ndjson.gz
    """
    from mainstem.model import RawRef
    from producers.pds.format import SUFFIXES, items, read_file
    from producers.pds.identity import SOURCE

    _messages(paths, SUFFIXES, SOURCE, read_file, lambda value: items(value, RawRef("file", 0, 0)), dry_run, home, kafka, output)


@app.command()
def optout(
    asked: Annotated[Path, typer.Argument(help="The list of NHS numbers that was sent to be checked.", exists=True, dir_okay=False)],
    returned: Annotated[Path, typer.Argument(help="The answer to it: the numbers that came back.", exists=True, dir_okay=False)],
    checked: Annotated[str, typer.Option(help="When the answer was given, 2026-11-25T09:30:00Z: of several checks the latest counts.")],
    dry_run: DryRun = False,
    home: Home = None,
    kafka: Servers = None,
    output: Format = Output.TABLE,
) -> None:
    """Publish a check for national data opt-outs: who was asked about and is missing from the answer has opted out.

    It holds for uses beyond their care of everything that is known of them, now and later, until another check lifts it; never for their
    care. docs/optout.md gives the files and every reason.

    Examples:

        mainstem ingest optout asked.dat answer.dat --checked 2026-11-25T09:30:00Z --dry-run
    """
    from mainstem.model import RawRef
    from producers.optout.files import SUFFIXES, read_files
    from producers.optout.format import SOURCE, items

    at = moment(checked, "--checked")
    _messages([asked], SUFFIXES, SOURCE, lambda path: read_files(path, returned, at), lambda value: items(value, RawRef("file", 0, 0)),
              dry_run, home, kafka, output)


def _tell_of_database(source: str | None) -> None:
    """Log positions compare with no time (docs/hl7.md), which nobody would guess who sees the older word shown."""
    from producers.mapping.errors import MappingError
    from producers.mapping.load import load_all

    with suppress(MappingError):  # of a mapping with mistakes capture tells
        if source not in load_all():
            return
        typer.echo(f"{source} is read from its database too: merges and links of files add to what it says, but where both give a "
                   "patient's NHS number or demographics the files' word stands, however old. Name the files a source of their own where "
                   "that is not what you want", err=True)


def _messages(paths: list[Path], suffixes: tuple[str, ...], source: str, read_file: Callable[[Path], Iterable[RawMessage]],
              read: Callable[[bytes], Sequence[Read]], dry_run: bool, home: Path | None, kafka: str | None, output: Output) -> None:
    """Every message of every file read, told of, and published unless it is a dry run."""
    from deploy.stack import StackError
    from producers.plain import FileError, listed
    from schemas.errors import KafkaUnavailableError

    found = Summary("messages")
    try:
        files = listed(paths, suffixes)
        with _publisher(dry_run, kafka, home) as publisher, Progress(console=Console(stderr=True), transient=True) as progress:
            counted = progress.add_task("messages", total=None)
            for path in progress.track(files, description="files"):
                found.files += 1
                for message in read_file(path):
                    if publisher:
                        _sent(publisher, message, source, path)
                    progress.advance(counted)
                    items: Sequence[Found] = read(message.value or b"")
                    found.add(path, message, items, source)
    except (FileError, KafkaUnavailableError, StackError) as fault:
        typer.echo(f"{fault}", err=True)
        raise typer.Exit(2) from None
    found.tell(output, dry_run)


def _ingested(files: Iterable[Path], source: str | None, exported: str | None, processing: Processing,
              publisher: Publisher | None) -> Iterator[tuple[Path, RawMessage, list[Read]]]:
    """Each file read, and handed to the publisher if there is one."""
    from mainstem.model import RawRef
    from producers.fhir.files import read_file
    from producers.fhir.format import items
    from producers.fhir.publish import source_of
    from producers.fhir.reader import Origin

    for path in files:
        message = read_file(path, source, exported, processing)
        origin = Origin(RawRef(message.topic, 0, 0), source, exported=exported, processing=processing)
        found = items(message.value or b"", origin)
        if publisher:
            publisher.publish(message, source or source_of(found))
        yield path, message, found


def _sent(publisher: Publisher, message: RawMessage, source: str, path: Path) -> None:
    """Raises FileError for what is larger than the broker takes, KafkaUnavailableError."""
    from producers.fhir.errors import TooLargeError
    from producers.plain import FileError

    try:
        publisher.publish(message, source)
    except TooLargeError as fault:
        raise FileError(str(path), f"a message of {fault.size} bytes is more than the {fault.limit} that the broker takes",
                        "have the source send its document by reference, then ingest the file again") from None


@contextmanager
def _publisher(dry_run: bool, kafka: str | None, home: Path | None) -> Iterator[Publisher | None]:
    """None in a dry run. On every way out the broker has what it was handed, and an early one says how much that is."""
    from deploy.stack import endpoints
    from producers.fhir.publish import Publisher
    from schemas.errors import KafkaUnavailableError

    if dry_run:
        yield None
        return
    publisher = Publisher(kafka or endpoints(home or Settings().home).kafka)
    try:
        yield publisher
    except BaseException:
        with suppress(KafkaUnavailableError):  # what ended it is told, and the count tells the rest
            publisher.close()
        typer.echo(f"ended early: {publisher.published:,} of the {publisher.handed:,} messages read before this were published", err=True)
        raise
    publisher.close()

"""`mainstem fold`: each person's record worked out from files, without servers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mainstem.cli.options import Exported, Format, OfFeed, Output, not_production, when_exported
from producers.processing import Processing

if TYPE_CHECKING:
    from mainstem.cli.fold_input import Input
    from mainstem.model import Entry
    from processors.reconcile.folded import Record

app = typer.Typer(add_completion=False, help=__doc__)
SHOWN = 20
"""Faults named one by one on stderr; the JSON counts all."""


@app.command()
def fold(
    paths: Annotated[list[Path], typer.Argument(help="Files or folders: Avro containers or JSON lines of assertions and claims; "
                                                     "FHIR and GP Connect (JSON, XML, ndjson). Gzipped or not.")],
    output: Format = Output.TABLE,
    pretty: Annotated[bool, typer.Option("--pretty", help="Indent the JSON.")] = False,
    at: Annotated[str | None, typer.Option(help="As known at this time (ISO 8601). Files without log positions count as known when they "
                                                "say that they were made.")] = None,
    source: Annotated[str | None, typer.Option(help="Whose system FHIR files come from, RXA/epr. Without it each file must tell.")] = None,
    exported: Exported = None,
    processing: OfFeed = Processing.PRODUCTION,
    terminology: Annotated[str, typer.Option(help="A release loaded here (`mainstem terms list`), by name or name@digest.")] = "builtin",
    matching: Annotated[str | None, typer.Option(help="A matching model kept here, by name or name@digest. Default: the one that "
                                                      "ships with Mainstem.")] = None,
    home: Annotated[Path | None, typer.Option(help="Where the run keeps its data, loaded releases among it.")] = None,
) -> None:
    """Work out each person's record from files, with the same cores as the stream.

    The order of PATHs makes no difference: the same files give the same bytes. What cannot be read is named on stderr and counted,
    the rest is folded and printed, and the exit code is then 1. Files do not tell which releases were in force: to get what a stream
    gives, name those that are in force there (`mainstem identity releases`).

    Examples:

        mainstem fold exports/ --output json --pretty

        mainstem fold assertions.avro claims.avro --at 2024-05-01T12:00:00Z

        mainstem fold assertions.avro claims.avro --terminology uk-2026-11
    """
    from mainstem.cli import fold_input
    from mainstem.settings import Settings
    from mainstem.shelf import ReleaseError, shown
    from mainstem.terminology import Shelf
    from processors.identity.linker import assign
    from processors.identity.scoring.release import built_in
    from processors.identity.scoring.shelf import FOLDER, ModelShelf
    from processors.reconcile.fold import fold as fold_records
    from producers.fhir.errors import SourceNameError
    from producers.fhir.publish import checked_source

    try:
        checked_source(source)
    except SourceNameError as fault:
        raise typer.BadParameter(str(fault), param_hint="--source") from None
    moment = fold_input.time_of(at) if at else None
    if at and moment is None:
        raise typer.BadParameter("give a date or time as in 2024-05-01T12:00:00Z", param_hint="--at")
    try:
        terms = Shelf((home or Settings().home) / "terms").open(terminology)
    except ReleaseError as fault:
        raise typer.BadParameter(str(fault), param_hint="--terminology") from None
    try:
        model = ModelShelf((home or Settings().home) / FOLDER).open(matching) if matching else built_in()
    except ReleaseError as fault:
        raise typer.BadParameter(str(fault), param_hint="--matching") from None
    found = fold_input.read(paths, source, when_exported(exported), processing)
    key = Settings().person_key.get_secret_value().encode()
    claims = [claim for claim in found.claims if moment is None or fold_input.moment(claim) <= moment]
    known = [known for known in found.assertions if moment is None or known.known <= moment]
    records = list(fold_records(known, assign(claims, key, model), key, terms).values())
    if output is Output.JSON:
        _print_json(records, found, {"terminology": terms.release, "matching": shown(model)}, pretty=pretty)
    else:
        _print_tables(records)
    _report(found)
    if found.faults:
        raise typer.Exit(1)


def _print_json(records: Iterable[Record], found: Input, releases: dict[str, str], *, pretty: bool) -> None:
    import orjson

    counts = {"assertions": len(found.assertions), "claims": len(found.claims), "quarantined": len(found.faults), "ignored": found.ignored}
    body = {"persons": [_person(record) for record in records], "input": counts, **releases}
    typer.echo(orjson.dumps(body, option=orjson.OPT_SORT_KEYS | (orjson.OPT_INDENT_2 if pretty else 0)).decode())


def _person(record: Record) -> dict[str, Any]:
    import msgspec

    return {"person": record.person, "nhs_numbers": record.nhs_numbers, "digest": record.digest,
            "sources": msgspec.to_builtins(record.sources), "entries": [_entry(entry) for entry in record.entries]}


def _entry(entry: Entry) -> dict[str, Any]:
    """An entry with its JSON opened up; person and version are the record's."""
    import msgspec

    from mainstem import canonical

    shown = msgspec.to_builtins(entry, builtin_types=(bytes,))
    shown["content"] = canonical.decode(entry.content)
    for behind in shown["provenance"]:
        behind["lost"] = {name: canonical.decode(value) for name, value in behind["lost"].items()}
    return {name: value for name, value in shown.items() if name not in ("person", "version", "successor")}


def _print_tables(records: Iterable[Record]) -> None:

    from mainstem import canonical, kinds
    from mainstem.cli.printed import Table, plain, terminal

    console = terminal()
    shown = 0
    for record in records:
        shown += 1
        numbers = ", ".join(record.nhs_numbers) or "no verified NHS number"
        table = Table(title=f"Person {record.person} · {numbers}", caption=f"digest {record.digest}", title_justify="left",
                      caption_justify="left", title_style="bold")
        for column in ("heading", "entry", "said by", "recorded"):
            table.add_column(column)
        for entry in record.entries:
            kind = kinds.BY_NAME.get(entry.kind)
            title = kind.title(canonical.decode(entry.content)) if kind else entry.kind
            recorded = max((behind.recorded or "" for behind in entry.provenance), default="")
            heading = kind.heading if kind else entry.kind
            cells = (heading, title + (" (conflict)" if entry.conflict else ""), ", ".join(entry.sources), recorded)
            table.add_row(*map(plain, cells))
        console.print(table)
    if not shown:
        console.print("No person: the files hold no assertion.")


def _report(found: Input) -> None:
    from mainstem.cli.printed import safe

    if found.not_production:
        typer.echo(not_production(found.not_production, "resources"), err=True)
    for fault in found.faults[:SHOWN]:
        typer.echo(safe(f"not taken in: {fault}"), err=True)
    if len(found.faults) > SHOWN:
        typer.echo(f"... and {len(found.faults) - SHOWN} more", err=True)
    if found.faults:
        typer.echo(f"{len(found.faults)} items were not taken in; the records above lack what they would have said", err=True)

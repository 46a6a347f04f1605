"""`mainstem search`: people and entries from the search store."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from mainstem.settings import Settings

if TYPE_CHECKING:
    from sinks.search import EntryHit, PersonHit

app = typer.Typer(add_completion=False)


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="Words, an NHS number, or a date of birth")],
    people: Annotated[bool, typer.Option("--people", help="People instead of entries, each with the reason of the match.")] = False,
    kind: Annotated[str | None, typer.Option(help="Only entries of this kind, `allergy`.")] = None,
    organisation: Annotated[str | None, typer.Option(help="Only entries this organisation speaks of, by ODS code.")] = None,
    person: Annotated[str | None, typer.Option(help="Only entries of this person.")] = None,
    limit: Annotated[int, typer.Option(help="Most to show.", min=1, max=1000)] = 20,
    home: Annotated[Path | None, typer.Option(help="Where the run keeps its data.")] = None,
    output: Annotated[str, typer.Option(help="table or json")] = "table",
) -> None:
    """Search what is currently known. A word is found by its beginning; names are also found when misspelt by a letter.

    Examples:

        mainstem search penicillin

        mainstem search "smith 1980-03-02" --people

        mainstem search "999 000 0018" --people --output json
    """
    from sinks.errors import NotBuiltError
    from sinks.search import SearchReader

    if output not in {"table", "json"}:
        raise typer.BadParameter("is table or json", param_hint="--output")
    try:
        reader = SearchReader.at(home or Settings().home)
    except NotBuiltError as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(1) from None
    found: list[PersonHit] | list[EntryHit] = (
        reader.people(text, limit) if people else reader.entries(text, person=person, kind=kind, organisation=organisation, limit=limit))
    if output == "json":
        typer.echo(orjson.dumps([dataclasses.asdict(hit) for hit in found], option=orjson.OPT_INDENT_2).decode())
    elif not found:
        typer.echo("nothing found; try fewer or shorter words" + ("" if people else ", or --people for names and numbers"), err=True)
    else:
        Console().print(_table(found))


def _table(found: list[PersonHit] | list[EntryHit]) -> Table:
    from sinks.search import PersonHit

    if isinstance(found[0], PersonHit):
        table = Table("person", "name", "born", "NHS number", "why")
        for hit in found:
            assert isinstance(hit, PersonHit)
            table.add_row(hit.person[:8], hit.name, hit.birth_date, ", ".join(hit.numbers), "\n".join(hit.reasons))
        return table
    table = Table("person", "kind", "what", "when", "status", "said by")
    for entry in found:
        assert not isinstance(entry, PersonHit)
        table.add_row(entry.person[:8], entry.kind, entry.title, entry.date, entry.status, ", ".join(entry.organisations))
    return table

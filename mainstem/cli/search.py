"""`mainstem search`: people and entries from the search store; everyone shown is written to the audit first."""

from __future__ import annotations

import dataclasses
import getpass
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mainstem.settings import Settings

if TYPE_CHECKING:
    from mainstem.web.sources import Audit, Records
    from sinks.search import EntryHit, PersonHit

    Hit = PersonHit | EntryHit

app = typer.Typer(add_completion=False)

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Sources' text may hold escape sequences; a terminal must not obey them."""


class Output(StrEnum):
    TABLE = "table"
    JSON = "json"


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="Words, an NHS number, or a date of birth")],
    people: Annotated[bool, typer.Option("--people", help="People instead of entries, each with the reason of the match.")] = False,
    kind: Annotated[str | None, typer.Option(help="Only entries of this kind, `allergy`.")] = None,
    organisation: Annotated[str | None, typer.Option(help="Only entries this organisation speaks of, by ODS code.")] = None,
    person: Annotated[str | None, typer.Option(help="Only entries of this person.")] = None,
    limit: Annotated[int, typer.Option(help="Most to show.", min=1, max=1000)] = 20,
    home: Annotated[Path | None, typer.Option(help="Where the run keeps its data.")] = None,
    output: Annotated[Output, typer.Option(help="table, or json for programs.")] = Output.TABLE,
    actor: Annotated[str | None, typer.Option(help="Who is looking, for the audit. Default: the user of this machine.")] = None,
) -> None:
    """Search what is currently known. A word is found by its beginning; names are also found when misspelt by a letter.

    That a person was among the results is written to the audit first; where that fails, nothing is shown. Examples:

        mainstem search penicillin

        mainstem search "smith 1980-03-02" --people

        mainstem search "999 000 0018" --people --output json
    """
    from deploy.stack import StackError, endpoints
    from mainstem.web.audit import KafkaAudit
    from mainstem.web.errors import AuditUnavailableError, StoreUnavailableError
    from mainstem.web.settings import WebSettings
    from mainstem.web.stores import CachedRecords
    from schemas.codec import Codec
    from sinks.errors import NotBuiltError
    from sinks.search import SearchReader

    home = home or Settings().home
    try:
        reader = SearchReader.at(home)
        servers = endpoints(home)
        records, audit = CachedRecords(servers.redis), KafkaAudit(servers.kafka, Codec(servers.registry), WebSettings().purpose)
        found: Sequence[Hit] = (
            reader.people(text, limit) if people
            else reader.entries(text, person=person, kind=kind, organisation=organisation, limit=limit))
        shown = audited(found, records, audit, actor or getpass.getuser())
    except (NotBuiltError, StackError, AuditUnavailableError, StoreUnavailableError) as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(1) from None
    if len(shown) < len(found):
        typer.echo(f"{len(found) - len(shown)} found are not shown: their record is not in the live cache yet; search again", err=True)
    if output is Output.JSON:
        typer.echo(orjson.dumps([dataclasses.asdict(hit) for hit in shown], option=orjson.OPT_INDENT_2).decode())
    elif not found:
        typer.echo("nothing found; try fewer or shorter words" + ("" if people else ", or --people for names and numbers"), err=True)
    elif shown:
        Console().print(_table(shown))


def audited(found: Sequence[Hit], records: Records, audit: Audit, actor: str) -> list[Hit]:
    """Those of the found whose record can be named in the audit, once it is. Raises AuditUnavailableError, StoreUnavailableError."""
    of_persons = {person: records.by_person(person) for person in dict.fromkeys(hit.person for hit in found)}
    known = [record for record in of_persons.values() if record is not None]
    if known:
        audit.viewed(actor, "listed", known)
    return [hit for hit in found if of_persons[hit.person] is not None]


def _table(shown: Sequence[Hit]) -> Table:
    from sinks.search import EntryHit, PersonHit

    persons = [hit for hit in shown if isinstance(hit, PersonHit)]
    if persons:
        return _filled(("person", "name", "born", "NHS number", "why"), (
            (hit.person[:8], hit.name, hit.birth_date, ", ".join(hit.numbers), "\n".join(hit.reasons)) for hit in persons))
    return _filled(("person", "kind", "what", "when", "status", "said by"), (
        (hit.person[:8], hit.kind, hit.title, hit.date, hit.status, ", ".join(hit.organisations))
        for hit in shown if isinstance(hit, EntryHit)))


def _filled(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Table:
    table = Table(*columns)
    for row in rows:
        table.add_row(*(Text(_CONTROL.sub("�", cell)) for cell in row))
    return table

"""`mainstem search`: people and entries from the search store; everyone shown is written to the audit first."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mainstem.cli.options import Actor, Format, Home, Output, kind_named, named
from mainstem.cli.printed import Table, as_json, filled, terminal
from mainstem.operations import View
from mainstem.settings import Settings

if TYPE_CHECKING:
    from mainstem.web.sources import Audit, Records
    from sinks.search import EntryHit, PersonHit

    Hit = PersonHit | EntryHit

app = typer.Typer(add_completion=False)

@app.command()
def search(
    text: Annotated[str, typer.Argument(help="Words, an NHS number, or a date of birth")],
    people: Annotated[bool, typer.Option("--people", help="People instead of entries, each with the reason of the match.")] = False,
    kind: Annotated[str | None, typer.Option(help="Only entries of this kind, `allergy`.", parser=kind_named, metavar="KIND")] = None,
    organisation: Annotated[str | None, typer.Option(help="Only entries this organisation speaks of, by ODS code.")] = None,
    person: Annotated[str | None, typer.Option(help="Only entries of this person.")] = None,
    limit: Annotated[int, typer.Option(help="Most to show.", min=1, max=1000)] = 20,
    home: Home = None,
    output: Format = Output.TABLE,
    actor: Actor = None,
) -> None:
    """Search what is currently known. A word is found by its beginning; names are also found when misspelt by a letter.

    The store is the one in the home, or the OpenSearch cluster that MAINSTEM_SEARCH_URL names.
    That a person was among the results is written to the audit first; where that fails, nothing is shown. Examples:

        mainstem search penicillin

        mainstem search "smith 1980-03-02" --people

        mainstem search "999 000 0018" --people --output json
    """
    from deploy.stack import StackError, endpoints
    from mainstem.web import audit
    from mainstem.web.errors import AuditUnavailableError, StoreUnavailableError
    from mainstem.web.settings import WebSettings
    from mainstem.web.stores import CachedRecords
    from schemas.codec import Codec
    from sinks.errors import NotBuiltError
    from sinks.errors import StoreUnavailableError as SinkUnavailableError
    from sinks.search import SearchReader

    home = home or Settings().home
    try:
        reader = SearchReader.at(home)
        servers = endpoints(home)
        records, views = CachedRecords(servers.redis), audit.opened(servers.kafka, Codec(servers.registry), WebSettings())
        found: Sequence[Hit] = (
            reader.people(text, limit) if people
            else reader.entries(text, person=person, kind=kind, organisation=organisation, limit=limit))
        shown = audited(text, found, records, views, named(actor))
    except (NotBuiltError, SinkUnavailableError, StackError, AuditUnavailableError, StoreUnavailableError) as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(1) from None
    if len(shown) < len(found):
        typer.echo(f"{len(found) - len(shown)} found are not shown: their record is not in the live cache yet; search again", err=True)
    if output is Output.JSON:
        as_json([dataclasses.asdict(hit) for hit in shown])
    elif not found:
        typer.echo("nothing found; try fewer or shorter words" + ("" if people else ", or --people for names and numbers"), err=True)
    elif shown:
        terminal().print(_table(shown))


def audited(text: str, found: Sequence[Hit], records: Records, audit: Audit, actor: str) -> list[Hit]:
    """Those found by a text whose record can be named in the audit, once it is, or once that none was shown is.
    Raises AuditUnavailableError, StoreUnavailableError."""
    of_persons = {person: records.by_person(person) for person in dict.fromkeys(hit.person for hit in found)}
    known = [record for record in of_persons.values() if record is not None]
    if known:
        audit.viewed(actor, View.LISTED, known)
    else:
        audit.nobody(actor, text)
    return [hit for hit in found if of_persons[hit.person] is not None]


def _table(shown: Sequence[Hit]) -> Table:
    from sinks.search import EntryHit, PersonHit

    persons = [hit for hit in shown if isinstance(hit, PersonHit)]
    if persons:
        return filled("", ("person", "name", "born", "NHS number", "why"), (
            (hit.person[:8], hit.name, hit.birth_date, ", ".join(hit.numbers), "\n".join(hit.reasons)) for hit in persons))
    return filled("", ("person", "kind", "what", "when", "status", "said by"), (
        (hit.person[:8], hit.kind, hit.title, hit.date, hit.status, ", ".join(hit.organisations))
        for hit in shown if isinstance(hit, EntryHit)))

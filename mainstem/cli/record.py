"""`mainstem record`: one person's record by NHS number, as the web page shows it; the view is audited before anything is printed."""

from __future__ import annotations

import getpass
import re
import time
from collections.abc import Iterator
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
    from mainstem.web.page import Page
    from mainstem.web.shown import Shown

app = typer.Typer(add_completion=False)

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Sources' text may hold escape sequences; a terminal must not obey them."""
_WAIT_S = 10.0


class Output(StrEnum):
    TABLE = "table"
    JSON = "json"


@app.command()
def record(
    nhs_number: Annotated[str, typer.Argument(help="Ten digits; spaces and dashes may stand between them.")],
    output: Annotated[Output, typer.Option(help="table, or json for programs.")] = Output.TABLE,
    explain: Annotated[
        bool, typer.Option("--explain", help="Also show every assertion behind every entry, down to the raw message.")
    ] = False,
    home: Annotated[Path | None, typer.Option(help="Where the run keeps its data.")] = None,
    actor: Annotated[str | None, typer.Option(help="Who is looking, for the audit. Default: the user of this machine.")] = None,
) -> None:
    """Show one person's record, by headings, with what each organisation said and what may be missing.

    The view is written to the audit first; where that fails, nothing is shown. Exit code 2 for what is no NHS number, 1 where no record is
    held or a server does not answer. Examples:

        mainstem record 9990000018

        mainstem record "999 000 0018" --output json

        mainstem record 9990000018 --explain
    """
    from mainstem.web import numbers
    from mainstem.web.errors import NotNHSNumberError

    try:
        number = numbers.parse(nhs_number)
    except NotNHSNumberError as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(2) from None
    page = _seen(number, home or Settings().home, actor or getpass.getuser())
    if output is Output.JSON:
        from mainstem.web.page import as_json

        typer.echo(orjson.dumps(orjson.loads(as_json(page)), option=orjson.OPT_INDENT_2).decode())
        return
    show(page, Console(), explain=explain)


def show(page: Page, console: Console, *, explain: bool) -> None:
    """The record as tables, one a heading."""
    banner = page.banner
    console.print(_text(banner.name, "bold"))
    for name, values in (("born", banner.births), ("gender", banner.genders), ("NHS number", banner.numbers), ("died", banner.died)):
        if values:
            console.print(_text(f"{name} {' or '.join(values)}"))
    for what in banner.differ:
        console.print(_text(f"Sources disagree about {what}: check who you have.", "bold yellow"))
    if page.gaps.reasons:
        console.print(_text("This record may be incomplete:", "bold yellow"))
    for reason in page.gaps.reasons:
        console.print(_text(f"- {reason}", "yellow"))
    console.print(
        _table("Sources", ("source", "patient", "last heard"), ((s.source, s.patient, f"{s.heard} ({s.ago})") for s in page.gaps.lines))
    )
    for section in page.sections:
        console.print(_text(f"\n{section.heading.title}", "bold"))
        for caution in section.cautions:
            console.print(_text(f"Caution: {caution.text}", "bold yellow"))
        if section.entries:
            console.print(_table("", ("what", "state", "when", "said by"), (_row(shown) for shown in section.entries)))
        if section.total > len(section.entries):
            console.print(_text(f"Showing {len(section.entries)} of {section.total}; --output json has them all.", "yellow"))
        for source in section.unspoken:
            console.print(_text(f"No information from {source}. This does not mean there is none."))
        for source in section.empty:
            console.print(_text(f"{source} holds nothing current under this heading. This does not mean there is none."))
        if explain:
            for shown in section.entries:
                for line in _explained(shown):
                    console.print(_text(line, "dim"))
    console.print(_text(f"\nKnown {page.known}, digest {page.record.digest}"))


def _seen(number: str, home: Path, actor: str) -> Page:
    """The record's page, once the view of it is in the audit."""
    from deploy.stack import StackError, endpoints
    from mainstem.web.errors import AuditUnavailableError, StoreUnavailableError
    from mainstem.web.live import live, settle
    from mainstem.web.page import page
    from mainstem.web.settings import WebSettings

    try:
        servers = endpoints(home)
        with live(servers.kafka, servers.registry, servers.redis, home, WebSettings()) as sources:
            found = sources.records.by_number(number)
            if not found:
                typer.echo(
                    "No record with this NHS number is held. This does not mean that the person has no records: an organisation may not "
                    "send to Mainstem, or may hold another number.",
                    err=True,
                )
                raise typer.Exit(1)
            sources.audit.viewed(actor, "record", found[:1])
            settle(sources, _WAIT_S)  # what is not known by then is said to be so
            return page(found[0], sources, time.time_ns() // 1_000_000)
    except (StackError, AuditUnavailableError, StoreUnavailableError) as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(1) from None


def _row(shown: Shown) -> tuple[str, ...]:
    return (shown.title, ", ".join(tag.text for tag in shown.tags), shown.when, ", ".join(shown.item.sources))


def _explained(shown: Shown) -> Iterator[str]:
    yield f"{shown.title}: fact {shown.item.fact}, version {shown.item.version}"
    for said in shown.said:
        raw = f"{said.raw.topic} partition {said.raw.partition} offset {said.raw.offset}{' item ' + said.raw.item if said.raw.item else ''}"
        decided = f", decided {', '.join(said.fields)}" if said.fields else ""
        yield f"  {said.source} patient {said.patient}, {said.record}{' part ' + said.part if said.part else ''}, from {raw}{decided}"
    for one in shown.differs:
        yield f"  {one.source} says {one.label} “{', '.join(one.lines)}”{f', rule {one.rule} decided otherwise' if one.rule else ''}"


def _table(title: str, columns: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Table:
    table = Table(*columns, title=title or None, title_justify="left")
    for row in rows:
        table.add_row(*(_text(cell) for cell in row))
    return table


def _text(text: str, style: str = "") -> Text:
    return Text(_CONTROL.sub("�", text), style)

"""`mainstem record`: one person's record by NHS number, now or as it was known at a moment; audited before anything is printed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from mainstem.cli.options import Actor, Format, Home, Output, named
from mainstem.cli.printed import as_json, terminal
from mainstem.settings import Settings

if TYPE_CHECKING:
    from mainstem.cli.record_past import Then
    from mainstem.history import Ended
    from mainstem.web.page import Page

app = typer.Typer(add_completion=False)
_WAIT_S = 10.0


@app.command()
def record(
    nhs_number: Annotated[str, typer.Argument(help="Ten digits; spaces and dashes may stand between them.")],
    as_known_at: Annotated[
        str | None,
        typer.Option("--as-known-at", metavar="MOMENT", help="As it was known then: a date (its end, in UTC), or a time with its zone."),
    ] = None,
    changes: Annotated[
        tuple[str, str] | None, typer.Option("--changes", metavar="FROM TO", help="What changed between two moments; TO may be now.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say why, field by field: who said so and when, which rule decided, what lost.")
    ] = False,
    withdrawn: Annotated[bool, typer.Option("--withdrawn", help="Also entries that are no more, and why.")] = False,
    output: Format = Output.TABLE,
    home: Home = None,
    actor: Actor = None,
) -> None:
    """Show one person's record, by headings, with what each organisation said and what may be missing.

    The view is written to the audit first; where that fails, nothing is shown. Exit code 2 for what is no NHS number or no moment, 1 where
    no record is held or a server does not answer. Examples:

        mainstem record 9990000018

        mainstem record "999 000 0018" --explain --withdrawn --output json

        mainstem record 9990000018 --as-known-at 2026-11-25T09:30:00Z

        mainstem record 9990000018 --changes 2026-11-24 now
    """
    from mainstem.cli import record_past, record_shown
    from mainstem.history import MomentError, parse
    from mainstem.web import numbers
    from mainstem.web.errors import NotNHSNumberError

    moments = [text for text in (as_known_at, *(changes or ())) if text is not None]
    if as_known_at is not None and changes:
        _refuse("give --as-known-at or --changes, not both", 2)
    if moments and withdrawn:
        _refuse("--withdrawn is of the record as it is now; what went between two moments is shown by --changes", 2)
    if changes and explain:
        _refuse("--explain is of the record at one moment: give --as-known-at with each of the two", 2)
    try:
        number = numbers.parse(nhs_number)
        now = time.time_ns() // 1_000_000
        at = [parse(text, now) for text in moments]
    except (NotNHSNumberError, MomentError) as fault:
        _refuse(str(fault), 2)
    home, actor, console = home or Settings().home, named(actor), terminal()
    if not moments:
        page, gone = _seen(number, home, actor, withdrawn=withdrawn)
        if output is Output.JSON:
            as_json(record_shown.data(page, gone, explain=explain, withdrawn=withdrawn))
        else:
            record_shown.show(page, console, explain=explain)
            if withdrawn:
                record_shown.show_withdrawn(gone, page, console)
        return
    then = _then(number, home, actor, at)
    if output is Output.JSON:
        as_json(record_past.changes_data(*then) if changes else record_past.data(then[0], explain=explain))
    elif changes:
        record_past.show_changes(then[0], then[1], console)
    else:
        record_past.show(then[0], console, explain=explain)


def _seen(number: str, home: Path, actor: str, *, withdrawn: bool) -> tuple[Page, list[Ended]]:
    """The record's page, once the view of it is in the audit."""
    from mainstem.cli.record_found import by_number, nothing_to_show
    from mainstem.cli.record_shown import as_seen
    from mainstem.operations import View
    from mainstem.web.history import reader, unavailable
    from mainstem.web.live import live, settle
    from mainstem.web.page import page
    from mainstem.web.settings import WebSettings
    from schemas.codec import Codec

    with _answered(home) as servers, live(servers.kafka, servers.registry, servers.redis, home, WebSettings(),
                                          servers.addresses.get("connect")) as sources:
        log = reader(servers.kafka, Codec(servers.registry), home, Settings().history_seconds, _progress)
        among = by_number(number, sources.records, log)
        if why := nothing_to_show(number, among, sources.audit, actor):
            _refuse(why, 1)
        found = among.records
        sources.audit.viewed(actor, View.RECORD, found[:1])
        settle(sources, _WAIT_S)  # what is not known by then is said to be so
        gone: list[Ended] = []
        if withdrawn:
            subjects = [f"{state.source}|{state.patient}" for state in found[0].sources]
            with unavailable(log.seconds):
                gone = log.ended(found[0].person, subjects)
            sources.audit.viewed(actor, View.WITHDRAWN, [as_seen(gone, found[0].person)])
        return page(found[0], sources, time.time_ns() // 1_000_000), gone


def _then(number: str, home: Path, actor: str, moments: list[int]) -> list[Then]:
    """The record at each moment, once the views are in the audit."""
    from mainstem.cli.record_past import Then
    from mainstem.history import NobodyThenError, iso
    from mainstem.operations import View
    from mainstem.web import audit
    from mainstem.web.history import reader, unavailable
    from mainstem.web.past import as_record
    from mainstem.web.settings import WebSettings
    from mainstem.web.stores import CachedRecords
    from mainstem.web.withheld import of_today
    from schemas.codec import Codec

    with _answered(home) as servers:
        codec = Codec(servers.registry)
        log = reader(servers.kafka, codec, home, Settings().history_seconds, _progress)
        views = audit.opened(servers.kafka, codec, WebSettings())
        try:
            with unavailable(log.seconds):
                pasts = log.by_number(number, *moments)
        except NobodyThenError as fault:
            views.nobody(actor, number)
            first = f" A source first gave it at {iso(fault.first)}." if fault.first is not None else ""
            taken = " None still gave it by then." if fault.first is not None and fault.first <= fault.at else ""
            _refuse(f"No record was known by this NHS number at {iso(fault.at)}.{first}{taken} This does not mean that the person had no "
                    "records.", 1)
        label = of_today(pasts, CachedRecords(servers.redis))
        found = [Then(past, as_record(past, label)) for past in pasts]
        view = View.AS_KNOWN if len(moments) == 1 else View.COMPARED
        views.viewed(actor, view, [one.record for one in found], moments)
        return found


@contextmanager
def _answered(home: Path) -> Iterator[Any]:
    """The addresses of the servers; says so where one does not answer."""
    from deploy.stack import StackError, endpoints
    from mainstem.web.errors import AuditUnavailableError, StoreUnavailableError

    try:
        yield endpoints(home)
    except (StackError, AuditUnavailableError, StoreUnavailableError) as fault:
        _refuse(str(fault), 1)


def _progress(text: str) -> None:
    typer.echo(text, err=True)


def _refuse(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code) from None
